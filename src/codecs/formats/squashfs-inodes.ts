/** Inodes and directory entries of SquashFS 2, 3 and 4, brought to one form. */
import { FaultError } from '../../lib/fault.ts';
import { type Fields, textOf } from './ordered-fields.ts';
import type { Cursor } from './squashfs-metadata.ts';
import type { Superblock } from './squashfs-super.ts';

export interface Reference {
  readonly block: number;
  readonly offset: number;
}

export interface FileBlocks {
  readonly start: number;
  /** Stored sizes: bit 24 set where a block is not compressed; 0 for a hole. */
  readonly sizes: Uint32Array;
  readonly fragment: { readonly index: number; readonly offset: number; readonly size: number } | undefined;
}

export interface Inode {
  readonly kind: 'directory' | 'file' | 'symlink' | 'block-device' | 'character-device' | 'fifo' | 'socket';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly blocks?: FileBlocks;
  /** Of a directory: where its entries are in the directory table. */
  readonly listing?: Reference;
  readonly xattr?: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly inode: Reference;
}

const KINDS = [
  undefined,
  'directory',
  'file',
  'symlink',
  'block-device',
  'character-device',
  'fifo',
  'socket',
] as const;
const NONE = 0xffffffff;

/** Who owns what: version 4 has one table for users and groups, the older ones have two. */
export interface Owners {
  readonly users: readonly number[];
  readonly groups: readonly number[];
}

