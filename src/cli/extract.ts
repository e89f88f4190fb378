/** The files of an unpacked image on disk: plain files and folders only; links, devices, modes and owners stand in manifest.json. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileEntry, FileTree } from '../core/model/files.ts';
import { chunksOf } from '../lib/blob.ts';
import { UsageError } from '../lib/fault.ts';

/** Writes `folder/<container path>/…` and `folder/manifest.json`. Nothing lands outside of the folder, and no link is made. */
export function extract(tree: FileTree, folder: string): void {
  const taken = new Set<string>(['manifest.json']);
  const entries = [];
  try {
    mkdirSync(folder, { recursive: true });
    for (const entry of tree.entries()) {
      const place = placeOf(entry.path, taken);
      entries.push(manifestEntry(entry, place));
      const at = join(folder, place);
      if (entry.type === 'directory') mkdirSync(at, { recursive: true });
      else if (entry.type === 'file') writeFile(tree, entry, at);
    }
    writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify({ entries }, null, 1)}\n`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`${folder}: it cannot be written: ${message}`);
  }
}

function writeFile(tree: FileTree, entry: FileEntry, at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  const descriptor = openSync(at, 'w', 0o600);
  try {
    for (const chunk of chunksOf(tree.content(entry))) writeSync(descriptor, chunk);
  } finally {
    closeSync(descriptor);
  }
}

function manifestEntry(entry: FileEntry, place: string): object {
  const { path, type, mode, uid, gid, size, sha256, target, linkTo, device } = entry;
  return { path, ...(place === path ? {} : { place }), type, mode, uid, gid, size, sha256, target, linkTo, device };
}

/**
 * Where a path through containers lies under the folder. A file that is itself opened (`fw.bin!tar/x.gz`) and its content
 * (`fw.bin!tar/x.gz!gzip/…`) need two names, so `!` stays part of the name. Names that a host cannot hold are written out.
 */
function placeOf(path: string, taken: Set<string>): string {
  const parts = path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (part === '..' ? '%2e%2e' : hostName(part)));
  const plain = parts.join('/') || 'image';
  let place = plain;
  for (let turn = 2; taken.has(place); turn += 1) place = `${plain}~${turn}`;
  taken.add(place);
  return place;
}

/** Control characters and backslashes as %xx; at most 200 bytes. */
function hostName(part: string): string {
  const safe = [...part]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      return code < 0x20 || code === 0x7f || character === '\\' || character === ':'
        ? `%${code.toString(16).padStart(2, '0')}`
        : character;
    })
    .join('');
  return Buffer.byteLength(safe) <= 200 ? safe : `${safe.slice(0, 60)}~${Buffer.byteLength(safe)}`;
}
