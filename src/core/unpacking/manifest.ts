/** The manifest that `assay unpack --out` leaves beside what it writes: the metadata that a host's file system cannot hold. */
import type { FileType } from '../model/files.ts';
import type { EntryMetadata } from '../model/unpacker.ts';

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

/** By place in the directory. Undefined when the text is no manifest of ours; entries that make no sense are left out. */
export function parseManifest(text: string): ReadonlyMap<string, ManifestEntry> | undefined {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document) || !Array.isArray(document['entries'])) return undefined;
  const entries = new Map<string, ManifestEntry>();
  for (const value of document['entries'] as readonly unknown[]) {
    const entry = isRecord(value) ? readEntry(value) : undefined;
    if (entry !== undefined) entries.set(entry.name, entry);
  }
  return entries.size === 0 ? undefined : entries;
}

function readEntry(value: { readonly [key: string]: unknown }): ManifestEntry | undefined {
  const { path, place, type, target, device } = value;
  if (typeof path !== 'string' || typeof type !== 'string' || !TYPES.has(type)) return undefined;
  const metadata: { -readonly [K in keyof EntryMetadata]: EntryMetadata[K] } = {};
  for (const key of ['mode', 'uid', 'gid'] as const) {
    const number = value[key];
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) metadata[key] = number;
  }
  return {
    name: `/${(typeof place === 'string' ? place : path).replace(/^\/+/, '')}`,
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