interface Head {
  readonly type: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

const unknownType = (type: number): FaultError => new FaultError('malformed', `inode of unknown type ${type}`);

/** `rdev` as Linux packs it. */
function deviceOf(word: number): { major: number; minor: number } {
  return { major: (word >> 8) & 0xfff, minor: (word & 0xff) | ((word >>> 12) & 0xfff00) };
}

export function readInode(cursor: Cursor, superblock: Superblock, owners: Owners): Inode {
  return superblock.major === 4 ? fourth(cursor, superblock, owners) : older(cursor, superblock, owners);
}

function fourth(cursor: Cursor, superblock: Superblock, { users }: Owners): Inode {
  const base = cursor.take(16);
  const type = base.u16(0);
  const [uid, gid] = [users[base.u16(4)], users[base.u16(6)]];
  if (uid === undefined || gid === undefined)
    throw new FaultError('malformed', 'an inode names an owner that is not there');
  const kind = KINDS[type > 7 ? type - 7 : type];
  if (kind === undefined) throw unknownType(type);
  const common = { kind, mode: base.u16(2) & 0o7777, uid, gid, mtime: base.u32(8), size: 0 };
  switch (type) {
    case 1: {
      const rest = cursor.take(16);
      return { ...common, size: rest.u16(8), listing: { block: rest.u32(0), offset: rest.u16(10) } };
    }
    case 8: {
      const rest = cursor.take(24);
      return {
        ...common,
        size: rest.u32(4),
        listing: { block: rest.u32(8), offset: rest.u16(18) },
        ...xattrOf(rest.u32(20)),
      };
    }
    case 2: {
      const rest = cursor.take(16);
      const size = rest.u32(12);
      return { ...common, size, blocks: blocksOf(cursor, superblock, rest.u32(0), size, rest.u32(4), rest.u32(8)) };
    }
    case 9: {
      const rest = cursor.take(40);
      const size = rest.u64(8);
      const blocks = blocksOf(cursor, superblock, rest.u64(0), size, rest.u32(28), rest.u32(32));
      return { ...common, size, blocks, ...xattrOf(rest.u32(36)) };
    }
    case 3:
    case 10: {
      const rest = cursor.take(8);
      const target = textOf(cursor.take(targetLength(rest.u32(4))).bytes);
      return { ...common, target, ...(type === 10 ? xattrOf(cursor.take(4).u32(0)) : {}) };
    }
    case 4:
    case 5:
    case 11:
    case 12: {
      const rest = cursor.take(type > 7 ? 12 : 8);
      return { ...common, device: deviceOf(rest.u32(4)), ...(type > 7 ? xattrOf(rest.u32(8)) : {}) };
    }
    default: {
      const rest = cursor.take(type > 7 ? 8 : 4);
      return { ...common, ...(type > 7 ? xattrOf(rest.u32(4)) : {}) };
    }
  }
}

const xattrOf = (index: number): { xattr?: number } => (index === NONE ? {} : { xattr: index });

function targetLength(length: number): number {
  if (length > 65_536) throw new FaultError('malformed', 'a symbolic link is longer than any path may be');
  return length;
}

function blocksOf(
  cursor: Cursor,
  superblock: Superblock,
  start: number,
  size: number,
  fragment: number,
  offset: number,
): FileBlocks {
  const { blockSize, bytesUsed } = superblock;
  const whole = fragment === NONE ? Math.ceil(size / blockSize) : Math.floor(size / blockSize);
  // Each block needs four bytes of metadata, which may compress 1000:1, and no more.
  if (whole * 4 > bytesUsed * 1000)
    throw new FaultError('malformed', 'a file claims more blocks than the image can list');
  const sizes = new Uint32Array(whole);
  for (let at = 0; at < whole; ) {
    const part = Math.min(whole - at, 2048);
    const fields = cursor.take(part * 4);
    for (let i = 0; i < part; i += 1) sizes[at + i] = fields.u32(i * 4);
    at += part;
  }
  const rest = size - whole * blockSize;
  return { start, sizes, fragment: fragment === NONE ? undefined : { index: fragment, offset, size: rest } };
}

/** Bit fields are laid out from the low end in little-endian images and from the high end in big-endian ones. */
function split(word: number, bits: number, first: number, little: boolean): readonly [number, number] {
  const second = bits - first;
  if (little) return [word % 2 ** first, Math.floor(word / 2 ** first)];
  return [Math.floor(word / 2 ** second), word % 2 ** second];
}

function olderHead(cursor: Cursor, { major, little }: Superblock, { users, groups }: Owners): Head {
  const base = cursor.take(major === 3 ? 12 : 4);
  const [type, mode] = split(base.u16(0), 16, 4, little);
  const uid = users[base.u8(2)];
  const gid = base.u8(3) === 255 ? uid : groups[base.u8(3)];
  if (uid === undefined || gid === undefined)
    throw new FaultError('malformed', 'an inode names an owner that is not there');
  return { type, mode, uid, gid, mtime: major === 3 ? base.u32(4) : 0 };
}

function older(cursor: Cursor, superblock: Superblock, owners: Owners): Inode {
  const { major, little } = superblock;
  const third = major === 3;
  const head = olderHead(cursor, superblock, owners);
  const kind = KINDS[head.type > 7 ? head.type - 7 : head.type];
  if (kind === undefined || head.type > 9) throw unknownType(head.type);
  const common = { kind, mode: head.mode, uid: head.uid, gid: head.gid, mtime: head.mtime, size: 0 };
  switch (head.type) {
    case 1: {
      const rest = cursor.take(third ? 16 : 11);
      const [size, offset] = split(rest.u32(third ? 4 : 0), 32, 19, little);
      return third
        ? { ...common, size, listing: { block: rest.u32(8), offset } }
        : { ...common, mtime: rest.u32(4), size, listing: { block: rest.u24(8), offset } };
    }
    case 8: {
      const rest = cursor.take(third ? 19 : 14);
      const at = third ? 4 : 0;
      const [size, offset] = split(wide(rest, at), 40, 27, little);
      return third
        ? { ...common, size, listing: { block: rest.u32(9), offset } }
        : { ...common, mtime: rest.u32(5), size, listing: { block: rest.u24(9), offset } };
    }
    case 2: {
      const rest = cursor.take(20);
      const size = rest.u32(16);
      const blocks = third
        ? blocksOf(cursor, superblock, rest.u64(0), size, rest.u32(8), rest.u32(12))
        : blocksOf(cursor, superblock, rest.u32(4), size, rest.u32(8), rest.u32(12));
      return { ...common, ...(third ? {} : { mtime: rest.u32(0) }), size, blocks };
    }
    case 9: {
      if (!third) throw unknownType(9);
      const rest = cursor.take(28);
      const size = rest.u64(20);
      return { ...common, size, blocks: blocksOf(cursor, superblock, rest.u64(4), size, rest.u32(12), rest.u32(16)) };
    }
    case 3: {
      const rest = cursor.take(third ? 6 : 2);
      return { ...common, target: textOf(cursor.take(rest.u16(third ? 4 : 0)).bytes) };
    }
    case 4:
    case 5: {
      const rest = cursor.take(third ? 6 : 2);
      const word = rest.u16(third ? 4 : 0);
      return { ...common, device: { major: word >> 8, minor: word & 0xff } };
    }
    default:
      return common;
  }
}

function wide(fields: Fields, at: number): number {
  const bytes = fields.slice(at, 5);
  const ordered = fields.little ? [...bytes].reverse() : [...bytes];
  return ordered.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The entries of a directory listing of `size` bytes. */
export function* directoryEntries(cursor: Cursor, superblock: Superblock, size: number): Generator<DirectoryEntry> {
  const { major, little } = superblock;
  const headSize = major === 4 ? 12 : major === 3 ? 9 : 4;
  const entrySize = major === 4 ? 8 : major === 3 ? 5 : 3;
  let left = size;
  while (left >= headSize) {
    const head = cursor.take(headSize);
    left -= headSize;
    const count = (major === 4 ? head.u32(0) : head.u8(0)) + 1;
    if (count > 256) throw new FaultError('malformed', 'a directory header counts too many entries');
    const block = major === 4 ? head.u32(4) : major === 3 ? head.u32(1) : head.u24(1);
    for (let i = 0; i < count; i += 1) {
      if (left < entrySize) throw new FaultError('malformed', 'a directory ends amid an entry');
      const entry = cursor.take(entrySize);
      const offset = major === 4 ? entry.u16(0) : split(entry.u16(0), 16, 13, little)[0];
      const length = (major === 4 ? entry.u16(6) : entry.u8(2)) + 1;
      if (length > 256) throw new FaultError('malformed', 'a name is longer than 256 bytes');
      left -= entrySize + length;
      if (left < 0) throw new FaultError('malformed', 'a directory ends amid a name');
      yield { name: textOf(cursor.take(length).bytes), inode: { block, offset } };
    }
  }
}
