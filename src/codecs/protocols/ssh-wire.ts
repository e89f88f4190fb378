/** SSH's own data types and its binary packets before any key is agreed (RFC 4251 §5, RFC 4253 §6). */
import { chance } from '../../lib/chance.ts';
import { FaultError } from '../../lib/fault.ts';
import type { StreamReader } from './stream-reader.ts';

/** RFC 4253 §6.1 asks for 35,000; more is refused. */
const LONGEST_PACKET = 65_536;

/** Reads strings, mpints and name lists off one payload; throws FaultError `malformed` past its end. */
export class SshCursor {
  readonly #bytes: Buffer;
  #at: number;
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  byte(): number {
    return this.bytes(1)[0]!;
  }
  uint32(): number {
    return this.bytes(4).readUInt32BE(0);
  }
  bytes(count: number): Buffer {
    if (count > this.left) throw new FaultError('malformed', `an SSH field of ${count} bytes runs past its message`);
    const field = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return field;
  }
  string(): Buffer {
    return this.bytes(this.uint32());
  }
  names(): string[] {
    const text = this.string().toString('latin1');
    return text === '' ? [] : text.split(',');
  }
}

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
export const sshString = (value: Uint8Array | string): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
};
/** A positive integer as mpint: a zero byte in front where its top bit is set. */
export const sshMpint = (value: Uint8Array): Buffer => {
  let start = 0;
  while (start < value.length && value[start] === 0) start += 1;
  const bytes = value.subarray(start);
  return sshString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
};

/** Bits of a big-endian unsigned integer. */
export function bitLength(value: Uint8Array): number {
  let start = 0;
  while (start < value.length && value[start] === 0) start += 1;
  if (start === value.length) return 0;
  return (value.length - start) * 8 - (Math.clz32(value[start]!) - 24);
}

/** Wraps a payload as an unencrypted packet: whole length a multiple of 8, at least 4 bytes of padding. */
export function sshPacket(payload: Uint8Array): Buffer {
  const padding = 8 - ((payload.length + 5) % 8);
  const fill = padding < 4 ? padding + 8 : padding;
  return Buffer.concat([uint32(payload.length + fill + 1), Buffer.of(fill), payload, chance(fill, 'padding of SSH')]);
}

/** The payload of the next unencrypted packet; never an empty one. */
export async function readSshPacket(reader: StreamReader, timeout = 5000): Promise<Buffer> {
  const length = (await reader.read(4, timeout)).readUInt32BE(0);
  if (length < 2 || length > LONGEST_PACKET)
    throw new FaultError('malformed', `an SSH packet claims a length of ${length} bytes`);
  const body = await reader.read(length, timeout);
  const padding = body[0]!;
  if (padding + 2 > length) throw new FaultError('malformed', 'the padding of an SSH packet fills all of it');
  return body.subarray(1, length - padding);
}
