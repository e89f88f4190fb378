/** Android sparse images: chunks that make a larger image, as img2simg writes them. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

interface Chunk {
  readonly type: number;
  readonly blocks: number;
  readonly start: number;
  readonly end: number;
}

function headerAt(
  blob: Blob,
  offset: number,
): { block: number; total: number; chunks: number; first: number; step: number } | undefined {
  const head = header(blob, offset, 28);
  if (head === undefined || head.readUInt16LE(4) !== 1) return undefined;
  const [first, step, block] = [head.readUInt16LE(8), head.readUInt16LE(10), head.readUInt32LE(12)];
  if (first! < 28 || step! < 12 || block! === 0 || block! % 4 !== 0 || block! > 2 ** 26) return undefined;
  return { block: block!, total: head.readUInt32LE(16), chunks: head.readUInt32LE(20), first: first!, step: step! };
}

function* chunksAt(blob: Blob, offset: number): Generator<Chunk> {
  const head = headerAt(blob, offset);
  let at = offset + (head?.first ?? 0);
  for (let index = 0; index < (head?.chunks ?? 0); index++) {
    const bytes = header(blob, at, 12);
    if (bytes === undefined)
      throw new FaultError('truncated', `sparse image ends at chunk ${index} of ${head?.chunks}`);
    const size = bytes.readUInt32LE(8);
    if (size < 12) throw new FaultError('malformed', 'sparse chunk of no size');
    yield {
      type: bytes.readUInt16LE(0),
      blocks: bytes.readUInt32LE(4),
      start: at + (head?.step ?? 12),
      end: at + size,
    };
    at += size;
  }
}

const BLANK = new Uint8Array(1 << 16);

function* expanded(blob: Blob, block: number): Generator<Uint8Array> {
  for (const { type, blocks, start, end } of chunksAt(blob, 0)) {
    const size = blocks * block;
    if (type === 0xcac1) {
      if (end - start !== size || end > blob.size)
        throw new FaultError('truncated', 'raw sparse chunk of the wrong size');
      yield* chunksOf(blob.slice(start, end));
    } else if (type === 0xcac2 || type === 0xcac3) {
      const pattern = type === 0xcac2 ? blob.read(start, 4) : BLANK.subarray(0, 4);
      const piece = pattern.every((byte) => byte === 0) ? BLANK : Buffer.alloc(BLANK.length, pattern);
      for (let left = size; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(piece.length, left));
    } else if (type !== 0xcac4) throw new FaultError('malformed', `sparse chunk of type ${type.toString(16)}`);
  }
}

export const androidSparse: Unpacker = {
  id: 'image/android-sparse',
  title: 'Android sparse image',
  class: 'image',
  magic: [{ bytes: [0x3a, 0xff, 0x26, 0xed] }],
  locate(blob, offset) {
    const head = headerAt(blob, offset);
    if (head === undefined) return undefined;
    let end = offset + head.first;
    let blocks = 0;
    for (const chunk of chunksAt(blob, offset)) {
      end = chunk.end;
      blocks += chunk.blocks;
    }
    return blocks === head.total ? { start: offset, end, note: `${blocks} blocks of ${head.block}` } : undefined;
  },
  async unpack(container, into) {
    const head = headerAt(container, 0);
    if (head === undefined) throw new FaultError('malformed', 'no sparse header');
    await into.part('image', expanded(container, head.block));
  },
};
