/** What a folder holds: every file by its name and SHA-256, and whatever is no plain file. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../lib/fault.ts';
import { safeText } from '../../lib/text.ts';
import { EVIDENCE } from './dossier.ts';

/** Files of one dossier, and how deep they may lie. */
const FILES = 500_000;
const DEPTH = 8;
const CHUNK = 1 << 20;

export interface Listing {
  /** Hex SHA-256 by name, with `/` between folders. */
  readonly files: ReadonlyMap<string, string>;
  /** Links, devices and folders without a file: nothing that a dossier has. */
  readonly strange: readonly string[];
}

export function listFolder(folder: string, leaveOut: string): Listing {
  const found = { files: new Map<string, string>(), strange: [] as string[] };
  try {
    walk(folder, '', { found, leaveOut, depth: 0 });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${folder}: it cannot be read: ${safeText((error as Error).message)}`);
  }
  return found;
}

interface Walk {
  readonly found: { readonly files: Map<string, string>; readonly strange: string[] };
  readonly leaveOut: string;
  readonly depth: number;
}

function walk(folder: string, inside: string, state: Walk): void {
  const { found, leaveOut, depth } = state;
  const entries = readdirSync(join(folder, inside), { withFileTypes: true });
  // A dossier without evidence has the empty folder nevertheless.
  if (entries.length === 0 && inside !== '' && inside !== EVIDENCE) found.strange.push(`${inside}/`);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (name === leaveOut) continue;
    if (entry.isDirectory() && depth < DEPTH) walk(folder, name, { ...state, depth: depth + 1 });
    else take(folder, name, entry.isFile(), found);
  }
}

function take(folder: string, name: string, plain: boolean, { files, strange }: Walk['found']): void {
  if (files.size + strange.length >= FILES) throw new UsageError(`${folder}: it has more than ${FILES} files`);
  if (plain) files.set(name, digestOf(join(folder, name)));
  else strange.push(name);
}

function digestOf(path: string): string {
  const hash = createHash('sha256');
  const descriptor = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const got = readSync(descriptor, chunk, 0, CHUNK, null);
      if (got === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, got));
    }
  } finally {
    closeSync(descriptor);
  }
}
