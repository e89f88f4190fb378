/** FAT12, FAT16 and FAT32 with long names. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type InodeRecord, type InodeSource, type NamedInode, S_IFDIR, S_IFREG } from './inodes.ts';
import { Fields } from './ordered-fields.ts';

export interface FatSuper {
  readonly kind: 12 | 16 | 32;
  readonly size: number;
  readonly cluster: number;
  readonly fatAt: number;
  readonly fatSize: number;
  readonly rootAt: number;
  readonly rootSize: number;
  readonly rootCluster: number;
  readonly dataAt: number;
  readonly clusters: number;
}

export function fatSuper(blob: Blob, offset = 0): FatSuper | undefined {
  const bytes = blob.read(offset, 512);
  if (bytes.length < 512 || (bytes[0] !== 0xeb && bytes[0] !== 0xe9) || bytes[510] !== 0x55 || bytes[511] !== 0xaa)
    return undefined;
  const fields = new Fields(bytes, true);
  const sector = fields.u16(11);
  const perCluster = fields.u8(13);
  const reserved = fields.u16(14);
  const fats = fields.u8(16);
  if (![512, 1024, 2048, 4096].includes(sector) || perCluster === 0 || (perCluster & (perCluster - 1)) !== 0)
    return undefined;
  if (reserved === 0 || fats === 0 || fats > 2) return undefined;
  const sectors = fields.u16(19) === 0 ? fields.u32(32) : fields.u16(19);
  const perFat = fields.u16(22) === 0 ? fields.u32(36) : fields.u16(22);
  const rootSize = fields.u16(17) * 32;
  const rootAt = (reserved + fats * perFat) * sector;
  const dataAt = rootAt + Math.ceil(rootSize / sector) * sector;
  const clusters = Math.floor((sectors - dataAt / sector) / perCluster);
  if (perFat === 0 || clusters <= 0) return undefined;
  const kind = clusters < 4085 ? 12 : clusters < 65_525 ? 16 : 32;
  const wide = rootSize === 0;
  if ((wide ? 32 : kind) === 32 && !wide) return undefined;
  return {
    kind: wide ? 32 : kind,
    size: sectors * sector,
    cluster: perCluster * sector,
    fatAt: reserved * sector,
    fatSize: perFat * sector,
    rootAt,
    rootSize,
    rootCluster: wide ? fields.u32(44) : 0,
    dataAt,
    clusters,
  };
}

export function openFat(blob: Blob): InodeSource {
  const superblock = fatSuper(blob);
  if (superblock === undefined) throw new FaultError('malformed', 'no FAT boot sector');
  return new Fat(blob, superblock);
}

interface Entry {
  readonly directory: boolean;
  readonly cluster: number;
  readonly size: number;
  readonly mtime: number;
}

class Fat implements InodeSource {
  readonly root = 0;
  readonly #blob: Blob;
  readonly #super: FatSuper;
  readonly #table: Fields;
  /** Entries by where they lie. */
  readonly #entries = new Map<number, Entry>([[0, { directory: true, cluster: 0, size: 0, mtime: 0 }]]);
  readonly #directories = new Set<number>();

  constructor(blob: Blob, superblock: FatSuper) {
    this.#blob = blob;
    this.#super = superblock;
    this.#table = new Fields(blob.read(superblock.fatAt, Math.min(superblock.fatSize, 1 << 28)), true);
  }

  #next(cluster: number): number | undefined {
    const { kind, clusters } = this.#super;
    if (cluster < 2 || cluster >= clusters + 2) throw new FaultError('malformed', 'a cluster is out of range');
    let value = 0;
    if (kind === 32) value = this.#table.u32(cluster * 4) & 0xfffffff;
    else if (kind === 16) value = this.#table.u16(cluster * 2);
    else {
      const word = this.#table.u16(cluster + (cluster >> 1));
      value = (cluster & 1) === 1 ? word >> 4 : word & 0xfff;
    }
    const end = kind === 32 ? 0xffffff8 : kind === 16 ? 0xfff8 : 0xff8;
    return value >= end ? undefined : value;
  }

  *#chain(first: number): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
    const { cluster, dataAt, clusters } = this.#super;
    let count = 0;
    for (let one: number | undefined = first; one !== undefined; one = this.#next(one)) {
      count += 1;
      if (count > clusters) throw new FaultError('malformed', 'a chain of clusters is a ring');
      if (one < 2 || one >= clusters + 2) throw new FaultError('malformed', 'a cluster is out of range');
      const at = dataAt + (one - 2) * cluster;
      const bytes = this.#blob.read(at, cluster);
      if (bytes.length < cluster) throw new FaultError('truncated', 'a cluster lies beyond the end of the image');
      yield { at, bytes };
    }
  }

  *#blocks(entry: Entry): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
    const { kind, rootAt, rootSize, rootCluster } = this.#super;
    if (entry.cluster !== 0) yield* this.#chain(entry.cluster);
    else if (kind === 32) yield* this.#chain(rootCluster);
    else yield { at: rootAt, bytes: this.#blob.read(rootAt, rootSize) };
  }

  *entries(directory: number): Generator<NamedInode> {
    const entry = this.#entries.get(directory)!;
    // Directories are known by their first cluster: one that is listed twice is a loop.
    if (this.#directories.has(entry.cluster)) throw new FaultError('malformed', 'a directory holds itself');
    this.#directories.add(entry.cluster);
    let long = '';
    for (const { at, bytes } of this.#blocks(entry)) {
      const fields = new Fields(bytes, true);
      for (let i = 0; i + 32 <= bytes.length; i += 32) {
        const first = bytes[i]!;
        if (first === 0) return;
        const attributes = bytes[i + 11]!;
        if (first === 0xe5) long = '';
        else if ((attributes & 0x3f) === 0x0f) long = longPart(fields, i) + ((first & 0x40) === 0 ? long : '');
        else {
          const name = long === '' ? shortName(bytes.subarray(i, i + 32)) : long;
          long = '';
          if ((attributes & 8) !== 0 || name === '.' || name === '..') continue;
          const cluster = fields.u16(i + 26) + (this.#super.kind === 32 ? fields.u16(i + 20) * 65_536 : 0);
          const mtime = dosTime(fields.u16(i + 24), fields.u16(i + 22));
          this.#entries.set(at + i, { directory: (attributes & 16) !== 0, cluster, size: fields.u32(i + 28), mtime });
          yield { name, key: at + i };
        }
      }
    }
  }

  inode(key: number): InodeRecord {
    const entry = this.#entries.get(key)!;
    const { directory, mtime } = entry;
    if (directory) return { mode: S_IFDIR, keepsMode: false, mtime };
    return { mode: S_IFREG, keepsMode: false, mtime, content: () => this.#content(entry) };
  }

  *#content({ cluster, size }: Entry): Generator<Uint8Array> {
    if (size > this.#super.size) throw new FaultError('malformed', 'a file is larger than its file system');
    let left = size;
    if (left === 0) return;
    for (const { bytes } of this.#chain(cluster)) {
      yield bytes.subarray(0, left);
      left -= Math.min(left, bytes.length);
      if (left === 0) return;
    }
    throw new FaultError('malformed', 'a file ends before its size');
  }
}

function longPart(fields: Fields, at: number): string {
  let text = '';
  for (const [start, count] of [
    [1, 5],
    [14, 6],
    [28, 2],
  ] as const)
    for (let i = 0; i < count; i += 1) {
      const unit = fields.u16(at + start + i * 2);
      if (unit === 0 || unit === 0xffff) return text;
      text += String.fromCharCode(unit);
    }
  return text;
}

function shortName(entry: Uint8Array): string {
  const bytes = entry.slice(0, 11);
  if (bytes[0] === 5) bytes[0] = 0xe5;
  const text = Buffer.from(bytes).toString('latin1');
  const part = (from: number, to: number, low: number): string => {
    const one = text.slice(from, to).trimEnd();
    return (entry[12]! & low) === 0 ? one : one.toLowerCase();
  };
  const [base, extension] = [part(0, 8, 8), part(8, 11, 16)];
  return extension === '' ? base : `${base}.${extension}`;
}

function dosTime(date: number, time: number): number {
  return Math.floor(
    Date.UTC(1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2) /
      1000,
  );
}
