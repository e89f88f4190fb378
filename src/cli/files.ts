/** Files and directories that are looked at: their names in reports, their digests, where they lie. */
import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { DigestedFile } from '../core/model/target.ts';
import { UsageError } from '../lib/fault.ts';
import { whyUnread } from '../lib/whole-file.ts';

/** A file as the report names it, and where it lies on this machine. */
export interface LocatedFile extends DigestedFile {
  readonly location: string;
}

const CHUNK = 1 << 20;
const ENTRIES = 300_000;

/** Digests files and directories in order. Names are base names; where two are alike, the paths as given. Throws UsageError. */
export function locate(paths: readonly string[]): readonly LocatedFile[] {
  const names = paths.map((path) => basename(resolve(path)));
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  const repeated = paths.find((path, index) =>
    paths.some((other, at) => at < index && resolve(other) === resolve(path)),
  );
  if (repeated !== undefined) throw new UsageError(`${repeated} is given twice`);
  return paths.map((path, index) => {
    const name = names[index] ?? path;
    return { path: twice.has(name) ? path : name, location: resolve(path), ...digest(path) };
  });
}

/** Whether a dossier may lie there. A path that cannot be looked at is no folder: who reads it next says why. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

export const plainFile = ({ path, sha256, size }: LocatedFile): DigestedFile => ({ path, sha256, size });

function digest(path: string): { readonly sha256: string; readonly size: number } {
  try {
    accessSync(path, constants.R_OK);
    const stat = statSync(path);
    if (stat.isDirectory()) return digestDirectory(path);
    if (stat.isFile()) return digestFile(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path}: ${whyUnread(error)}`);
  }
  throw new UsageError(`${path}: it is neither a file nor a directory`);
}

export function digestFile(path: string): { readonly sha256: string; readonly size: number } {
  const hash = createHash('sha256');
  const descriptor = openSync(path, 'r');
  const chunk = Buffer.allocUnsafe(CHUNK);
  let size = 0;
  try {
    for (
      let got = readSync(descriptor, chunk, 0, CHUNK, null);
      got > 0;
      got = readSync(descriptor, chunk, 0, CHUNK, null)
    ) {
      hash.update(chunk.subarray(0, got));
      size += got;
    }
  } finally {
    closeSync(descriptor);
  }
  return { sha256: hash.digest('hex'), size };
}

/** The digest of a directory: of its sorted listing with types, modes, link texts and the digests of contents. */
function digestDirectory(root: string): { readonly sha256: string; readonly size: number } {
  const hash = createHash('sha256');
  let size = 0;
  let count = 0;
  const pending = [''];
  for (let inside = pending.pop(); inside !== undefined; inside = pending.pop()) {
    for (const name of readdirSync(join(root, inside)).sort((a, b) => (a < b ? -1 : 1))) {
      count += 1;
      if (count > ENTRIES) throw new UsageError(`${root}: it holds more than ${ENTRIES} files`);
      const path = join(root, inside, name);
      const stat = lstatSync(path);
      if (stat.isDirectory()) pending.push(`${inside}/${name}`);
      if (stat.isFile()) size += stat.size;
      hash.update(`${inside}/${name}\u0000${stat.mode.toString(8)}\u0000${inner(path, stat)}\n`);
    }
  }
  return { sha256: hash.digest('hex'), size };
}

function inner(path: string, stat: Stats): string {
  if (stat.isSymbolicLink()) return readlinkSync(path);
  return stat.isFile() ? readable(path) : '';
}

/** A file inside a directory that may not be read is told by whoever looks at it; here it only has no digest. */
function readable(path: string): string {
  try {
    return digestFile(path).sha256;
  } catch (error) {
    return `unreadable ${(error as NodeJS.ErrnoException).code ?? ''}`;
  }
}
