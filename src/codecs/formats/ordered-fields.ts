/** Numbers in bytes of either order; reading beyond the end throws a FaultError. */
import { FaultError } from '../../lib/fault.ts';

export class Fields {
  readonly bytes: Uint8Array;
  readonly little: boolean;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, little: boolean) {
    this.bytes = bytes;
    this.little = little;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get size(): number {
    return this.bytes.length;
  }

  #need(at: number, length: number): void {
    if (!(at >= 0 && at + length <= this.bytes.length)) throw new FaultError('truncated', 'a record ends too early');
  }

  u8(at: number): number {
    this.#need(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.#need(at, 2);
    return this.#view.getUint16(at, this.little);
  }

  i16(at: number): number {
    this.#need(at, 2);
    return this.#view.getInt16(at, this.little);
  }

  u24(at: number): number {
    const [a, b, c] = [this.u8(at), this.u8(at + 1), this.u8(at + 2)];
    return this.little ? a | (b << 8) | (c << 16) : (a << 16) | (b << 8) | c;
  }

  u32(at: number): number {
    this.#need(at, 4);
    return this.#view.getUint32(at, this.little);
  }

  /** Up to 2^53 exactly; larger ones lose their low bits, and no bound lets them pass. */
  u64(at: number): number {
    const [first, second] = [this.u32(at), this.u32(at + 4)];
    return this.little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
  }

  slice(at: number, length: number): Uint8Array {
    this.#need(at, length);
    return this.bytes.subarray(at, at + length);
  }

  /** Text without interpretation: bytes that are UTF-8 as such, else as Latin-1. */
  text(at: number, length: number): string {
    return textOf(this.slice(at, length));
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Names of a file system: UTF-8 where they are, else each byte as a character. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
