/** CoAP over a stream (RFC 8323 §3): the same messages without type and identifier, each behind its length. */
import type { Duplex } from 'node:stream';
import { FaultError } from '../../lib/fault.ts';
import { type CoapQuestion, type CoapReading, readCoap } from './coap-message.ts';
import { StreamReader } from './stream-reader.ts';

/** 7.01: capabilities and settings, the first message of both sides (§5.3). */
const CSM = 0xe1;
/** 7.05: the peer gives up (§5.6). */
const ABORT = 0xe5;
/** Largest message that is read. */
const MOST = 65_536;
/** Messages of others that may come before an answer. */
const STRANGERS = 16;

/** Where length, code and token of a message stand; undefined while its head has not come whole. */
function headOf(
  bytes: Uint8Array,
): { readonly code: number; readonly token: number; readonly rest: number; readonly head: number } | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  const token = first & 15;
  const nibble = first >> 4;
  const extra = nibble < 13 ? 0 : nibble === 13 ? 1 : nibble === 14 ? 2 : 4;
  const head = 2 + extra + token;
  const code = bytes[1 + extra];
  if (code === undefined) return undefined;
  let rest = nibble;
  if (extra > 0) {
    rest = 0;
    for (let at = 1; at <= extra; at += 1) rest = rest * 256 + (bytes[at] ?? 0);
    rest += nibble === 13 ? 13 : nibble === 14 ? 269 : 65_805;
  }
  return { code, token, rest, head };
}

/** Whether first words are those of a CoAP server over TCP: a settings message whose length is right. */
export function greetsInCoap(bytes: Uint8Array): boolean {
  const head = headOf(bytes);
  return head !== undefined && head.code === CSM && head.token === 0 && bytes.length === head.head + head.rest;
}

/** One conversation; settings are sent at once, as both sides may. */
export class CoapStream {
  readonly #stream: Duplex;
  readonly #reader: StreamReader;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#reader = new StreamReader(stream, { buffered: MOST, lifetime: 30_000 });
    stream.write(Buffer.of(0, CSM));
  }

  /** The answer to one question. Throws FaultError `timeout`, `closed`, `refused`, `over-budget`. */
  async ask(question: CoapQuestion, timeout: number): Promise<CoapReading> {
    this.#stream.write(framed(question.bytes));
    const end = Date.now() + timeout;
    for (let strangers = 0; strangers < STRANGERS; strangers += 1) {
      const message = await this.#next(end - Date.now()).catch(untimely);
      const reading = readCoap(message, question);
      if (reading !== undefined) return reading;
    }
    throw new FaultError('malformed', 'the CoAP server answers everything but the question');
  }

  async #next(timeout: number): Promise<Uint8Array> {
    const end = Date.now() + timeout;
    const left = (): number => Math.max(1, end - Date.now());
    let bytes = await this.#reader.read(2, left());
    let head = headOf(bytes);
    while (head === undefined) {
      bytes = Buffer.concat([bytes, await this.#reader.read(1, left())]);
      head = headOf(bytes);
    }
    if (head.token > 8) throw new FaultError('malformed', 'not CoAP: the token is longer than 8 bytes');
    if (head.code === ABORT) throw new FaultError('refused', 'the CoAP server aborts the conversation');
    if (head.rest > MOST) throw new FaultError('over-budget', `a CoAP message of ${head.rest} bytes is over the limit`);
    const whole = Buffer.concat([bytes, await this.#reader.read(head.head - bytes.length + head.rest, left())]);
    return unframed(whole, head);
  }
}

/** How many bytes of which part were awaited says nothing to a reader. */
function untimely(thrown: unknown): never {
  if (thrown instanceof FaultError && thrown.fault.kind === 'timeout')
    throw new FaultError('timeout', 'no CoAP answer came');
  throw thrown;
}

/** A message of UDP as one of a stream. */
function framed(datagram: Uint8Array): Buffer {
  const token = (datagram[0] ?? 0) & 15;
  const body = datagram.subarray(4 + token);
  const { length } = body;
  const size =
    length < 13
      ? Buffer.of((length << 4) | token)
      : length < 269
        ? Buffer.of((13 << 4) | token, length - 13)
        : Buffer.of((14 << 4) | token, (length - 269) >> 8, (length - 269) & 255);
  return Buffer.concat([size, Buffer.of(datagram[1] ?? 0), datagram.subarray(4, 4 + token), body]);
}

/** A message of a stream as one of UDP: confirmable, identifier 0. */
function unframed(
  message: Buffer,
  { code, token, head }: { readonly code: number; readonly token: number; readonly head: number },
): Buffer {
  return Buffer.concat([Buffer.of(0x40 | token, code, 0, 0), message.subarray(head - token)]);
}
