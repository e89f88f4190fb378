/** Deflate (RFC 1951) with the exact number of bytes it takes, in chunks; and the zlib and gzip formats around it. */
import { crc32 } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { adler32 } from './adler.ts';
import { type Bounds, ByteSource, type Decoded, Guard } from './source.ts';

const malformed = (message: string): FaultError => new FaultError('malformed', message);

/** Symbols by the next bits, low bit first: `symbol << 4 | length`, 0 where no code is. */
interface Table {
  readonly entries: Uint16Array;
  readonly bits: number;
}

function tableOf(lengths: Uint8Array, from: number, count: number): Table {
  const counts = new Uint16Array(16);
  for (let i = 0; i < count; i += 1) counts[lengths[from + i]!]! += 1;
  counts[0] = 0;
  let bits = 15;
  while (bits > 1 && counts[bits] === 0) bits -= 1;
  const next = new Uint16Array(17);
  let left = 1;
  for (let length = 1; length <= 15; length += 1) {
    left = left * 2 - counts[length]!;
    if (left < 0) throw malformed('a deflate code has too many symbols');
    next[length + 1] = (next[length]! + counts[length]!) << 1;
  }
  const entries = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < count; symbol += 1) {
    const length = lengths[from + symbol]!;
    if (length === 0) continue;
    let code = next[length]!;
    next[length] = code + 1;
    let reversed = 0;
    for (let i = 0; i < length; i += 1) {
      reversed = (reversed << 1) | (code & 1);
      code >>= 1;
    }
    for (let at = reversed; at < entries.length; at += 1 << length) entries[at] = (symbol << 4) | length;
  }
  return { entries, bits };
}

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const WINDOW = 32_768;
const BUFFER = 1 << 18;

let fixedTables: readonly [Table, Table] | undefined;

function fixed(): readonly [Table, Table] {
  if (fixedTables === undefined) {
    const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
    fixedTables = [tableOf(lengths, 0, 288), tableOf(new Uint8Array(30).fill(5), 0, 30)];
  }
  return fixedTables;
}

/** One deflate stream; chunks are copies. After the end `source` stands at the byte after it. */
class Inflater {
  readonly #source: ByteSource;
  readonly #exact: boolean;
  #input: Uint8Array = new Uint8Array(0);
  #at = 0;
  #hold = 0;
  #held = 0;
  readonly #output = new Uint8Array(BUFFER + WINDOW + 512);
  #start = 0;
  #end = 0;
  #past = 0;

  constructor(source: ByteSource, exact: boolean) {
    this.#source = source;
    this.#exact = exact;
  }

  /** Bits up to the next byte mean nothing (RFC 1951, 3.2.4): every writer leaves them 0. */
  #free(value: number): void {
    if (this.#exact && value !== 0) throw malformed('deflate data with something in bits that mean nothing');
  }

  #byte(): number {
    if (this.#at >= this.#input.length) {
      this.#source.position += this.#at;
      this.#input = this.#source.peek(65_536);
      this.#at = 0;
      // A few bytes beyond the end may be looked at while the last code is read; they count as missing when they are used.
      if (this.#input.length === 0) {
        this.#past += 1;
        if (this.#past > 8) throw new FaultError('truncated', 'the deflate data ends too early');
        return 0;
      }
    }
    const byte = this.#input[this.#at]!;
    this.#at += 1;
    return byte;
  }

