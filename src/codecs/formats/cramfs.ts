/** CramFS in both byte orders, with holes, stored blocks, direct pointers and files that are executed in place. */
import { inflateSync } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import {
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  oldDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  zeros,
} from './inodes.ts';
import { Fields, textOf } from './ordered-fields.ts';

const MAGIC = 0x28cd3d45;
const PAGE = 4096;
const STORED = 0x80000000;
const DIRECT = 0x40000000;
const STICKY = 0o1000;

/** Pointers have the two flags above (CRAMFS_FLAG_EXT_BLOCK_POINTERS). */
const EXTENDED = 0x800;

export interface CramfsSuper {
  readonly little: boolean;
  readonly size: number;
  readonly extended: boolean;
}

export function cramfsSuper(blob: Blob, offset = 0): CramfsSuper | undefined {
  const bytes = blob.read(offset, 76);
  if (bytes.length < 76) return undefined;
  const little = bytes[0] === 0x45;
  const fields = new Fields(bytes, little);
  if (fields.u32(0) !== MAGIC || fields.text(16, 16) !== 'Compressed ROMFS') return undefined;
  // Images of the first version say no size; they are then all there is.
  const size = (fields.u32(8) & 1) === 1 ? fields.u32(4) : blob.size - offset;
  return size >= 76 ? { little, size, extended: (fields.u32(8) & EXTENDED) !== 0 } : undefined;
}

interface Inode {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nameLength: number;
  readonly offset: number;
}

export function openCramfs(blob: Blob): InodeSource {
  const superblock = cramfsSuper(blob);
  if (superblock === undefined) throw new FaultError('malformed', 'no CramFS superblock');
  return new Cramfs(blob, superblock);
}

class Cramfs implements InodeSource {
  /** Inodes are known by where they lie. */
  readonly root = 64;
  readonly #blob: Blob;
  readonly #little: boolean;
  readonly #extended: boolean;

  constructor(blob: Blob, { little, extended }: CramfsSuper) {
    this.#blob = blob;
    this.#little = little;
    this.#extended = extended;
  }

  #fields(at: number, length: number): Fields {
    const bytes = this.#blob.read(at, length);
    if (bytes.length < length) throw new FaultError('truncated', 'it lies beyond the end of the image');
    return new Fields(bytes, this.#little);
  }

  #inode(at: number): Inode {
    const fields = this.#fields(at, 12);
    const [second, third] = [fields.u32(4), fields.u32(8)];
    return {
      mode: fields.u16(0),
      uid: fields.u16(2),
      ...(this.#little
        ? { size: second & 0xffffff, gid: second >>> 24, nameLength: (third & 63) * 4, offset: (third >>> 6) * 4 }
        : { size: second >>> 8, gid: second & 0xff, nameLength: (third >>> 26) * 4, offset: (third & 0x3ffffff) * 4 }),
    };
  }

  *entries(directory: number): Generator<NamedInode> {
    const { offset, size } = this.#inode(directory);
    for (let at = offset; at < offset + size; ) {
      const { nameLength } = this.#inode(at);
      if (nameLength === 0) throw new FaultError('malformed', 'an entry without a name');
      const bytes = this.#fields(at + 12, nameLength).bytes;
      const end = bytes.indexOf(0);
      yield { name: textOf(end < 0 ? bytes : bytes.subarray(0, end)), key: at };
      at += 12 + nameLength;
    }
  }

  inode(key: number): InodeRecord {
    const inode = this.#inode(key);
    const { mode, uid, gid, size } = inode;
    const record = { mode, uid, gid };
    const type = mode & S_IFMT;
    if (type === S_IFCHR || type === S_IFBLK) return { ...record, device: oldDevice(size) };
    if (type === S_IFLNK) return { ...record, target: textOf(Buffer.concat([...this.#content(inode)])) };
    if (type === S_IFREG) return { ...record, content: () => this.#content(inode) };
    return type === S_IFDIR ? record : { ...record };
  }

  *#content(inode: Inode): Generator<Uint8Array> {
    const { size, offset, mode } = inode;
    if (size === 0) return;
    const count = Math.ceil(size / PAGE);
    const pointers = this.#fields(offset, count * 4);
    let previous = offset + count * 4;
    const inPlace = !this.#extended && (mode & STICKY) !== 0 && (mode & S_IFMT) === S_IFREG;
    if (inPlace && !orderly(pointers, count, previous, this.#blob.size)) {
      // Files to be executed in place are stored as they are, from the offset on.
      for (let at = 0; at < size; at += 1 << 20) yield this.#fields(offset + at, Math.min(1 << 20, size - at)).bytes;
      return;
    }
    for (let i = 0; i < count; i += 1) {
      const pointer = pointers.u32(i * 4);
      const wanted = Math.min(PAGE, size - i * PAGE);
      const flags = this.#extended ? pointer & (STORED | DIRECT) : 0;
      const place = flags === 0 ? pointer : pointer & ~(STORED | DIRECT);
      let start = previous;
      let length = 0;
      if ((flags & DIRECT) === 0) {
        length = place - start;
        previous = place;
      } else {
        start = place * 4;
        length = wanted;
        if ((flags & STORED) === 0) {
          length = this.#fields(start, 2).u16(0);
          start += 2;
        }
        previous = start + length;
      }
      if (length === 0) yield* zeros(wanted);
      else if (length < 0 || length > PAGE * 2) throw new FaultError('malformed', 'a block has no possible length');
      else {
        const bytes = this.#fields(start, length).bytes;
        const out = (flags & STORED) !== 0 ? bytes : inflated(bytes);
        if (out.length < wanted) throw new FaultError('malformed', 'a block holds less than it should');
        yield out.subarray(0, wanted);
      }
    }
  }
}

/** Whether pointers go up and stay inside: what stored bytes do by chance only. */
function orderly(pointers: Fields, count: number, start: number, size: number): boolean {
  let before = start;
  for (let i = 0; i < count; i += 1) {
    const place = pointers.u32(i * 4);
    if (place < before || place > size || place - before > PAGE * 2) return false;
    before = place;
  }
  return true;
}

function inflated(bytes: Uint8Array): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: PAGE });
  } catch (thrown) {
    throw new FaultError('malformed', 'a block is no zlib data', { cause: thrown });
  }
}
