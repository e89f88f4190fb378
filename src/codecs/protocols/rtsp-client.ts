/** Speaks RTSP just enough for OPTIONS and DESCRIBE with a login (RFC 2326, RFC 7826). */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { basicAnswer, type Challenge, digestAnswer, digestKnown, parseChallenges } from './digest-authentication.ts';
import { printable, StreamReader } from './stream-reader.ts';

export interface RtspReply {
  readonly status: number;
  readonly reason: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  readonly challenges: readonly Challenge[];
}

export class RtspClient {
  readonly #stream: Duplex;
  readonly #reader: StreamReader;
  #sequence = 0;
  constructor(stream: Duplex, lifetime = 10_000) {
    this.#stream = stream;
    this.#reader = new StreamReader(stream, { buffered: 262_144, lifetime });
  }

  async ask(method: 'OPTIONS' | 'DESCRIBE', url: string, authorization?: string): Promise<RtspReply> {
    this.#sequence += 1;
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${this.#sequence}`, 'User-Agent: assay'];
    if (method === 'DESCRIBE') lines.push('Accept: application/sdp');
    if (authorization !== undefined) lines.push(`Authorization: ${authorization}`);
    this.#stream.write(`${lines.join('\r\n')}\r\n\r\n`);
    return this.#reply();
  }

  async #reply(): Promise<RtspReply> {
    const first = await this.#reader.line();
    const parts = /^RTSP\/[0-9.]+ ([0-9]{3}) ?(.*)$/.exec(first);
    if (parts === null) throw new FaultError('malformed', `not RTSP: ${printable(first, 60)}`);
    const headers: { [name: string]: string } = {};
    const challenges: Challenge[] = [];
    for (let count = 0; ; count += 1) {
      const line = await this.#reader.line();
      if (line === '') break;
      if (count > 100) throw new FaultError('over-budget', 'an RTSP reply of more than 100 headers');
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
      const value = line.slice(colon + 1).trim();
      if (name === 'www-authenticate') challenges.push(...parseChallenges(value));
      headers[name] = value;
    }
    const size = Number(headers['content-length'] ?? 0);
    const body = Number.isInteger(size) && size > 0 ? await this.#reader.read(Math.min(size, 65_536)) : Buffer.alloc(0);
    return {
      status: Number(parts[1]),
      reason: printable(parts[2] ?? ''),
      headers,
      body: body.toString('latin1'),
      challenges,
    };
  }
}

/** A DESCRIBE reply that hands out a session description. */
export const describes = (reply: RtspReply): boolean =>
  reply.status === 200 && /^v=0\r?$/m.test(reply.body.slice(0, 200)) && /^m=/m.test(reply.body);

/** The Authorization value for the strongest challenge that is known here. */
export function answerChallenge(
  challenges: readonly Challenge[],
  question: { readonly user: string; readonly password: string; readonly method: string; readonly uri: string },
): string | undefined {
  const digest = challenges.find((one) => one.scheme === 'digest' && digestKnown(one));
  if (digest !== undefined) return digestAnswer(digest, question);
  return challenges.some((one) => one.scheme === 'basic') ? basicAnswer(question.user, question.password) : undefined;
}
