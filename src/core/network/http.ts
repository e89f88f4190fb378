/** Tolerant HTTP/1.x over a stream: embedded servers break the grammar, and what they send is still told. RFC 9112. */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import type { HttpReply, HttpRequest } from '../model/network.ts';
import { hostInUrl } from '../model/target.ts';

const HEAD_LIMIT = 64 * 1024;
const BODY_LIMIT = 1024 * 1024;
const HEADER_COUNT = 200;

/** One request, one reply; `Connection: close`. Throws FaultError `timeout`, `closed`, `malformed`. */
export async function exchange(stream: Duplex, request: HttpRequest): Promise<HttpReply> {
  stream.write(requestBytes(request));
  const limit = request.limit ?? BODY_LIMIT;
  const collector = new Collector(limit + HEAD_LIMIT);
  const deadline = Date.now() + (request.timeout ?? 10_000);
  const wait = (): Promise<boolean> => collector.more(stream, deadline - Date.now(), request.signal);
  let head = await headOf(collector, wait);
  // What goes before the true answer, such as 100 Continue to a form (RFC 9110 §15.2).
  for (let interim = 0; head !== undefined && isInterim(head) && interim < MOST_INTERIM; interim += 1) {
    collector.drop(head.end);
    head = await headOf(collector, wait);
  }
  if (head === undefined) {
    while (await wait()) {
      // Not HTTP/1.x: what there is until the end, a limit or the deadline.
    }
    return withoutHead(collector, limit);
  }
  const shape = bodyShape(head, request.method ?? 'GET');
  while (!bodyDone(collector.bytes().subarray(head.end), shape, limit) && (await wait())) {
    // The body comes in pieces.
  }
  return reply(collector, head, shape, limit);
}

const MOST_INTERIM = 8;
const isInterim = ({ status }: Head): boolean => status >= 100 && status < 200 && status !== 101;

async function headOf(collector: Collector, wait: () => Promise<boolean>): Promise<Head | undefined> {
  while (!collector.hasHead() && (await wait())) {
    // The head comes in pieces.
  }
  return collector.hasHead() ? parseHead(collector.bytes()) : undefined;
}

function withoutHead(collector: Collector, limit: number): HttpReply {
  const all = collector.bytes();
  if (all.length === 0) {
    throw collector.timedOut
      ? new FaultError('timeout', 'no answer to an HTTP request')
      : new FaultError('closed', 'closed without an answer to an HTTP request');
  }
  if (!looksLikeHttp09(all)) throw new FaultError('malformed', 'the answer is not HTTP');
  const oddities = ['no status line (HTTP/0.9)'];
  return {
    status: 200,
    reason: '',
    headers: {},
    body: all.subarray(0, limit),
    truncated: all.length > limit,
    oddities,
  };
}

function reply(collector: Collector, head: Head, shape: BodyShape, limit: number): HttpReply {
  const raw = collector.bytes().subarray(head.end);
  const body =
    shape.kind === 'chunked' ? dechunk(raw) : raw.subarray(0, shape.kind === 'length' ? shape.length : raw.length);
  const short = shape.kind === 'length' && body.length < shape.length;
  return {
    status: head.status,
    reason: head.reason,
    headers: head.headers,
    body: body.subarray(0, limit),
    truncated: body.length > limit || collector.full || short,
    oddities: head.oddities,
  };
}

function requestBytes(request: HttpRequest): Buffer {
  const host = hostInUrl(request.host);
  const usual = request.tls ? 443 : 80;
  const headers: { [name: string]: string } = {
    Host: request.port === usual ? host : `${host}:${request.port}`,
    'User-Agent': 'assay',
    Accept: '*/*',
    Connection: 'close',
    ...request.headers,
  };
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  if (body !== undefined) headers['Content-Length'] = String(body.length);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, ' ')}`);
  const target = (request.path ?? '/').replace(/[\r\n ]/g, '%20');
  const head = Buffer.from(`${request.method ?? 'GET'} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** Collects what a stream gives, up to a limit. */
