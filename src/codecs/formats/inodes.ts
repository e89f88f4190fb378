/** The one form to which readers of file systems bring what they find: inodes by key, and directories of names. */
import { FaultError } from '../../lib/fault.ts';

export interface InodeRecord {
  /** With the type in its high bits, as stat(2) gives it. */
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  /** False where the file system keeps none and `mode` tells the type only. */
  readonly keepsMode?: boolean;
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: { readonly [name: string]: string };
  /** Of a regular file, in order; read once. */
  readonly content?: () => Iterable<Uint8Array>;
}

export interface NamedInode {
  readonly name: string;
  readonly key: number;
}

/** A file system opened for reading. Everything may throw a FaultError, which concerns that inode only. */
export interface InodeSource {
  readonly root: number;
  inode(key: number): InodeRecord;
  entries(directory: number): Iterable<NamedInode>;
  /** What was wrong with pieces that belong to no name. */
  readonly faults?: readonly string[];
}

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;
export const S_IFSOCK = 0o140000;

/** Zero bytes in chunks: the holes of files. */
export function* zeros(length: number): Generator<Uint8Array> {
  const chunk = new Uint8Array(Math.min(length, 65_536));
  for (let left = length; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk;
}

/** Throws when a file claims far more than its file system could hold compressed. */
export function checkSize(size: number, stored: number): void {
  if (size > 2 ** 24 + stored * 1000)
    throw new FaultError('over-budget', `a file claims ${size} bytes, more than 1000 times what is stored`);
}

/** Device numbers in the old form (8 + 8 bits). */
export const oldDevice = (word: number): { major: number; minor: number } => ({
  major: (word >> 8) & 0xff,
  minor: word & 0xff,
});
/** Device numbers as Linux packs them in 32 bits. */
export const newDevice = (word: number): { major: number; minor: number } => ({
  major: (word >> 8) & 0xfff,
  minor: (word & 0xff) | ((word >>> 12) & 0xfff00),
});
