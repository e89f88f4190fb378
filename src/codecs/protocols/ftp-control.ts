/** Speaks FTP's control channel: commands, and replies of one or more lines (RFC 959 §4.2). */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { printable, StreamReader } from './stream-reader.ts';

export interface FtpReply {
  readonly code: number;
  readonly text: string;
}
const MOST_LINES = 200;

export class FtpControl {
  #stream: Duplex;
  #reader: StreamReader;
  readonly #lifetime: number;
  constructor(stream: Duplex, options: { readonly lifetime?: number } = {}) {
    this.#lifetime = options.lifetime ?? 20_000;
    this.#stream = stream;
    this.#reader = new StreamReader(stream, { buffered: 65_536, lifetime: this.#lifetime });
  }

  /** The next whole reply. */
  async reply(timeout = 8000): Promise<FtpReply> {
    const first = await this.#reader.line(timeout, 4096);
    const parts = /^([1-5][0-9]{2})([ -]?)(.*)$/.exec(first);
    if (parts === null) throw new FaultError('malformed', `not an FTP reply: ${printable(first, 60)}`);
    const [, code = '', separator = ''] = parts;
    const texts = [parts[3] ?? ''];
    if (separator !== '-') return { code: Number(code), text: printable(texts[0] ?? '') };
    while (texts.length < MOST_LINES) {
      const line = await this.#reader.line(timeout, 4096);
      if (line.startsWith(`${code} `) || line === code) return { code: Number(code), text: printable(texts.join(' ')) };
      texts.push(line);
    }
    throw new FaultError('over-budget', `an FTP reply of more than ${MOST_LINES} lines`);
  }

  async command(line: string, timeout = 8000): Promise<FtpReply> {
    this.#stream.write(`${line.replace(/[\r\n]/g, '')}\r\n`);
    return this.reply(timeout);
  }

  /** Goes on over another stream: TLS over the first after AUTH. */
  resume(stream: Duplex): void {
    this.#stream = stream;
    this.#reader = new StreamReader(stream, { buffered: 65_536, lifetime: this.#lifetime });
  }
}

/** Whether a refusal says that encryption must come first. */
export const wantsTls = (reply: FtpReply): boolean =>
  reply.code >= 400 && /\b(tls|ssl|encryption|encrypted|secure)\b/i.test(reply.text);
