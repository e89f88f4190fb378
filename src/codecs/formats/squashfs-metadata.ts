/** The metadata of SquashFS: small compressed blocks that are read as one stream. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { Fields } from './ordered-fields.ts';
import type { BlockReader } from './squashfs-blocks.ts';
import type { Superblock } from './squashfs-super.ts';

const SIZE = 8192;
const KEPT = 2048;

interface Block {
  readonly bytes: Uint8Array;
  /** Where the next block starts in the image. */
  readonly next: number;
}

export class Metadata {
  readonly #blob: Blob;
  readonly #reader: BlockReader;
  readonly #super: Superblock;
  readonly #blocks = new Map<number, Block>();

  constructor(blob: Blob, superblock: Superblock, reader: BlockReader) {
    this.#blob = blob;
    this.#super = superblock;
    this.#reader = reader;
  }

  block(at: number): Block {
    const kept = this.#blocks.get(at);
    if (kept !== undefined) return kept;
    const { little, marked } = this.#super;
    const head = new Fields(this.#blob.read(at, 2), little);
    if (head.size < 2) throw new FaultError('truncated', 'metadata lies beyond the end of the image');
    const word = head.u16(0);
    const length = (word & 0x7fff) === 0 ? 0x8000 : word & 0x7fff;
    const start = at + (marked ? 3 : 2);
    const stored = this.#blob.read(start, length);
    if (stored.length < length) throw new FaultError('truncated', 'metadata lies beyond the end of the image');
    const plain = (word & 0x8000) !== 0;
    if (plain && length > SIZE) throw new FaultError('malformed', 'a metadata block is too large');
    const bytes = plain ? stored.slice() : this.#reader.read(stored, SIZE).slice();
    const block = { bytes, next: start + length };
    if (this.#blocks.size >= KEPT) this.#blocks.delete(this.#blocks.keys().next().value ?? 0);
    this.#blocks.set(at, block);
    return block;
  }

  /** A place in the stream whose block starts at `at` in the image. */
  cursor(at: number, offset: number): Cursor {
    return new Cursor(this, at, offset, this.#super.little);
  }
}

/** Reads records one after the other, over the bounds of blocks. */
export class Cursor {
  readonly #metadata: Metadata;
  readonly #little: boolean;
  #at: number;
  #offset: number;

  constructor(metadata: Metadata, at: number, offset: number, little: boolean) {
    this.#metadata = metadata;
    this.#at = at;
    this.#offset = offset;
    this.#little = little;
  }

  take(length: number): Fields {
    if (length > 1 << 20) throw new FaultError('over-budget', 'a metadata record is larger than 1 MiB');
    let block = this.#metadata.block(this.#at);
    if (this.#offset + length <= block.bytes.length) {
      const found = new Fields(block.bytes.subarray(this.#offset, this.#offset + length), this.#little);
      this.#offset += length;
      return found;
    }
    const bytes = new Uint8Array(length);
    let have = 0;
    while (have < length) {
      const part = block.bytes.subarray(this.#offset, this.#offset + length - have);
      bytes.set(part, have);
      have += part.length;
      this.#offset += part.length;
      if (have === length) break;
      if (this.#offset > block.bytes.length || block.bytes.length === 0)
        throw new FaultError('malformed', 'a metadata reference points beyond its block');
      this.#at = block.next;
      this.#offset = 0;
      block = this.#metadata.block(this.#at);
    }
    return new Fields(bytes, this.#little);
  }
}
