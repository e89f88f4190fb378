/** LZO1X blocks (by the description in the Linux kernel's documentation) and the lzop file format. */
import { crc32 } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { adler32 } from './adler.ts';
import { type Bounds, ByteSource, type Decoded, Guard } from './source.ts';

const malformed = (message: string): FaultError => new FaultError('malformed', message);

/** Decodes one LZO1X block of at most `limit` bytes. */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a hot loop whose state must stay in locals
export function unlzo(input: Uint8Array, limit: number): Uint8Array {
  const output = new Uint8Array(limit);
  const end = input.length;
  let from = 0;
  let to = 0;
  /** Literals after the last instruction: 0 to 3, or 4 after a run of four or more. */
  let state = 0;
  let literals = 0;
  if (end > 0 && input[0]! > 17) {
    literals = input[0]! - 17;
    from = 1;
    state = literals < 4 ? literals : 4;
  }
  for (;;) {
    if (literals > 0) {
      if (from + literals > end || to + literals > limit) throw malformed('LZO literals go beyond the block');
      if (literals > 32) output.set(input.subarray(from, from + literals), to);
      else for (let i = 0; i < literals; i += 1) output[to + i] = input[from + i]!;
      from += literals;
      to += literals;
      literals = 0;
    }
    if (from >= end) throw new FaultError('truncated', 'an LZO block ends too early');
    const code = input[from]!;
    from += 1;
    let distance = 0;
    let length = 0;
    // A zero length field goes on in the bytes that follow: 255 for each zero, and the first other.
    let long = -1;
    if (code < 16 && state === 0) {
      long = code === 0 ? 18 : -1;
      length = code + 3;
    } else if (code >= 32 && code < 64) {
      length = (code & 31) + 2;
      long = length === 2 ? 33 : -1;
    } else if (code >= 16 && code < 32) {
      length = (code & 7) + 2;
      long = length === 2 ? 9 : -1;
    }
    if (long >= 0) {
      length = long;
      while (from < end && input[from] === 0) {
        length += 255;
        from += 1;
      }
      if (from >= end) throw new FaultError('truncated', 'an LZO block ends amid a length');
      length += input[from]!;
      from += 1;
    }
    if (code < 16 && state === 0) {
      literals = length;
      state = 4;
      continue;
    }
    let next = code & 3;
    if (code >= 64 || code < 16) {
      const low = input[from];
      if (low === undefined) throw new FaultError('truncated', 'an LZO block ends amid a match');
      from += 1;
      if (code >= 64) {
        distance = 1 + ((code >> 2) & 7) + (low << 3);
        length = (code >> 5) + 1;
      } else {
        distance = (state === 4 ? 0x801 : 1) + (code >> 2) + (low << 2);
        length = state === 4 ? 3 : 2;
      }
    } else {
      if (from + 2 > end) throw new FaultError('truncated', 'an LZO block ends amid a match');
      const word = input[from]! | (input[from + 1]! << 8);
      from += 2;
      next = word & 3;
      distance = (word >> 2) + 1;
      if (code < 32) {
        distance += ((code & 8) << 11) + 0x3fff;
        // The end of the block is a match of the distance 16384 exactly.
        if (distance === 0x4000) return output.subarray(0, to);
      }
    }
    if (distance > to) throw malformed('an LZO match reaches before the start');
    if (to + length > limit) throw malformed('an LZO match goes beyond the block');
    if (distance >= length && length > 32) output.copyWithin(to, to - distance, to - distance + length);
    else for (let i = 0; i < length; i += 1) output[to + i] = output[to - distance + i]!;
    to += length;
    literals = next;
    state = next;
  }
}

const LZOP = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a];
const MOST_BLOCK = 1 << 26;

/** Decodes an lzop file; returns where it ends. */
export function* decodeLzop(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  const flags = header(source);
  for (;;) {
    const size = be32(source.take(4));
    if (size === 0) return source.position;
    const packed = be32(source.take(4));
    if (size > MOST_BLOCK || packed > size) throw malformed('an lzop block is too large');
    const adler = (flags & 1) === 0 ? undefined : be32(source.take(4));
    const crc = (flags & 0x100) === 0 ? undefined : be32(source.take(4));
    if (packed < size) source.take(((flags & 2) === 0 ? 0 : 4) + ((flags & 0x200) === 0 ? 0 : 4));
    const bytes = source.take(packed);
    const out = packed === size ? bytes.slice() : unlzo(bytes, size);
    if (out.length !== size) throw malformed('an lzop block is not as long as it says');
    if ((adler ?? adler32(out)) !== adler32(out) || (crc ?? crc32(out)) !== crc32(out))
      throw malformed('an lzop block fails its check');
    guard.add(size, source.position);
    yield out;
  }
}

const be16 = (b: Uint8Array): number => (b[0]! << 8) | b[1]!;
const be32 = (b: Uint8Array): number => ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0;

function header(source: ByteSource): number {
  const magic = source.take(9);
  if (LZOP.some((byte, i) => magic[i] !== byte)) throw malformed('no lzop header');
  const start = source.position;
  const version = be16(source.take(2));
  source.take(version >= 0x940 ? 4 : 2);
  const method = source.byte();
  if (method < 1 || method > 3) throw new FaultError('unsupported', `lzop method ${method}`);
  if (version >= 0x940) source.byte();
  const flags = be32(source.take(4));
  source.take(((flags & 0x800) === 0 ? 0 : 4) + 8 + (version >= 0x940 ? 4 : 0));
  source.take(source.byte());
  const length = source.position - start;
  source.position = start;
  const bytes = source.take(length);
  const sum = (flags & 0x1000) === 0 ? adler32(bytes) : crc32(bytes);
  if (be32(source.take(4)) !== sum) throw malformed('the lzop header fails its check');
  if ((flags & 0x40) !== 0) {
    const extra = be32(source.take(4));
    if (extra > 65_536) throw malformed('the lzop header has too large an extra field');
    source.take(extra + 4);
  }
  return flags;
}
