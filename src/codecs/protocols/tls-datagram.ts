/** DTLS: hellos over datagrams, with the cookie that a server asks for and its flight put together again. RFC 6347 §4.2. */
import { chance } from '../../lib/chance.ts';
import { FaultError } from '../../lib/fault.ts';
import { alertOf, type Flight, message } from './tls-flight.ts';
import { clientHelloBody, type HelloParts } from './tls-hello.ts';
import { Cursor, u8, u16, u24, vector16 } from './tls-wire.ts';

interface Datagrams {
  send(bytes: Uint8Array): Promise<void>;
  receive(timeout: number): Promise<Uint8Array | undefined>;
}

const FLIGHT_LIMIT = 256 * 1024;
const DATAGRAMS = 256;
/** Versions of the record before one is agreed on: DTLS 1.0 (RFC 6347 §4.2.1). */
const RECORD_VERSION = 0xfeff;

/** Sends a hello, twice where nothing comes, and reads to the ServerHello or the end of the flight. */
export async function greetDatagram(
  port: Datagrams,
  parts: HelloParts,
  { until, timeout }: { readonly until: 'hello' | 'done'; readonly timeout: number },
): Promise<Flight> {
  const random = parts.random ?? chance(32, 'random of TLS');
  const body = (cookie: Uint8Array): Buffer => clientHelloBody({ ...parts, random }, parts.version, cookie);
  const reader = new Assembly();
  const end = Date.now() + timeout;
  let hello = body(Buffer.alloc(0));
  let cookies = 0;
  let records = 0;
  // Each record has a number of its own, one that is sent again too: what comes twice is dropped as a replay (§4.1.2.6).
  const send = (): Promise<void> => port.send(datagram(records++, cookies, hello));
  await send();
  try {
    return await converse();
  } finally {
    // A close_notify frees the server's state: small servers keep one client at a time. Where there is none, gnutls-serv hangs
    // at a record that begins no handshake.
    if (reader.flight.hello !== undefined)
      await port.send(Buffer.concat([u8(21), u16(RECORD_VERSION), Buffer.alloc(7), u8(records), u16(2), u8(1), u8(0)]));
  }

  async function converse(): Promise<Flight> {
    try {
      for (let count = 0; count < DATAGRAMS; count += 1) {
        const left = end - Date.now();
        const bytes = left > 0 ? await port.receive(Math.min(left, 700)) : undefined;
        if (bytes === undefined) {
          if (left <= 0) return { ...reader.flight, end: 'timeout', verified: cookies > 0 };
          if (count > 0 && reader.flight.hello !== undefined) return { ...reader.flight, end: 'timeout' };
          await send();
          continue;
        }
        const cookie = reader.take(bytes);
        if (reader.flight.alert !== undefined) return { ...reader.flight, end: 'alert' };
        if (cookie !== undefined && cookies < 2) {
          cookies += 1;
          hello = body(cookie);
          await send();
        }
        if (reader.flight.done || (until === 'hello' && reader.flight.hello !== undefined)) return reader.flight;
      }
      return { ...reader.flight, end: 'malformed' };
    } catch (thrown) {
      if (!(thrown instanceof FaultError)) throw thrown;
      return { ...reader.flight, end: thrown.fault.kind === 'malformed' ? 'malformed' : 'closed' };
    }
  }
}

/** One ClientHello, not fragmented, as the message of that number in the record of that number. */
function datagram(record: number, message: number, body: Uint8Array): Buffer {
  const head = Buffer.concat([u8(1), u24(body.length), u16(message), u24(0), u24(body.length)]);
  const payload = Buffer.concat([head, body]);
  return Buffer.concat([u8(22), u16(RECORD_VERSION), Buffer.alloc(7), u8(record), vector16(payload)]);
}

interface Pieces {
  readonly type: number;
  readonly bytes: Buffer;
  /** Bytes that came, each counted once. */
  readonly seen: Uint8Array;
  have: number;
}

class Assembly {
  readonly flight: Flight = { certificates: [], done: false, end: 'complete' };
  readonly #messages = new Map<number, Pieces>();
  #size = 0;

  /** Takes the records of a datagram; gives the cookie of a HelloVerifyRequest. */
  take(bytes: Uint8Array): Uint8Array | undefined {
    const cursor = new Cursor(bytes);
    let cookie: Uint8Array | undefined;
    while (cursor.left >= 13) {
      const type = cursor.number(1);
      if (cursor.number(1) !== 0xfe) throw new FaultError('malformed', 'the answer is not DTLS');
      cursor.take(9);
      const body = cursor.vector(2);
      if (type === 21) this.flight.alert = alertOf(body);
      if (type === 22) cookie = this.#handshakes(body) ?? cookie;
    }
    return cookie;
  }

  #handshakes(body: Uint8Array): Uint8Array | undefined {
    const cursor = new Cursor(body);
    let cookie: Uint8Array | undefined;
    while (cursor.left >= 12) {
      const [type, length, sequence] = [cursor.number(1), cursor.number(3), cursor.number(2)];
      const offset = cursor.number(3);
      const fragment = cursor.vector(3);
      if (type === 3) {
        const verify = new Cursor(fragment);
        verify.take(2);
        cookie = verify.vector(1);
      } else this.#piece({ type, length, sequence, offset, fragment });
    }
    return cookie;
  }

  #piece(part: { type: number; length: number; sequence: number; offset: number; fragment: Uint8Array }): void {
    const { type, length, sequence, offset, fragment } = part;
    let known = this.#messages.get(sequence);
    if (known === undefined) {
      this.#size += length;
      if (this.#size > FLIGHT_LIMIT) throw new FaultError('malformed', 'the handshake does not end');
      known = { type, bytes: Buffer.alloc(length), seen: new Uint8Array(length), have: 0 };
      this.#messages.set(sequence, known);
    }
    if (offset + fragment.length > known.bytes.length)
      throw new FaultError('malformed', 'a fragment lies outside its message');
    const before = known.have;
    for (let index = 0; index < fragment.length; index += 1) {
      if (known.seen[offset + index] === 0) {
        known.seen[offset + index] = 1;
        known.have += 1;
      }
    }
    known.bytes.set(fragment, offset);
    const fresh = known.have > before || known.bytes.length === 0;
    if (fresh && known.have === known.bytes.length) message(known.type, known.bytes, known.bytes, this.flight);
  }
}
