/** Reads a peer's bytes from a Duplex with every wait and every length bounded. */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';

export interface ReaderLimits {
  /** Bytes that may lie unread; the peer is paused beyond them. Default 1 MiB. */
  readonly buffered?: number;
  /** Milliseconds for the whole conversation, however lively the peer is. Default 10,000. */
  readonly lifetime?: number;
}

/**
 * A pull reader over a Duplex. All waits end by the reader's lifetime, so that a peer that sends one byte at a time cannot
 * hold it. Throws FaultError `timeout`, `closed` (nothing came), `truncated` (part came), `over-budget`.
 */
export class StreamReader {
  readonly #stream: Duplex;
  readonly #limit: number;
  readonly #deadline: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #total = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Duplex, limits: ReaderLimits = {}) {
    this.#stream = stream;
    this.#limit = limits.buffered ?? 1_048_576;
    this.#deadline = Date.now() + (limits.lifetime ?? 10_000);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('end', () => this.#finish());
    stream.on('close', () => this.#finish());
    stream.on('error', (error: Error) => {
      this.#failure = error;
      this.#finish();
    });
  }

  /** Whether the peer has closed and nothing is left to read. */
  get finished(): boolean {
    return this.#size === 0 && this.#closed();
  }

  /** Bytes received so far, read or not. */
  get received(): number {
    return this.#total;
  }

  /** Milliseconds left of the conversation. */
  get left(): number {
    return Math.max(0, this.#deadline - Date.now());
  }

  /** Exactly `count` bytes. */
  async read(count: number, timeout = 5000): Promise<Buffer> {
    if (count > this.#limit) throw new FaultError('over-budget', `a message of ${count} bytes is over the limit`);
    await this.#until(() => this.#size >= count, timeout, `${count} bytes`);
    return this.#shift(count);
  }

  /** What is there already or comes first, at most `most` bytes; empty when the peer closed. */
  async some(timeout = 5000, most = 65_536): Promise<Buffer> {
    await this.#wait(() => this.#size > 0 || this.#ended, timeout);
    if (this.#size === 0 && !this.#ended) throw new FaultError('timeout', `nothing came within ${timeout} ms`);
    return this.#shift(Math.min(this.#size, most));
  }

  /** All that comes until the peer is quiet for `quiet` ms, closes, or `most` bytes came; never throws. */
  async burst(first: number, quiet: number, most = 65_536): Promise<Buffer> {
    await this.#wait(() => this.#size > 0 || this.#ended, first);
    let seen = 0;
    while (this.#size > seen && this.#size < most && !this.#ended && this.left > 0) {
      seen = this.#size;
      const before = this.#total;
      await this.#wait(() => this.#total > before || this.#ended, quiet);
    }
    return this.#shift(Math.min(this.#size, most));
  }

  /** One line without its line end (LF or CR LF); `most` bounds its bytes. */
  async line(timeout = 5000, most = 8192): Promise<string> {
    let scanned = 0;
    let at = -1;
    const found = (): boolean => {
      if (at >= 0) return true;
      const bytes = this.#joined();
      at = bytes.indexOf(10, scanned);
      scanned = bytes.length;
      return at >= 0 || scanned > most;
    };
    await this.#until(found, timeout, 'a line');
    if (at < 0 || at > most) throw new FaultError('over-budget', `a line is longer than ${most} bytes`);
    return this.#shift(at + 1)
      .toString('latin1')
      .replace(/\r?\n$/, '');
  }

  /** Puts bytes back in front. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.unshift(Buffer.from(bytes));
    this.#size += bytes.length;
  }

  async #until(ready: () => boolean, timeout: number, what: string): Promise<void> {
    if (ready()) return;
    await this.#wait(() => ready() || this.#ended, timeout);
    if (ready()) return;
    if (!this.#closed()) throw new FaultError('timeout', `${what} did not come in time (${this.#size} bytes did)`);
    if (this.#size > 0) throw new FaultError('truncated', `the peer closed amid ${what}`);
    const reason = this.#failure === undefined ? '' : ` (${codeOf(this.#failure)})`;
    throw new FaultError('closed', `the peer closed before ${what}${reason}`);
  }

  async #wait(ready: () => boolean, timeout: number): Promise<void> {
    const end = Math.min(Date.now() + timeout, this.#deadline);
    while (!ready()) {
      const left = end - Date.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        // Where this process was busy, bytes that came in time still wait in the kernel: they are read first.
        const timer = setTimeout(() => setImmediate(resolve), left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#total += chunk.length;
    if (this.#size > this.#limit) this.#stream.pause();
    this.#wake?.();
  }

  #closed(): boolean {
    return this.#ended;
  }

  #finish(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #shift(count: number): Buffer {
    const bytes = this.#joined();
    const head = bytes.subarray(0, count);
    const rest = bytes.subarray(count);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    if (this.#size <= this.#limit) this.#stream.resume();
    return head;
  }
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.name);

/** Text of a peer on one line: control characters become spaces, at most `most` characters. */
export function printable(bytes: Uint8Array | string, most = 256): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  let line = '';
  for (const character of text.slice(0, most * 4)) {
    const code = character.charCodeAt(0);
    line += code < 32 || (code >= 127 && code < 160) ? ' ' : character;
  }
  return line.replace(/ {2,}/g, ' ').trim().slice(0, most);
}
