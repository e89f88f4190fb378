/** Compression of UEFI (UEFI 2.10, 19: «EFI Compression») and its variant of Tiano with more positions: LZ77 under Huffman codes. */
import { FaultError } from '../../lib/fault.ts';

/** Bits of the number of position codes: 4 in the standard, 5 in the variant. */
export type PositionBits = 4 | 5;

const LITERALS = 256;
const SYMBOLS = 510;
const SHORTEST = 3;
const LONGEST_CODE = 16;

const malformed = (message: string): FaultError => new FaultError('malformed', message);

class Bits {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next bits, high first; zeros behind the end, as streams need no padding. */
  take(count: number): number {
    while (this.#count < count) {
      // More than a few bytes behind the end: no stream asks for them.
      if (this.#at > this.#bytes.length + 8) throw malformed('compressed data ends too early');
      this.#held = ((this.#held << 8) | (this.#bytes[this.#at] ?? 0)) & 0xffffff;
      this.#at += 1;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#held >>> this.#count) & ((1 << count) - 1);
  }
}

/** A canonical code: walks bit by bit through counts of each length. */
class Code {
  readonly #counts = new Uint16Array(LONGEST_CODE + 1);
  readonly #symbols: number[] = [];
  readonly #only: number | undefined;

  constructor(lengths: Uint8Array, only?: number) {
    this.#only = only;
    if (only !== undefined) return;
    for (let length = 1; length <= LONGEST_CODE; length += 1)
      for (const [symbol, one] of lengths.entries())
        if (one === length) {
          this.#counts[length]! += 1;
          this.#symbols.push(symbol);
        }
    let room = 1;
    for (let length = 1; length <= LONGEST_CODE; length += 1) room = room * 2 - this.#counts[length]!;
    if (room !== 0) throw malformed('a Huffman code is not complete');
  }

  next(bits: Bits): number {
    if (this.#only !== undefined) return this.#only;
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= LONGEST_CODE; length += 1) {
      code |= bits.take(1);
      const count = this.#counts[length]!;
      if (code - first < count) return this.#symbols[index + code - first]!;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw malformed('a Huffman code is too long');
  }
}

/** Lengths of a code of positions, or of the code that the main one is told in: that one skips after its third. */
function smallCode(bits: Bits, size: number, width: number, special: boolean): Code {
  const count = bits.take(width);
  if (count === 0) return new Code(new Uint8Array(0), bits.take(width));
  const lengths = new Uint8Array(size);
  for (let i = 0; i < count; ) {
    let length = bits.take(3);
    if (length === 7) while (bits.take(1) === 1) length += 1;
    if (length > LONGEST_CODE || i >= size) throw malformed('a Huffman code has too many lengths');
    lengths[i] = length;
    i += 1;
    if (special && i === 3) i += bits.take(2);
  }
  return new Code(lengths);
}

function mainCode(bits: Bits, small: Code): Code {
  const count = bits.take(9);
  if (count === 0) return new Code(new Uint8Array(0), bits.take(9));
  const lengths = new Uint8Array(SYMBOLS);
  for (let i = 0; i < count; ) {
    const symbol = small.next(bits);
    if (symbol === 0) i += 1;
    else if (symbol === 1) i += bits.take(4) + 3;
    else if (symbol === 2) i += bits.take(9) + 20;
    else {
      if (i >= SYMBOLS) throw malformed('a Huffman code has too many lengths');
      lengths[i] = symbol - 2;
      i += 1;
    }
  }
  return new Code(lengths);
}

/** Sizes by the header: of what is compressed, and of what comes out. */
export function tianoSizes(bytes: Uint8Array): { readonly packed: number; readonly size: number } | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { packed: view.getUint32(0, true), size: view.getUint32(4, true) };
}

/** Throws when the data is not of this variant, as far as that shows. */
export function untiano(bytes: Uint8Array, positions: PositionBits, limit: number): Uint8Array {
  const sizes = tianoSizes(bytes);
  if (sizes === undefined || sizes.packed + 8 > bytes.length)
    throw malformed('compressed data is shorter than it says');
  if (sizes.size > limit) throw new FaultError('over-budget', `compressed data claims ${sizes.size} bytes`);
  const out = new Uint8Array(sizes.size);
  const bits = new Bits(bytes.subarray(0, 8 + sizes.packed), 8);
  const places = positions === 4 ? 14 : 31;
  let main: Code | undefined;
  let place: Code | undefined;
  for (let at = 0, left = 0; at < out.length; left -= 1) {
    if (left === 0 || main === undefined || place === undefined) {
      left = bits.take(16) || 65_536;
      main = mainCode(bits, smallCode(bits, 19, 5, true));
      place = smallCode(bits, places, positions, false);
    }
    const symbol = main.next(bits);
    if (symbol < LITERALS) {
      out[at] = symbol;
      at += 1;
      continue;
    }
    const code = place.next(bits);
    const distance = (code < 2 ? code : 2 ** (code - 1) + wide(bits, code - 1)) + 1;
    const length = Math.min(symbol - LITERALS + SHORTEST, out.length - at);
    if (distance > at) throw malformed('compressed data refers to what is before its start');
    for (let i = 0; i < length; i += 1) out[at + i] = out[at + i - distance]!;
    at += length;
  }
  return out;
}

/** More bits than are held at once. */
const wide = (bits: Bits, count: number): number =>
  count > 16 ? bits.take(count - 16) * 65_536 + bits.take(16) : bits.take(count);