class Collector {
  timedOut = false;
  full = false;
  #buffer = Buffer.allocUnsafe(8192);
  #length = 0;
  #searched = 0;
  #head = false;
  readonly #limit: number;
  constructor(limit: number) {
    this.#limit = limit;
  }
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
  /** Forgets the first bytes. */
  drop(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
    this.#searched = 0;
    this.#head = false;
  }
  /** Whether the empty line that ends a head has come; looks at new bytes only. */
  hasHead(): boolean {
    if (this.#head) return true;
    const fresh = this.bytes().subarray(Math.max(0, this.#searched - 3));
    this.#head = fresh.includes('\n\n') || fresh.includes('\r\n\r\n');
    this.#searched = this.#length;
    return this.#head;
  }
  /** Waits for more; false when the stream ended, time is up or the limit is reached. */
  more(stream: Duplex, wait: number, signal: AbortSignal | undefined): Promise<boolean> {
    const ready = stream.read() as Buffer | null;
    if (ready !== null) return Promise.resolve(this.#take(ready));
    if (stream.readableEnded || stream.destroyed || this.full) return Promise.resolve(false);
    if (wait <= 0) this.timedOut = true;
    if (wait <= 0 || signal?.aborted === true) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timedOut = true;
        done(false);
      }, wait);
      const done = (more: boolean): void => {
        clearTimeout(timer);
        stream.off('readable', readable).off('end', ended).off('close', ended).off('error', ended);
        resolve(more);
      };
      const ended = (): void => done(false);
      const readable = (): void => {
        const chunk = stream.read() as Buffer | null;
        if (chunk !== null) done(this.#take(chunk));
      };
      stream.on('readable', readable).on('end', ended).on('close', ended).on('error', ended);
    });
  }
  /** Doubles the room as it fills, so that a peer that sends one byte at a time costs no quadratic copying. */
  #take(chunk: Buffer): boolean {
    const part = chunk.subarray(0, this.#limit - this.#length);
    if (this.#length + part.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + part.length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    part.copy(this.#buffer, this.#length);
    this.#length += part.length;
    this.full = this.#length >= this.#limit;
    return !this.full;
  }
}

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly headers: { readonly [name: string]: readonly string[] };
  readonly oddities: readonly string[];
  /** Where the body starts. */
  readonly end: number;
}

function parseHead(bytes: Buffer): Head | undefined {
  const text = bytes.subarray(0, HEAD_LIMIT).toString('latin1');
  const crlf = text.indexOf('\r\n\r\n');
  const bare = text.indexOf('\n\n');
  const end = crlf >= 0 && (bare < 0 || crlf < bare) ? crlf + 4 : bare + 2;
  if (crlf < 0 && bare < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split(/\r?\n/);
  const status = /^(HTTP|ICY|RTSP)(\/\d(?:\.\d+)?)? +(\d{3})(?: (.*))?$/.exec(first);
  if (status === null) return undefined;
  const oddities: string[] = status[1] === 'HTTP' ? [] : [`the status line says ${status[1] ?? ''}`];
  if (bare >= 0 && (crlf < 0 || bare < crlf)) oddities.push('lines end with LF alone');
  return { status: Number(status[3]), reason: status[4] ?? '', headers: parseHeaders(lines, oddities), oddities, end };
}

function parseHeaders(lines: readonly string[], oddities: string[]): Head['headers'] {
  const headers: { [name: string]: string[] } = Object.create(null) as { [name: string]: string[] };
  for (const line of lines.slice(0, HEADER_COUNT)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    if (name !== name.trim()) oddities.push(`space around the header name ${name.trim()}`);
    const key = name.trim().toLowerCase();
    headers[key] = [...(headers[key] ?? []), line.slice(colon + 1).trim()];
  }
  return { ...headers };
}

type BodyShape =
  | { readonly kind: 'none' }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }
  | { readonly kind: 'length'; readonly length: number };

/** RFC 9112 §6.3. */
function bodyShape(head: Head, method: string): BodyShape {
  if (method === 'HEAD' || head.status === 204 || head.status === 304 || head.status < 200)
    return { kind: 'length', length: 0 };
  if (/chunked/i.test(head.headers['transfer-encoding']?.at(-1) ?? '')) return { kind: 'chunked' };
  const length = head.headers['content-length']?.[0];
  return length !== undefined && /^\d{1,15}$/.test(length)
    ? { kind: 'length', length: Number(length) }
    : { kind: 'close' };
}

function bodyDone(body: Buffer, shape: BodyShape, limit: number): boolean {
  if (body.length >= limit) return true;
  if (shape.kind === 'length') return body.length >= shape.length;
  return shape.kind === 'chunked' && body.subarray(-7).toString('latin1').endsWith('0\r\n\r\n');
}

/** Chunks joined; a broken chunk header ends it with what there is. */
function dechunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const line = bytes.indexOf(0x0a, at);
    if (line < 0 || line - at > 64) break;
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (!Number.isInteger(size) || size <= 0) break;
    parts.push(bytes.subarray(line + 1, line + 1 + size));
    at = line + 1 + size + 2;
  }
  return Buffer.concat(parts);
}

const looksLikeHttp09 = (bytes: Buffer): boolean =>
  /^\s*<(!doctype|html|head|body)/i.test(bytes.subarray(0, 64).toString('latin1'));
