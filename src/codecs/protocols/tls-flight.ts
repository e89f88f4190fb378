/** Reads what a TLS server answers to a hello: its first flight up to TLS 1.2, its ServerHello in 1.3, or an alert. */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { StreamReader } from './stream-reader.ts';
import { EXTENSION } from './tls-hello.ts';
import { alertName, Cursor, readExtensions, VERSIONS } from './tls-wire.ts';

export interface ServerHello {
  /** What was agreed on: the supported_versions extension where there is one. */
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suite: number;
  readonly compression: number;
  readonly extensions: ReadonlyMap<number, Uint8Array>;
  /** A HelloRetryRequest (RFC 8446 §4.1.3): the suite is taken, another key share is wanted. */
  readonly retry: boolean;
}

export interface TlsAlert {
  readonly code: number;
  readonly name: string;
  readonly fatal: boolean;
}

/** `end` tells why reading ended: all that was asked for came, or an alert, the end, no more in time, no TLS. */
export interface Flight {
  hello?: ServerHello;
  /** The ServerHello message with its header: part of the transcript. */
  helloBytes?: Uint8Array;
  certificates: readonly Uint8Array[];
  keyExchange?: Uint8Array;
  certificateRequest?: Uint8Array;
  /** DER of a stapled OCSP response. */
  staple?: Uint8Array;
  alert?: TlsAlert;
  done: boolean;
  /** Of datagrams: the server asked for its cookie. */
  verified?: boolean;
  end: 'complete' | 'alert' | 'closed' | 'timeout' | 'malformed';
  /** First bytes of an answer that is no TLS. */
  foreign?: Uint8Array;
}

const RECORD_LIMIT = 16_384 + 2048;
const FLIGHT_LIMIT = 512 * 1024;
const RECORDS = 256;
const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

