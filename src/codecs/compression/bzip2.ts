/** bzip2, also concatenated. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type Bounds, ByteSource, type Decoded, Guard } from './source.ts';

const malformed = (message: string): FaultError => new FaultError('malformed', message);

const CRC = new Uint32Array(256).map((_, i) => {
  let crc = i << 24;
  for (let k = 0; k < 8; k += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

class Bits {
  readonly source: ByteSource;
  #word = 0;
  #have = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Up to 24 bits, the first one highest. */
  read(count: number): number {
    while (this.#have < count) {
      this.#word = ((this.#word << 8) | this.source.byte()) >>> 0;
      this.#have += 8;
    }
    this.#have -= count;
    const value = (this.#word >>> this.#have) & ((1 << count) - 1);
    return value;
  }

  align(): void {
    this.#have = 0;
  }
}

/** A canonical code of lengths 1–20: per length the last code, where its symbols start, and the symbols in order. */
interface Code {
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
  readonly least: number;
}

function codeOf(lengths: Uint8Array): Code {
  const limit = new Int32Array(22).fill(-1);
  const base = new Int32Array(22);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let at = 0;
  let least = 20;
  for (let length = 1; length <= 20; length += 1) {
    base[length] = at - code;
    for (let i = 0; i < lengths.length; i += 1) {
      if (lengths[i] !== length) continue;
      symbols[at] = i;
      at += 1;
      code += 1;
      least = Math.min(least, length);
    }
    limit[length] = code - 1;
    if (code > 1 << length) throw malformed('a bzip2 code has too many symbols');
    code <<= 1;
  }
  return { limit, base, symbols, least };
}

function symbol(bits: Bits, code: Code): number {
  let length = code.least;
  let value = bits.read(length);
  while (value > code.limit[length]!) {
    length += 1;
    if (length > 20) throw malformed('a bzip2 code is not there');
    value = (value << 1) | bits.read(1);
  }
  return code.symbols[value + code.base[length]!] ?? 0;
}

interface Tables {
  readonly used: readonly number[];
  readonly selectors: Uint8Array;
  readonly codes: readonly Code[];
}

/** The bytes a block uses and the codes they are written in. */
function tables(bits: Bits): Tables {
  const groups = bits.read(16);
  const used: number[] = [];
  for (let i = 0; i < 16; i += 1) {
    if (((groups >> (15 - i)) & 1) === 0) continue;
    const mask = bits.read(16);
    for (let k = 0; k < 16; k += 1) if (((mask >> (15 - k)) & 1) === 1) used.push(i * 16 + k);
  }
  if (used.length === 0) throw malformed('a bzip2 block uses no byte');
  const count = bits.read(3);
  const selectors = new Uint8Array(bits.read(15));
  if (count < 2 || count > 6 || selectors.length === 0) throw malformed('a bzip2 block has no tables');
  const order = [0, 1, 2, 3, 4, 5];
  for (let i = 0; i < selectors.length; i += 1) {
    let place = 0;
    while (bits.read(1) === 1) {
      place += 1;
      if (place >= count) throw malformed('a bzip2 selector is out of range');
    }
    const [one] = order.splice(place, 1) as [number];
    order.unshift(one);
    selectors[i] = one;
  }
  const alphabet = used.length + 2;
  const codes: Code[] = [];
  for (let t = 0; t < count; t += 1) {
    const lengths = new Uint8Array(alphabet);
    let length = bits.read(5);
    for (let i = 0; i < alphabet; i += 1) {
      while (bits.read(1) === 1) {
        length += bits.read(1) === 0 ? 1 : -1;
        if (length < 1 || length > 20) throw malformed('a bzip2 code length is out of range');
      }
      if (length < 1 || length > 20) throw malformed('a bzip2 code length is out of range');
      lengths[i] = length;
    }
    codes.push(codeOf(lengths));
  }
  return { used, selectors, codes };
}

