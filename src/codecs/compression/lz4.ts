/** LZ4: blocks, frames (version 1.6 of the frame format) and the legacy frames of Linux kernels. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type Bounds, ByteSource, type Decoded, Guard } from './source.ts';

const malformed = (message: string): FaultError => new FaultError('malformed', message);
const le32 = (b: Uint8Array, i: number): number =>
  (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24)) >>> 0;

/**
 * Decodes one block into `output` from `at` on (what stands before is its history); gives the end of what was written.
 * `partial`: it is enough to fill the output, whatever comes after.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: a hot loop whose state must stay in locals
export function lz4Block(input: Uint8Array, output: Uint8Array, at = 0, partial = false): number {
  const end = input.length;
  let from = 0;
  let to = at;
  while (from < end) {
    const token = input[from]!;
    from += 1;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (from >= end) throw malformed('an LZ4 block ends amid a length');
        more = input[from]!;
        from += 1;
        literals += more;
      }
    }
    if (partial && to + literals >= output.length) literals = output.length - to;
    if (from + literals > end || to + literals > output.length) throw malformed('LZ4 literals go beyond the block');
    if (literals > 32) output.set(input.subarray(from, from + literals), to);
    else for (let i = 0; i < literals; i += 1) output[to + i] = input[from + i]!;
    from += literals;
    to += literals;
    if (from >= end || (partial && to === output.length)) break;
    if (from + 2 > end) throw malformed('an LZ4 block ends amid a match');
    const distance = input[from]! | (input[from + 1]! << 8);
    from += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255) {
        if (from >= end) throw malformed('an LZ4 block ends amid a length');
        more = input[from]!;
        from += 1;
        length += more;
      }
    }
    if (distance === 0 || distance > to) throw malformed('an LZ4 match reaches before the start');
    if (partial && to + length > output.length) length = output.length - to;
    if (to + length > output.length) throw malformed('an LZ4 match goes beyond the block');
    if (distance >= length && length > 32) output.copyWithin(to, to - distance, to - distance + length);
    else for (let i = 0; i < length; i += 1) output[to + i] = output[to - distance + i]!;
    to += length;
  }
  return to;
}

/** Decodes one block of at most `limit` bytes. */
export function unlz4(input: Uint8Array, limit: number): Uint8Array {
  const output = new Uint8Array(limit);
  return output.subarray(0, lz4Block(input, output));
}

const FRAME = 0x184d2204;
const LEGACY = 0x184c2102;
const HISTORY = 65_536;

export function isLz4Frame(word: number): boolean {
  return word === FRAME || word === LEGACY || (word >= 0x184d2a50 && word <= 0x184d2a5f);
}

/** Decodes frames of any kind that stand one after the other; returns where the last ends. */
export function* decodeLz4(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  let any = false;
  for (;;) {
    const head = source.peek(4);
    const word = head.length === 4 ? le32(head, 0) : 0;
    if (!isLz4Frame(word)) {
      if (!any) throw malformed('no LZ4 frame');
      return source.position;
    }
    any = true;
    source.position += 4;
    if (word === LEGACY) yield* legacy(source, guard);
    else if (word === FRAME) yield* frame(source, guard);
    else {
      const skip = le32(source.take(4), 0);
      if (source.position + skip > blob.size) throw new FaultError('truncated', 'an LZ4 frame ends too early');
      source.position += skip;
    }
  }
}

const SIZES = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22];

function* frame(source: ByteSource, guard: Guard): Generator<Uint8Array, void> {
  const [flags, descriptor] = source.take(2) as Uint8Array & [number, number];
  if (flags >> 6 !== 1 || (flags & 2) !== 0) throw malformed('unknown LZ4 frame version');
  const most = SIZES[(descriptor >> 4) & 7]!;
  if (most === 0 || (descriptor & 0x8f) !== 0) throw malformed('unknown LZ4 block size');
  if ((flags & 1) !== 0) throw new FaultError('unsupported', 'the LZ4 frame needs a dictionary');
  const size = (flags & 8) === 0 ? undefined : source.take(8).slice();
  source.take(1);
  const linked = (flags & 0x20) === 0;
  const buffer = new Uint8Array(HISTORY + most);
  let history = 0;
  let total = 0;
  for (;;) {
    const word = le32(source.take(4), 0);
    if (word === 0) break;
    const length = word & 0x7fffffff;
    if (length > most) throw malformed('an LZ4 block is larger than its frame allows');
    const packed = source.take(length);
    let end = history + length;
    if (word >>> 31 === 1) buffer.set(packed, history);
    else end = lz4Block(packed, buffer.subarray(0, history + most), history);
    guard.add(end - history, source.position);
    total += end - history;
    yield buffer.slice(history, end);
    if ((flags & 0x10) !== 0) source.take(4);
    if (!linked) continue;
    const keep = Math.min(end, HISTORY);
    buffer.copyWithin(0, end - keep, end);
    history = keep;
  }
  if ((flags & 4) !== 0) source.take(4);
  if (size !== undefined && le32(size, 0) + le32(size, 4) * 2 ** 32 !== total)
    throw malformed('an LZ4 frame is not as long as it says');
}

const LEGACY_BLOCK = 1 << 23;

function* legacy(source: ByteSource, guard: Guard): Generator<Uint8Array, void> {
  for (let first = true; ; first = false) {
    const head = source.peek(4);
    if (head.length < 4) return;
    const length = le32(head, 0);
    // The end is told by nothing: another frame, padding, or a length that no block can have.
    if (length === 0 || isLz4Frame(length) || length > LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16) return;
    source.position += 4;
    if (source.peek(length).length < length) {
      if (first) throw new FaultError('truncated', 'an LZ4 block ends too early');
      source.position -= 4;
      return;
    }
    const out = unlz4(source.take(length), LEGACY_BLOCK);
    guard.add(out.length, source.position);
    yield out;
    if (out.length < LEGACY_BLOCK) return;
  }
}