  #bits(count: number): number {
    while (this.#held < count) {
      this.#hold |= this.#byte() << this.#held;
      this.#held += 8;
    }
    const value = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#held -= count;
    return value;
  }

  #symbol({ entries, bits }: Table): number {
    while (this.#held < bits) {
      this.#hold |= this.#byte() << this.#held;
      this.#held += 8;
    }
    const entry = entries[this.#hold & ((1 << bits) - 1)]!;
    const length = entry & 15;
    if (length === 0) throw malformed('a deflate code is not there');
    this.#hold >>>= length;
    this.#held -= length;
    return entry >> 4;
  }

  #flush(): Uint8Array {
    const chunk = this.#output.slice(this.#start, this.#end);
    if (this.#end > WINDOW) {
      this.#output.copyWithin(0, this.#end - WINDOW, this.#end);
      this.#end = WINDOW;
    }
    this.#start = this.#end;
    return chunk;
  }

  *run(): Generator<Uint8Array, void> {
    for (let last = false; !last; ) {
      last = this.#bits(1) === 1;
      const type = this.#bits(2);
      if (type === 0) yield* this.#stored();
      else if (type === 1) yield* this.#coded(...fixed());
      else if (type === 2) yield* this.#coded(...this.#dynamic());
      else throw malformed('unknown deflate block');
      if (this.#end > BUFFER) yield this.#flush();
    }
    if (this.#past > this.#held >> 3) throw new FaultError('truncated', 'the deflate data ends too early');
    this.#free(this.#hold & ((1 << (this.#held & 7)) - 1));
    this.#source.position += this.#at - ((this.#held >> 3) - this.#past);
    if (this.#end > this.#start) yield this.#flush();
  }

  *#stored(): Generator<Uint8Array, void> {
    this.#free(this.#bits(this.#held & 7));
    const length = this.#bits(16);
    if ((length ^ 0xffff) !== this.#bits(16)) throw malformed('a stored deflate block has a wrong length');
    for (let i = 0; i < length; i += 1) {
      if (this.#end >= BUFFER + WINDOW) yield this.#flush();
      this.#output[this.#end] = this.#held > 0 ? this.#bits(8) : this.#byte();
      if (this.#past > 0) throw new FaultError('truncated', 'the deflate data ends too early');
      this.#end += 1;
    }
  }

  #dynamic(): readonly [Table, Table] {
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const count = this.#bits(4) + 4;
    if (literals > 286) throw malformed('a deflate block has too many codes');
    const own = new Uint8Array(19);
    for (let i = 0; i < count; i += 1) own[ORDER[i]!] = this.#bits(3);
    const code = tableOf(own, 0, 19);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths[i] = symbol;
        i += 1;
        continue;
      }
      const repeat = symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (i + repeat > lengths.length || (symbol === 16 && i === 0)) throw malformed('deflate code lengths go too far');
      if (symbol === 16) lengths.fill(lengths[i - 1]!, i, i + repeat);
      i += repeat;
    }
    if (lengths[256] === 0) throw malformed('a deflate block has no end');
    return [tableOf(lengths, 0, literals), tableOf(lengths, literals, distances)];
  }

  *#coded(literals: Table, distances: Table): Generator<Uint8Array, void> {
    const output = this.#output;
    for (;;) {
      if (this.#end > BUFFER + WINDOW) yield this.#flush();
      const symbol = this.#symbol(literals);
      if (symbol < 256) {
        output[this.#end] = symbol;
        this.#end += 1;
        if (this.#past > 4) throw new FaultError('truncated', 'the deflate data ends too early');
        continue;
      }
      if (symbol === 256) return;
      if (symbol > 285) throw malformed('a deflate length is out of range');
      const length = LENGTH_BASE[symbol - 257]! + this.#bits(LENGTH_BITS[symbol - 257]!);
      const place = this.#symbol(distances);
      if (place > 29) throw malformed('a deflate distance is out of range');
      const distance = DISTANCE_BASE[place]! + this.#bits(place < 2 ? 0 : (place >> 1) - 1);
      let to = this.#end;
      if (distance > to) throw malformed('a deflate match reaches before the start');
      const stop = to + length;
      for (; to < stop; to += 1) output[to] = output[to - distance]!;
      this.#end = stop;
    }
  }
}

/** `exact`: refuses data that could be written otherwise without a change to what comes out, but for other codes. */
export function* inflate(source: ByteSource, exact = false): Generator<Uint8Array, void> {
  yield* new Inflater(source, exact).run();
}

const le32 = (b: Uint8Array, i: number): number =>
  (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24)) >>> 0;

/** Length of the gzip header (RFC 1952) at `source`, which goes past it; throws when there is none. */
export function gzipHeader(source: ByteSource): { readonly name: string | undefined } {
  const header = source.take(10).slice();
  if (header[0] !== 0x1f || header[1] !== 0x8b || header[2] !== 8) throw malformed('no gzip header');
  const flags = header[3]!;
  if ((flags & 0xe0) !== 0) throw malformed('unknown gzip flags');
  if ((flags & 4) !== 0) {
    const length = source.take(2);
    source.take(length[0]! | (length[1]! << 8));
  }
  const text = (): string => {
    const bytes: number[] = [];
    for (let byte = source.byte(); byte !== 0; byte = source.byte()) {
      bytes.push(byte);
      if (bytes.length > 4096) throw malformed('a gzip name is too long');
    }
    return Buffer.from(bytes).toString('latin1');
  };
  const name = (flags & 8) === 0 ? undefined : text();
  if ((flags & 16) !== 0) text();
  if ((flags & 2) !== 0) source.take(2);
  return { name };
}

/** Decodes gzip members that stand one after the other (`exact`: the first alone); returns where the last ends. */
export function* decodeGzip(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  for (let first = true; ; first = false) {
    const head = source.peek(4);
    const another = head[0] === 0x1f && head[1] === 0x8b && head[2] === 8 && (head[3]! & 0xe0) === 0;
    if (!first && (!another || bounds?.exact === true)) return source.position;
    gzipHeader(source);
    let crc = 0;
    let size = 0;
    for (const chunk of inflate(source, bounds?.exact)) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      guard.add(chunk.length, source.position + 65_536);
      yield chunk;
    }
    const trailer = source.take(8);
    if (le32(trailer, 0) !== crc || le32(trailer, 4) !== size % 2 ** 32) throw malformed('the gzip data fails its CRC');
  }
}

/** Decodes one zlib stream (RFC 1950); returns where it ends. */
export function* decodeZlib(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  const header = source.take(2);
  if (
    (header[0]! & 15) !== 8 ||
    header[0]! >> 4 > 7 ||
    ((header[0]! << 8) | header[1]!) % 31 !== 0 ||
    (header[1]! & 0x20) !== 0
  )
    throw malformed('no zlib header');
  let sum = 1;
  for (const chunk of inflate(source)) {
    sum = adler32(chunk, sum);
    guard.add(chunk.length, source.position + 65_536);
    yield chunk;
  }
  const trailer = source.take(4);
  if (((trailer[0]! << 24) | (trailer[1]! << 16) | (trailer[2]! << 8) | trailer[3]!) >>> 0 !== sum)
    throw malformed('the zlib data fails its check');
  return source.position;
}
