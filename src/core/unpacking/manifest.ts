/** The manifest that `assay unpack --out` leaves beside what it writes: the metadata that a host's file system cannot hold. */
import type { FileEntry, FileTree, FileType } from '../model/files.ts';
import type { EntryMetadata } from '../model/unpacker.ts';

export const MANIFEST_SCHEMA = 'assay/manifest/1';

/** One line of a manifest as it is read back. `virtual`: it was not written as such, only told. */
export interface ManifestEntry {
  /** Absolute inside the directory. */
  readonly name: string;
  readonly type: FileType;
  readonly metadata: EntryMetadata;
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly virtual: boolean;
}

const TYPES: ReadonlySet<string> = new Set([
  'file',
  'directory',
  'symlink',
  'character-device',
  'block-device',
  'fifo',
  'socket',
]);

/** The manifest of what was written; `written` gives the place of an entry relative to the directory. */
export function manifestOf(tree: FileTree, written: (entry: FileEntry) => string | undefined): string {
  const entries = [...tree.entries()].map((entry) => {
    const { type, mode, uid, gid, size, sha256, target, device } = entry;
    return {
      path: written(entry) ?? entry.path,
      type,
      mode,
      uid,
      gid,
      size,
      sha256,
      target,
      device,
      source: entry.path,
    };
  });
  return `${JSON.stringify({ schema: MANIFEST_SCHEMA, entries }, undefined, 1)}\n`;
}

/** Undefined when the text is no manifest of ours; entries that make no sense are left out. */
export function parseManifest(text: string): ReadonlyMap<string, ManifestEntry> | undefined {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document) || document['schema'] !== MANIFEST_SCHEMA || !Array.isArray(document['entries']))
    return undefined;
  const entries = new Map<string, ManifestEntry>();
  for (const value of document['entries'] as readonly unknown[]) {
    const entry = isRecord(value) ? readEntry(value) : undefined;
    if (entry !== undefined) entries.set(entry.name, entry);
  }
  return entries;
}

function readEntry(value: { readonly [key: string]: unknown }): ManifestEntry | undefined {
  const { path, type, target, device } = value;
  if (typeof path !== 'string' || typeof type !== 'string' || !TYPES.has(type)) return undefined;
  const metadata: { -readonly [K in keyof EntryMetadata]: EntryMetadata[K] } = {};
  for (const key of ['mode', 'uid', 'gid'] as const) {
    const number = value[key];
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) metadata[key] = number;
  }
  return {
    name: `/${path.replace(/^\/+/, '')}`,
    type: type as FileType,
    metadata,
    ...(typeof target === 'string' ? { target } : {}),
    ...(isRecord(device) && typeof device['major'] === 'number' && typeof device['minor'] === 'number'
      ? { device: { major: device['major'], minor: device['minor'] } }
      : {}),
    virtual: type !== 'file' && type !== 'directory',
  };
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
