/** A file of the user's, read whole within a bound, and the system's error codes in words. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UsageError } from './fault.ts';

const CHUNK = 1 << 16;

/**
 * The bytes of what lies at `path`. A device or a pipe tells no size and may never end, so that the bound is kept while
 * it is read. Throws UsageError that names the file.
 */
export function readWhole(path: string, limit: number): Uint8Array {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const stat = fstatSync(descriptor);
      if (stat.isFile() && stat.size > limit) throw tooLarge(path, limit);
      return drain(descriptor, limit, stat.isFile() ? stat.size + 1 : CHUNK) ?? refuse(path, limit);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError({ message: whyUnread(error), at: { file: path } });
  }
}

/** All bytes up to the end, undefined where there are more than `limit`. `first` is how many are likely. */
function drain(descriptor: number, limit: number, first: number): Uint8Array | undefined {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (let want = first; ; want = CHUNK) {
    const piece = Buffer.allocUnsafe(want);
    const got = readSync(descriptor, piece, 0, want, null);
    if (got === 0) return new Uint8Array(Buffer.concat(pieces));
    size += got;
    if (size > limit) return undefined;
    pieces.push(piece.subarray(0, got));
  }
}

export const tooLarge = (path: string, limit: number): UsageError =>
  new UsageError({ message: `the file is larger than ${limit} bytes`, at: { file: path, line: 1, column: 1 } });

const refuse = (path: string, limit: number): never => {
  throw tooLarge(path, limit);
};

const WORDS: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  EISDIR: 'it is a directory',
  ENOTDIR: 'there is no such file',
  ELOOP: 'its links run in a circle',
};

/** Why a path could not be read. */
export function whyUnread(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return WORDS[code ?? ''] ?? `it cannot be read (${code ?? message})`;
}

const UNWRITTEN: { readonly [code: string]: string } = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EISDIR: 'it is a directory',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  EROFS: 'the disk is read-only',
};

/** Why a path cannot be written. */
export function whyUnwritten(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return UNWRITTEN[code ?? ''] ?? code ?? message;
}