export interface TlsRecord {
  readonly type: number;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

/** The next record. Throws FaultError `malformed` when it is none, and what the reader throws. */
export async function readRecord(reader: StreamReader, timeout: number): Promise<TlsRecord> {
  const header = await reader.read(5, timeout);
  const length = header.readUInt16BE(3);
  if (header[0]! < 20 || header[0]! > 24 || header[1] !== 3 || length > RECORD_LIMIT) {
    reader.unread(header);
    throw new FaultError('malformed', 'the answer is not TLS');
  }
  return { type: header[0]!, header, body: await reader.read(length, timeout) };
}

/** Sends a hello and reads until the ServerHello (`hello`) or the end of the first flight (`done`). Never throws for what a server does. */
export async function greet(
  stream: Duplex,
  hello: Uint8Array,
  options: { readonly until: 'hello' | 'done'; readonly timeout: number },
): Promise<Flight> {
  const reader = new StreamReader(stream, { lifetime: options.timeout, buffered: FLIGHT_LIMIT });
  stream.write(hello);
  return readFlight(reader, options);
}

export async function readFlight(
  reader: StreamReader,
  { until, timeout }: { readonly until: 'hello' | 'done'; readonly timeout: number },
): Promise<Flight> {
  const flight: Flight = { certificates: [], done: false, end: 'complete' };
  let pending: Buffer = Buffer.alloc(0);
  try {
    for (let records = 0; records < RECORDS; records += 1) {
      const { type, body } = await readRecord(reader, timeout);
      if (type === 21) {
        const alert = alertOf(body);
        // A warning such as unrecognized_name (RFC 6066 §3) does not end the handshake.
        if (alert.fatal || alert.code === 0 || flight.alert !== undefined || flight.hello === undefined)
          flight.alert = alert;
        if (alert.fatal || alert.code === 0 || alert.code === 100) return { ...flight, end: 'alert' };
        continue;
      }
      if (type !== 22) throw new FaultError('malformed', `a record of type ${type} in the handshake`);
      pending = pending.length === 0 ? Buffer.from(body) : Buffer.concat([pending, body]);
      if (pending.length > FLIGHT_LIMIT) throw new FaultError('malformed', 'the handshake does not end');
      pending = takeMessages(pending, flight);
      const thirteen = flight.hello !== undefined && flight.hello.version >= VERSIONS['TLSv1.3'];
      if (flight.done || (flight.hello !== undefined && (until === 'hello' || thirteen))) return flight;
    }
    return { ...flight, end: 'malformed' };
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
    const { kind } = thrown.fault;
    if (kind === 'timeout' || kind === 'closed') return { ...flight, end: kind };
    if (kind === 'truncated') return { ...flight, end: 'closed' };
    const foreign = flight.hello === undefined ? await reader.burst(0, 0, 64) : undefined;
    return { ...flight, end: 'malformed', ...(foreign === undefined ? {} : { foreign }) };
  }
}

export const alertOf = (body: Uint8Array): TlsAlert => ({
  code: body[1] ?? 0,
  name: alertName(body[1] ?? 0),
  fatal: body[0] === 2,
});

/** Reads whole messages off the front; gives back what is not whole yet. */
function takeMessages(bytes: Buffer, flight: Flight): Buffer {
  let at = 0;
  while (bytes.length - at >= 4) {
    const length = bytes.readUIntBE(at + 1, 3);
    if (bytes.length - at - 4 < length) break;
    message(bytes[at]!, bytes.subarray(at + 4, at + 4 + length), bytes.subarray(at, at + 4 + length), flight);
    at += 4 + length;
  }
  return bytes.subarray(at);
}

/** Takes one message of the server's first flight into account. */
export function message(type: number, body: Uint8Array, whole: Uint8Array, flight: Flight): void {
  switch (type) {
    case 2:
      flight.hello = serverHello(body);
      flight.helloBytes = whole;
      break;
    case 11:
      flight.certificates = certificateList(body);
      break;
    case 12:
      flight.keyExchange = body;
      break;
    case 13:
      flight.certificateRequest = body;
      break;
    case 14:
      flight.done = true;
      break;
    case 22:
      flight.staple = stapleOf(body);
      break;
    default:
  }
}

export function serverHello(body: Uint8Array): ServerHello {
  const cursor = new Cursor(body);
  const legacy = cursor.number(2);
  const random = cursor.take(32);
  const sessionId = cursor.vector(1);
  const suite = cursor.number(2);
  const compression = cursor.number(1);
  const extensions = cursor.left >= 2 ? readExtensions(cursor.vector(2)) : new Map<number, Uint8Array>();
  const chosen = extensions.get(EXTENSION.supportedVersions);
  const version = chosen === undefined || chosen.length !== 2 ? legacy : (chosen[0]! << 8) | chosen[1]!;
  const retry = Buffer.from(random).toString('hex') === RETRY_RANDOM;
  return { version, random, sessionId, suite, compression, extensions, retry };
}

/** Certificates of a Certificate message up to TLS 1.2, leaf first as sent. */
function certificateList(body: Uint8Array): readonly Uint8Array[] {
  const list = new Cursor(new Cursor(body).vector(3));
  const found: Uint8Array[] = [];
  while (list.left > 0 && found.length < 32) found.push(new Uint8Array(list.vector(3)));
  return found;
}

/** CertificateStatus, RFC 6066 §8. */
export function stapleOf(body: Uint8Array): Uint8Array {
  const cursor = new Cursor(body);
  return cursor.number(1) === 1 ? cursor.vector(3) : new Uint8Array(0);
}

/** What a ServerKeyExchange says: the curve or the DH parameters, and the scheme of the signature (TLS 1.2). RFC 5246 §7.4.3, RFC 8422 §5.4. */
export interface KeyExchange {
  readonly curve?: number;
  readonly prime?: Uint8Array;
  readonly generator?: Uint8Array;
  readonly publicValue: Uint8Array;
  readonly scheme?: number;
}

export function keyExchangeOf(body: Uint8Array, kind: 'ECDHE' | 'DHE', version: number, signed: boolean): KeyExchange {
  const cursor = new Cursor(body);
  let told: Omit<KeyExchange, 'scheme'>;
  if (kind === 'ECDHE') {
    if (cursor.number(1) !== 3) throw new FaultError('unsupported', 'the server names no curve');
    const curve = cursor.number(2);
    told = { curve, publicValue: cursor.vector(1) };
  } else {
    const prime = cursor.vector(2);
    const generator = cursor.vector(2);
    told = { prime, generator, publicValue: cursor.vector(2) };
  }
  const scheme = signed && version === VERSIONS['TLSv1.2'] && cursor.left >= 2 ? cursor.number(2) : undefined;
  return scheme === undefined ? told : { ...told, scheme };
}

export interface Ssl2Hello {
  readonly kinds: readonly number[];
  readonly certificate: Uint8Array;
}

/** The SERVER-HELLO of SSLv2; undefined when the answer is none (refused). Throws FaultError `timeout`. */
export async function readSsl2Hello(
  stream: Duplex,
  hello: Uint8Array,
  timeout: number,
): Promise<Ssl2Hello | undefined> {
  const reader = new StreamReader(stream, { lifetime: timeout, buffered: 65_536 });
  stream.write(hello);
  try {
    const head = await reader.read(2, timeout);
    // A two-byte record header has its top bit set; an alert of TLS begins 0x15 0x03.
    if ((head[0]! & 0x80) === 0) return undefined;
    const cursor = new Cursor(await reader.read(head.readUInt16BE(0) & 0x7fff, timeout));
    if (cursor.number(1) !== 4) return undefined;
    cursor.take(2);
    if (cursor.number(2) !== VERSIONS.SSLv2) return undefined;
    const [certificate, specs, id] = [cursor.number(2), cursor.number(2), cursor.number(2)];
    const bytes = cursor.take(certificate);
    const list = new Cursor(cursor.take(specs));
    cursor.take(id);
    const kinds: number[] = [];
    while (list.left >= 3) kinds.push(list.number(3));
    return { kinds, certificate: new Uint8Array(bytes) };
  } catch (thrown) {
    if (thrown instanceof FaultError && thrown.fault.kind !== 'timeout') return undefined;
    throw thrown;
  }
}
