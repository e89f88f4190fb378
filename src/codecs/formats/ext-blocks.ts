/** Where the content of an ext inode lies: extent trees and block maps. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { Fields } from './ordered-fields.ts';

/** `count` blocks from `block` of the file on; without a place they are zeros. */
export interface Run {
  readonly block: number;
  readonly count: number;
  readonly place: number | undefined;
}

const EXTENTS = 0x80000;

export function* fileRuns(blob: Blob, raw: Fields, blockSize: number): Generator<Run> {
  if ((raw.u32(32) & EXTENTS) !== 0) {
    yield* extents(blob, new Fields(raw.slice(40, 60), true), blockSize, 6);
    return;
  }
  const map = new BlockMap(blob, blockSize);
  for (let i = 0; i < 12; i += 1) yield* map.direct(raw.u32(40 + i * 4));
  for (let level = 1; level <= 3; level += 1) yield* map.indirect(raw.u32(40 + (11 + level) * 4), level);
}

function blockAt(blob: Blob, place: number, blockSize: number): Fields {
  const bytes = blob.read(place * blockSize, blockSize);
  if (bytes.length < blockSize) throw new FaultError('truncated', 'a block lies beyond the end of the image');
  return new Fields(bytes, true);
}

function* extents(blob: Blob, node: Fields, blockSize: number, depth: number): Generator<Run> {
  if (node.u16(0) !== 0xf30a || depth === 0) throw new FaultError('malformed', 'a node of an extent tree is broken');
  const count = node.u16(2);
  if (12 + count * 12 > node.size) throw new FaultError('malformed', 'a node of an extent tree has too many entries');
  const leaf = node.u16(6) === 0;
  for (let i = 0; i < count; i += 1) {
    const at = 12 + i * 12;
    if (leaf) {
      const length = node.u16(at + 4);
      const place = node.u16(at + 6) * 2 ** 32 + node.u32(at + 8);
      // Longer ones were set aside and never written.
      yield length > 32_768
        ? { block: node.u32(at), count: length - 32_768, place: undefined }
        : { block: node.u32(at), count: length, place };
    } else {
      const place = node.u32(at + 4) + node.u16(at + 8) * 2 ** 32;
      yield* extents(blob, blockAt(blob, place, blockSize), blockSize, depth - 1);
    }
  }
}

/** The classic map of block numbers, in order; goes on counting over holes. */
class BlockMap {
  readonly #blob: Blob;
  readonly #blockSize: number;
  #next = 0;

  constructor(blob: Blob, blockSize: number) {
    this.#blob = blob;
    this.#blockSize = blockSize;
  }

  *direct(place: number): Generator<Run> {
    const block = this.#next;
    this.#next += 1;
    if (place !== 0) yield { block, count: 1, place };
  }

  *indirect(place: number, level: number): Generator<Run> {
    const each = this.#blockSize / 4;
    if (place === 0) {
      this.#next += each ** level;
      return;
    }
    const list = blockAt(this.#blob, place, this.#blockSize);
    for (let i = 0; i < each; i += 1) {
      if (level === 1) yield* this.direct(list.u32(i * 4));
      else yield* this.indirect(list.u32(i * 4), level - 1);
    }
  }
}
