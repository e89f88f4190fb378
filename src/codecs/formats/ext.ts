/** ext2, ext3 and ext4: superblock, groups, inodes and directories. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { fileRuns } from './ext-blocks.ts';
import { extXattrs, INLINE } from './ext-xattrs.ts';
import {
  checkSize,
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  newDevice,
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

const ROOT = 2;
export const Flag = { extents: 0x80000, inline: 0x10000000, encrypted: 0x800 } as const;
const Incompat = { recover: 4, metaGroups: 0x10, wide: 0x80, known: 0x3ffff } as const;

export interface ExtSuper {
  readonly kind: 'ext2' | 'ext3' | 'ext4';
  readonly blockSize: number;
  readonly blocks: number;
  readonly inodes: number;
  readonly inodesPerGroup: number;
  readonly blocksPerGroup: number;
  readonly inodeSize: number;
  readonly first: number;
  readonly descriptorSize: number;
  readonly firstMetaGroup: number;
  readonly dirty: boolean;
  /** Space is given out in clusters of several blocks. */
  readonly clustered: boolean;
}

export function extSuper(blob: Blob, offset = 0): ExtSuper | undefined {
  const bytes = blob.read(offset + 1024, 1024);
  if (bytes.length < 1024) return undefined;
  const fields = new Fields(bytes, true);
  const shift = fields.u32(24);
  if (fields.u16(56) !== 0xef53 || shift > 6) return undefined;
  const incompat = fields.u32(96);
  const wide = (incompat & Incompat.wide) !== 0;
  const found: ExtSuper = {
    kind: (incompat & 0x3c0) !== 0 ? 'ext4' : (fields.u32(92) & 4) !== 0 ? 'ext3' : 'ext2',
    blockSize: 1024 << shift,
    blocks: fields.u32(4) + (wide ? fields.u32(0x150) * 2 ** 32 : 0),
    inodes: fields.u32(0),
    inodesPerGroup: fields.u32(40),
    blocksPerGroup: fields.u32(32),
    inodeSize: fields.u32(76) === 0 ? 128 : fields.u16(88),
    first: fields.u32(20),
    descriptorSize: wide ? Math.max(32, fields.u16(254)) : 32,
    firstMetaGroup: (incompat & Incompat.metaGroups) === 0 ? Number.POSITIVE_INFINITY : fields.u32(260),
    dirty: (incompat & Incompat.recover) !== 0,
    clustered: (fields.u32(100) & 0x200) !== 0,
  };
  return plausible(found) ? found : undefined;
}

function plausible(found: ExtSuper): boolean {
  const { blockSize, blocks, inodes, inodesPerGroup, blocksPerGroup, inodeSize, first, clustered } = found;
  if (blocks < 8 || blocks > 2 ** 36 || inodes < 11 || inodesPerGroup === 0 || blocksPerGroup === 0) return false;
  if ((blocksPerGroup > blockSize * 8 && !clustered) || inodesPerGroup > blockSize * 8 || first > 1) return false;
  return inodeSize >= 128 && inodeSize <= blockSize && (inodeSize & (inodeSize - 1)) === 0;
}

export function openExt(blob: Blob): InodeSource {
  const superblock = extSuper(blob);
  if (superblock === undefined) throw new FaultError('malformed', 'no ext superblock');
  return new Ext(blob, superblock);
}

class Ext implements InodeSource {
  readonly root = ROOT;
  readonly faults: readonly string[];
  readonly #blob: Blob;
  readonly #super: ExtSuper;

  constructor(blob: Blob, superblock: ExtSuper) {
    this.#blob = blob;
    this.#super = superblock;
    this.faults = superblock.dirty ? ['the journal was not played back: the newest changes may be missing'] : [];
  }

