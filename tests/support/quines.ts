/** Archives that hold themselves, after Russ Cox's construction: a program for DEFLATE that prints itself between a header and a trailer. */
import { crc32 } from 'node:zlib';

/** A stored block of `size` bytes; the bytes follow. */
function stored(size: number, last = false): Buffer {
  const block = Buffer.alloc(5);
  block[0] = last ? 1 : 0;
  block.writeUInt16LE(size, 1);
  block.writeUInt16LE(~size & 0xffff, 3);
  return block;
}

class Bits {
  readonly bits: number[] = [];

  /** Numbers have their low bit first. */
  number(value: number, count: number): void {
    for (let bit = 0; bit < count; bit += 1) this.bits.push((value >> bit) & 1);
  }

  /** Codes of Huffman have their high bit first. */
  code(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit -= 1) this.bits.push((value >> bit) & 1);
  }

  bytes(): Buffer {
    const result = Buffer.alloc(this.bits.length / 8);
    for (const [at, bit] of this.bits.entries()) result[at >> 3] = (result[at >> 3] ?? 0) | (bit << (at & 7));
    return result;
  }
}

/** Bases with their extra bits, of RFC 1951, 3.2.5. */
const LENGTHS = Array.from({ length: 28 }, (_, index) => {
  const extra = index < 8 ? 0 : (index >> 2) - 1;
  return { base: index < 8 ? index + 3 : ((4 + (index & 3)) << extra) + 3, extra };
});
const DISTANCES = Array.from({ length: 30 }, (_, index) => {
  const extra = index < 4 ? 0 : (index >> 1) - 1;
  return { base: index < 4 ? index + 1 : ((2 + (index & 1)) << extra) + 1, extra };
});
type Range = (typeof LENGTHS)[number];

const indexIn = (ranges: readonly Range[], value: number): number => ranges.findLastIndex(({ base }) => base <= value);

function match(into: Bits, length: number, distance: number): void {
  const [long, far] = [indexIn(LENGTHS, length), indexIn(DISTANCES, distance)];
  if (long < 23) into.code(long + 1, 7);
  else into.code(0b11000000 + long - 23, 8);
  into.number(length - (LENGTHS[long]?.base ?? 0), LENGTHS[long]?.extra ?? 0);
  into.code(far, 5);
  into.number(distance - (DISTANCES[far]?.base ?? 0), DISTANCES[far]?.extra ?? 0);
}

/** Blocks that repeat the last `size` bytes and end with a whole byte. */
function repeat(size: number): Buffer {
  const bits = new Bits();
  bits.number(0b010, 3);
  // Two matches of one length and distance 20 fill five bytes to the bit.
  for (const length of size === 20 ? [10, 10] : [size]) match(bits, length, size);
  bits.code(0, 7);
  // Empty blocks have ten bits each; a stored one goes on to the next byte.
  if (bits.bits.length === 30) {
    bits.number(0b010, 3);
    bits.code(0, 7);
  }
  if (bits.bits.length % 8 === 0) return bits.bytes();
  bits.number(0, 3);
  while (bits.bits.length % 8 !== 0) bits.number(0, 1);
  return Buffer.concat([bits.bytes(), Buffer.from([0, 0, 0xff, 0xff])]);
}

/** Header, program and trailer, of which the program unpacks to all three. */
function program(prefix: Buffer, suffix: Buffer): Buffer {
  const again = repeat(prefix.length + 5);
  if (again.length !== 5) throw new RangeError('the header has a length for which there is no block of five bytes');
  const four = repeat(20);
  const [l0, l1, l4] = [stored(0), stored(5), stored(20)];
  const ending = endingFor(suffix);
  const header = stored(prefix.length + 5);
  const tail = stored(ending.length + suffix.length);
  return Buffer.concat([
    ...[prefix, header, prefix, header, again],
    ...[l1, again, l1, l1, l4, again, l1, l1, l4, four],
    ...[l4, four, l4, four, l4, four],
    ...[l4, four, l0, l0, tail, four],
    ...[l0, l0, tail, ending, suffix, ending, suffix],
  ]);
}

/** The block that repeats itself and the trailer. */
function endingFor(suffix: Buffer): Buffer {
  for (let size = 5; size < 16; size += 1) {
    const block = repeat(suffix.length + size);
    if (block.length === size) return block;
  }
  throw new RangeError('no block repeats itself and the trailer');
}

/** The sum stands in what it is the sum of: it is found by solving its 32 equations, which are linear. */
function solved(make: (sum: number) => Buffer): Buffer {
  const sumOf = (sum: number): number => crc32(make(sum));
  const zero = sumOf(0);
  // Row by row: which bits of the sum must be odd together; the right side is bit 32.
  const columns = Array.from({ length: 32 }, (_, bit) => (sumOf((1 << bit) >>> 0) ^ zero ^ (1 << bit)) >>> 0);
  const rows = Array.from({ length: 32 }, (_, row) => {
    let mask = 0n;
    for (const [bit, column] of columns.entries()) if ((column >>> row) & 1) mask |= 1n << BigInt(bit);
    return mask | (BigInt((zero >>> row) & 1) << 32n);
  });
  const pivots = new Map<number, number>();
  for (let bit = 0; bit < 32; bit += 1) {
    const has = (row: bigint): boolean => ((row >> BigInt(bit)) & 1n) === 1n;
    const pivot = rows.findIndex((row, index) => has(row) && ![...pivots.values()].includes(index));
    if (pivot === -1) continue;
    pivots.set(bit, pivot);
    for (const [index, row] of rows.entries()) if (index !== pivot && has(row)) rows[index] = row ^ (rows[pivot] ?? 0n);
  }
  let sum = 0;
  for (const [bit, index] of pivots) if (((rows[index] ?? 0n) >> 32n) & 1n) sum = (sum | (1 << bit)) >>> 0;
  const made = make(sum);
  if (crc32(made) !== sum) throw new RangeError('no sum fits: take another name');
  return made;
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** A gzip file that unpacks to itself. */
export function gzipQuine(): Buffer {
  // With a name of four letters the header has 15 bytes.
  const prefix = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.from('self\0')]);
  const make = (sum: number, size: number): Buffer =>
    program(prefix, Buffer.concat([stored(0, true), u32(sum), u32(size)]));
  const { length } = make(0, 0);
  return solved((sum) => make(sum, length));
}

/** A zip archive with itself in it, under a name that makes the header as long as the construction needs it. */
export function zipQuine(): Buffer {
  const name = Buffer.from('this-archive-holds-itself-.zip');
  const directorySize = 46 + name.length;
  const make = (sum: number, size: number, packed: number): Buffer => {
    // Version 2.0 without flags, deflated, no time, the sum and both sizes, the length of the name, nothing extra.
    const shared = Buffer.concat([
      ...[u32(20), u32(8).subarray(0, 2), u32(0), u32(sum), u32(packed), u32(size), u32(name.length)],
    ]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, name]);
    const entry = Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), shared, Buffer.alloc(14), name]);
    const end = Buffer.concat([
      ...[Buffer.from('PK\x05\x06\0\0\0\0\x01\0\x01\0'), u32(directorySize)],
      ...[u32(size - directorySize - 22), Buffer.alloc(2)],
    ]);
    return program(local, Buffer.concat([stored(0, true), entry, end]));
  };
  const size = make(0, 0, 0).length;
  const packed = size - (30 + name.length) - directorySize - 22;
  return solved((sum) => make(sum, size, packed));
}