/** Reads a block into `table` (Burrows–Wheeler, low eight bits); gives its length and origin. */
function block(bits: Bits, table: Uint32Array): { readonly length: number; readonly origin: number } {
  if (bits.read(1) !== 0) throw new FaultError('unsupported', 'a randomised bzip2 block');
  const origin = bits.read(24);
  const { used, selectors, codes } = tables(bits);
  const alphabet = used.length + 2;
  const front = Uint8Array.from(used);
  const counts = new Uint32Array(256);
  let length = 0;
  let selector = 0;
  let left = 0;
  let code = codes[0]!;
  let run = 0;
  let weight = 1;
  for (;;) {
    if (left === 0) {
      const which = selectors[selector];
      if (which === undefined) throw malformed('a bzip2 block has too few selectors');
      code = codes[which]!;
      selector += 1;
      left = 50;
    }
    left -= 1;
    const next = symbol(bits, code);
    if (next < 2) {
      run += weight << next;
      weight <<= 1;
      if (run > table.length) throw malformed('a bzip2 run goes beyond the block');
      continue;
    }
    if (run > 0) {
      const byte = front[0]!;
      if (length + run > table.length) throw malformed('a bzip2 run goes beyond the block');
      table.fill(byte, length, length + run);
      counts[byte]! += run;
      length += run;
      run = 0;
      weight = 1;
    }
    if (next === alphabet - 1) break;
    if (length >= table.length) throw malformed('a bzip2 block is too long');
    const byte = front[next - 1]!;
    front.copyWithin(1, 0, next - 1);
    front[0] = byte;
    table[length] = byte;
    counts[byte]! += 1;
    length += 1;
  }
  if (origin >= length && length > 0) throw malformed('a bzip2 block has no start');
  let sum = 0;
  for (let i = 0; i < 256; i += 1) {
    const one = counts[i]!;
    counts[i] = sum;
    sum += one;
  }
  for (let i = 0; i < length; i += 1) {
    const byte = table[i]! & 0xff;
    table[counts[byte]!]! |= i << 8;
    counts[byte]! += 1;
  }
  return { length, origin };
}

const OUT = 1 << 18;

/** Undoes the transform and the first run-length coding of a block; the return value is its CRC. */
function* contents(table: Uint32Array, length: number, origin: number): Generator<Uint8Array, number> {
  let output = new Uint8Array(OUT);
  let filled = 0;
  let crc = 0xffffffff;
  let at = length === 0 ? 0 : table[origin]! >>> 8;
  let before = -1;
  let same = 0;
  for (let i = 0; i < length; i += 1) {
    const word = table[at]!;
    at = word >>> 8;
    const byte = word & 0xff;
    let repeat = 1;
    let value = byte;
    if (same === 4) {
      repeat = byte;
      value = before;
      same = 0;
      before = -1;
    } else {
      same = byte === before ? same + 1 : 1;
      before = byte;
    }
    // After four equal bytes a count follows.
    for (; repeat > 0; repeat -= 1) {
      crc = ((crc << 8) ^ CRC[((crc >>> 24) ^ value) & 0xff]!) >>> 0;
      output[filled] = value;
      filled += 1;
      if (filled === OUT) {
        yield output;
        output = new Uint8Array(OUT);
        filled = 0;
      }
    }
    if (same === 0) before = -1;
  }
  if (filled > 0) yield output.subarray(0, filled);
  return ~crc >>> 0;
}

const word32 = (bits: Bits): number => bits.read(16) * 65_536 + bits.read(16);

/** Decodes bzip2 streams that stand one after the other; returns where the last ends. */
export function* decodeBzip2(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  let table: Uint32Array | undefined;
  let any = false;
  for (;;) {
    const head = source.peek(4);
    const level = (head[3] ?? 0) - 0x30;
    if (head[0] !== 0x42 || head[1] !== 0x5a || head[2] !== 0x68 || level < 1 || level > 9) {
      if (!any) throw malformed('no bzip2 header');
      return source.position;
    }
    any = true;
    source.position += 4;
    const bits = new Bits(source);
    if (table === undefined || table.length < level * 100_000) table = new Uint32Array(level * 100_000);
    const own = table.subarray(0, level * 100_000);
    let combined = 0;
    for (;;) {
      const magic = bits.read(24) * 2 ** 24 + bits.read(24);
      const crc = word32(bits);
      if (magic === 0x177245385090) {
        if (crc !== combined) throw malformed('the bzip2 stream fails its CRC');
        break;
      }
      if (magic !== 0x314159265359) throw malformed('no bzip2 block');
      const { length, origin } = block(bits, own);
      const decoded = contents(own, length, origin);
      for (;;) {
        const step = decoded.next();
        if (step.done === true) {
          if (step.value !== crc) throw malformed('a bzip2 block fails its CRC');
          break;
        }
        guard.add(step.value.length, source.position);
        yield step.value;
      }
      combined = (((combined << 1) | (combined >>> 31)) ^ crc) >>> 0;
    }
    bits.align();
  }
}