  #fields(at: number, length: number): Fields {
    const bytes = this.#blob.read(at, length);
    if (bytes.length < length) throw new FaultError('truncated', 'it lies beyond the end of the image');
    return new Fields(bytes, true);
  }

  /** Where the inode table of a group starts. */
  #table(group: number): number {
    const { blockSize, descriptorSize, first, firstMetaGroup, blocksPerGroup } = this.#super;
    const perBlock = blockSize / descriptorSize;
    const meta = Math.floor(group / perBlock);
    // With blocks of 1 KiB the superblock has the second one, whatever the first block of data is.
    let at = ((blockSize === 1024 ? 1 : 0) + 1) * blockSize + group * descriptorSize;
    if (meta >= firstMetaGroup) {
      const start = first + meta * perBlock * blocksPerGroup;
      // The first group of all has the superblock before its descriptors.
      at = (start + (meta === 0 ? 1 : 0)) * blockSize + (group % perBlock) * descriptorSize;
    }
    const fields = this.#fields(at, descriptorSize);
    return (fields.u32(8) + (descriptorSize >= 64 ? fields.u32(40) * 2 ** 32 : 0)) * blockSize;
  }

  #raw(key: number): Fields {
    const { inodes, inodesPerGroup, inodeSize } = this.#super;
    if (key < 1 || key > inodes) throw new FaultError('malformed', `inode ${key} is out of range`);
    const group = Math.floor((key - 1) / inodesPerGroup);
    return this.#fields(this.#table(group) + ((key - 1) % inodesPerGroup) * inodeSize, inodeSize);
  }

  inode(key: number): InodeRecord {
    const raw = this.#raw(key);
    const mode = raw.u16(0);
    const type = mode & S_IFMT;
    const xattrs = extXattrs(this.#blob, raw, this.#super.blockSize);
    const { [INLINE]: inline, ...shown } = xattrs;
    const record = {
      mode,
      uid: raw.u16(2) + raw.u16(120) * 65_536,
      gid: raw.u16(24) + raw.u16(122) * 65_536,
      mtime: raw.u32(16),
      xattrs: shown,
    };
    if ((raw.u32(32) & Flag.encrypted) !== 0 && type !== S_IFDIR)
      throw new FaultError('encrypted', `inode ${key} is encrypted`);
    const size = raw.u32(4) + (type === S_IFREG ? raw.u32(108) * 2 ** 32 : 0);
    if (type === S_IFLNK) return { ...record, target: this.#target(raw, size, inline) };
    if (type === S_IFCHR || type === S_IFBLK)
      return { ...record, device: raw.u32(40) === 0 ? newDevice(raw.u32(44)) : oldDevice(raw.u32(40)) };
    if (type === S_IFREG) return { ...record, content: () => this.#content(raw, size, inline) };
    return record;
  }

  #target(raw: Fields, size: number, inline: string | undefined): string {
    if (size > 65_536) throw new FaultError('malformed', 'a symbolic link is longer than any path may be');
    // Short ones lie where the block numbers would.
    if (size < 60 && (raw.u32(32) & (Flag.extents | Flag.inline)) === 0) return raw.text(40, size);
    return textOf(Buffer.concat([...this.#content(raw, size, inline)]));
  }

  *#content(raw: Fields, size: number, inline: string | undefined): Generator<Uint8Array> {
    if ((raw.u32(32) & Flag.inline) !== 0) {
      const bytes = Buffer.concat([raw.slice(40, 60), Buffer.from(inline ?? '', 'latin1')]);
      if (bytes.length < size) throw new FaultError('malformed', 'inline data is shorter than its file');
      yield bytes.subarray(0, size);
      return;
    }
    checkSize(size, this.#blob.size);
    const { blockSize } = this.#super;
    let at = 0;
    for (const { block, count, place } of fileRuns(this.#blob, raw, blockSize)) {
      const start = block * blockSize;
      if (start >= size) break;
      if (start < at) throw new FaultError('malformed', 'the blocks of a file are out of order');
      yield* zeros(start - at);
      const end = Math.min(size, start + count * blockSize);
      for (at = start; at < end; at += 1 << 20) {
        const length = Math.min(1 << 20, end - at);
        if (place === undefined) yield* zeros(length);
        else yield this.#fields(place * blockSize + at - start, length).bytes;
      }
      at = end;
    }
    yield* zeros(size - at);
  }

  *entries(directory: number): Generator<NamedInode> {
    const raw = this.#raw(directory);
    const size = raw.u32(4);
    if ((raw.u32(32) & Flag.inline) !== 0) {
      const { [INLINE]: inline } = extXattrs(this.#blob, raw, this.#super.blockSize);
      // The first four bytes name the parent.
      yield* names(new Fields(raw.slice(44, 56), true));
      if (inline !== undefined) yield* names(new Fields(Buffer.from(inline, 'latin1'), true));
      return;
    }
    let block: Uint8Array[] = [];
    let have = 0;
    for (const chunk of this.#content(raw, size, undefined)) {
      block.push(chunk);
      have += chunk.length;
      if (have % this.#super.blockSize !== 0) continue;
      yield* this.#listed(Buffer.concat(block));
      block = [];
      have = 0;
    }
  }

  *#listed(bytes: Buffer): Generator<NamedInode> {
    const { blockSize } = this.#super;
    for (let at = 0; at < bytes.length; at += blockSize)
      yield* names(new Fields(bytes.subarray(at, at + blockSize), true));
  }
}

/** The entries of one block; those of index nodes name inode 0 and are skipped like deleted ones. */
function* names(fields: Fields): Generator<NamedInode> {
  for (let at = 0; at + 8 <= fields.size; ) {
    const [inode, length, nameLength] = [fields.u32(at), fields.u16(at + 4), fields.u8(at + 6)];
    if (length < 8) throw new FaultError('malformed', 'a directory entry has no length');
    if (inode !== 0 && nameLength > 0 && nameLength + 8 <= length) {
      const name = fields.text(at + 8, nameLength);
      if (name !== '.' && name !== '..') yield { name, key: inode };
    }
    at += length;
  }
}
