/** Zstandard frames (RFC 8878): their extent by structure, and their content through Node's own decoder or fzstd. */
import * as zlib from 'node:zlib';
import { Decompress, decompress } from 'fzstd';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type Bounds, ByteSource, type Decoded, Guard } from './source.ts';

const malformed = (message: string): FaultError => new FaultError('malformed', message);
const le32 = (b: Uint8Array, i: number): number =>
  (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24)) >>> 0;

export const ZSTD_MAGIC = 0xfd2fb528;
const MOST_WINDOW = 2 ** 28;
const isSkippable = (word: number): boolean => word >= 0x184d2a50 && word <= 0x184d2a5f;

/** Goes past one frame; gives whether it has content. Throws when it is none, or is cut off. */
function frame(source: ByteSource, blob: Blob): boolean {
  const word = le32(source.take(4), 0);
  if (isSkippable(word)) {
    forward(source, blob, le32(source.take(4), 0));
    return false;
  }
  if (word !== ZSTD_MAGIC) throw malformed('no zstd frame');
  const descriptor = source.byte();
  if ((descriptor & 8) !== 0) throw malformed('unknown zstd frame flags');
  const single = (descriptor & 0x20) !== 0;
  if (!single) {
    const byte = source.byte();
    const base = 2 ** (10 + (byte >> 3));
    if (base + (base / 8) * (byte & 7) > MOST_WINDOW)
      throw new FaultError('over-budget', 'the zstd window is larger than 256 MiB');
  }
  const dictionary = source.take([0, 1, 2, 4][descriptor & 3]!);
  if (dictionary.some((byte) => byte !== 0)) throw new FaultError('unsupported', 'the zstd frame needs a dictionary');
  source.take([single ? 1 : 0, 2, 4, 8][descriptor >> 6]!);
  for (;;) {
    const header = source.take(3);
    const block = header[0]! | (header[1]! << 8) | (header[2]! << 16);
    const type = (block >> 1) & 3;
    if (type === 3 || block >> 3 > 131_072) throw malformed('unknown zstd block');
    forward(source, blob, type === 1 ? 1 : block >> 3);
    if ((block & 1) === 1) break;
  }
  if ((descriptor & 4) !== 0) source.take(4);
  return true;
}

function forward(source: ByteSource, blob: Blob, length: number): void {
  if (source.position + length > blob.size) throw new FaultError('truncated', 'the zstd frame ends too early');
  source.position += length;
}

/** Where the frames that start at 0 end. */
export function extentOfZstd(blob: Blob): number {
  const source = new ByteSource(blob);
  frame(source, blob);
  for (;;) {
    const head = source.peek(4);
    const word = head.length === 4 ? le32(head, 0) : 0;
    if (word !== ZSTD_MAGIC && !isSkippable(word)) return source.position;
    frame(source, blob);
  }
}

/** Decodes frames that stand one after the other; returns where the last ends. */
export function* decodeZstd(blob: Blob, bounds?: Bounds): Decoded {
  const end = extentOfZstd(blob);
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  while (source.position < end) {
    const start = source.position;
    if (!frame(source, blob)) continue;
    const ready: Uint8Array[] = [];
    const decoder = new Decompress((chunk) => {
      if (chunk.length > 0) ready.push(chunk.slice());
    });
    for (let at = start; at < source.position; at += 65_536) {
      const stop = Math.min(source.position, at + 65_536);
      told(() => decoder.push(blob.read(at, stop - at).slice(), stop === source.position));
      for (const chunk of ready.splice(0)) {
        guard.add(chunk.length, stop);
        yield chunk;
      }
    }
  }
  return end;
}

const native = (
  zlib as { zstdDecompressSync?: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array }
).zstdDecompressSync;

/** Decodes zstd data in memory of at most `limit` bytes (a block of a file system). */
export function unzstd(bytes: Uint8Array, limit: number): Uint8Array {
  if (native !== undefined) return told(() => native(bytes, { maxOutputLength: limit }));
  // A buffer of the right size keeps the decoder from trusting the size that the frame claims.
  const output = told(() => decompress(bytes, new Uint8Array(limit)));
  return output;
}

/** What a library throws on broken bytes is the bytes' fault. */
function told<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const { message } = thrown as Error;
    throw new FaultError('malformed', `zstd data is broken: ${message}`, { cause: thrown });
  }
}
