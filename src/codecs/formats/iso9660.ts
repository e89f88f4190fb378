/** ISO 9660 (ECMA-119): volumes, directories and files; names of Rock Ridge where they are, else of Joliet, else its own. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import {
  checkSize,
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from './inodes.ts';
import { type RockRidge, rockRidge, ruleOf, type SystemUse, timeOf } from './iso9660-rock-ridge.ts';
import { unzisofs } from './iso9660-zisofs.ts';
import { Fields, textOf } from './ordered-fields.ts';

export const SECTOR = 2048;
const FIRST_DESCRIPTOR = 16;
const MOST_DESCRIPTORS = 64;
const MOST_DIRECTORY = 1 << 26;
const Flag = { directory: 2, associated: 4, continued: 0x80 } as const;

/** A descriptor whose directory tree can be read. */
export interface IsoVolume {
  readonly blockSize: number;
  readonly blocks: number;
  readonly label: string;
  readonly root: number;
  readonly joliet: boolean;
}

/** Descriptors from `offset` of the image on, up to the one that ends them. */
export function* descriptors(blob: Blob, offset = 0): Generator<Fields> {
  for (let i = 0; i < MOST_DESCRIPTORS; i += 1) {
    const bytes = blob.read(offset + (FIRST_DESCRIPTOR + i) * SECTOR, SECTOR);
    if (bytes.length < SECTOR) return;
    const fields = new Fields(bytes, true);
    if (fields.text(1, 5) !== 'CD001' || fields.u8(0) === 255) return;
    yield fields;
  }
}

/** Primary (1) and supplementary (2) volumes; both orders of each number must say the same. */
export function isoVolume(fields: Fields): IsoVolume | undefined {
  const kind = fields.u8(0);
  const blockSize = fields.u16(128);
  const blocks = fields.u32(80);
  const big = new Fields(fields.bytes, false);
  const joliet = kind === 2 && /^%\/[@CE]/.test(fields.text(88, 3));
  if ((kind !== 1 && !joliet) || big.u32(84) !== blocks || big.u16(130) !== blockSize) return undefined;
  if (![512, 1024, 2048].includes(blockSize) || blocks < 18) return undefined;
  const label = joliet ? wide(fields.slice(40, 32)) : fields.text(40, 32);
  const root = (fields.u32(158) + fields.u8(157)) * blockSize;
  return { blockSize, blocks, label: label.trimEnd(), root, joliet };
}

/** Names of Joliet are 16-bit characters, high byte first. */
function wide(bytes: Uint8Array): string {
  return Buffer.from(bytes.slice(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}

interface Record {
  readonly at: number;
  readonly length: number;
  /** Where its content starts, in bytes. */
  readonly extent: number;
  readonly size: number;
  readonly flags: number;
  readonly interleaved: boolean;
  readonly date: Uint8Array;
  readonly name: Uint8Array;
  readonly use: Uint8Array;
}

/** `extents`: where the content of the files that were listed starts. */
export function openIso(blob: Blob): InodeSource & { readonly extents: ReadonlySet<number> } {
  const volumes = [...descriptors(blob)].map(isoVolume).filter((volume) => volume !== undefined);
  const primary = volumes.find(({ joliet }) => !joliet);
  if (primary === undefined) throw new FaultError('malformed', 'no primary volume descriptor');
  const plain = new Iso(blob, primary);
  const joliet = volumes.find((volume) => volume.joliet);
  return plain.rule !== undefined || joliet === undefined ? plain : new Iso(blob, joliet);
}

class Iso implements InodeSource {
  /** Directories are known by where their content starts, which is their own record `.`; files by their records. */
  readonly root: number;
  /** How system use is read; absent where the volume has no Rock Ridge. */
  readonly rule: { readonly skip: number } | undefined;
  readonly #blob: Blob;
  readonly #volume: IsoVolume;
  readonly #use: SystemUse;
  /** Files of several extents: all but the first. */
  readonly #more = new Map<number, Record[]>();
  readonly extents = new Set<number>();
  /** Files of several names, by where their content lies. */
  readonly #linked = new Map<string, number>();

  constructor(blob: Blob, volume: IsoVolume) {
    this.#blob = blob;
    this.#volume = volume;
    this.root = volume.root;
    this.#use = { read: (block, offset, length) => this.#fields(block * volume.blockSize + offset, length).bytes };
    this.rule = volume.joliet ? undefined : ruleOf(this.#record(this.root).use);
  }

  #fields(at: number, length: number): Fields {
    const bytes = this.#blob.read(at, length);
    if (bytes.length < length) throw new FaultError('truncated', 'it lies beyond the end of the image');
    return new Fields(bytes, true);
  }

  /** A directory record (ECMA-119, 9.1). */
  #record(at: number): Record {
    const length = this.#fields(at, 1).u8(0);
    if (length < 34) throw new FaultError('malformed', 'a directory record is too short');
    const fields = this.#fields(at, length);
    const nameLength = fields.u8(32);
    const use = 33 + nameLength + (nameLength % 2 === 0 ? 1 : 0);
    return {
      at,
      length,
      extent: (fields.u32(2) + fields.u8(1)) * this.#volume.blockSize,
      size: fields.u32(10),
      flags: fields.u8(25),
      interleaved: fields.u8(26) !== 0,
      date: fields.slice(18, 7),
      name: fields.slice(33, nameLength),
      use: use < length ? fields.slice(use, length - use) : new Uint8Array(0),
    };
  }

  #ridge(record: Record): RockRidge {
    return this.rule === undefined ? {} : rockRidge(record.use, this.rule.skip, this.#use);
  }

  *entries(directory: number): Generator<NamedInode> {
    let open: Record | undefined;
    const { size } = this.#record(directory);
    if (size > MOST_DIRECTORY) throw new FaultError('malformed', 'a directory is too large');
    for (const record of this.#records(directory, size)) {
      if ((record.flags & Flag.associated) !== 0) continue;
      if (open !== undefined && sameBytes(open.name, record.name)) this.#more.get(open.at)?.push(record);
      else {
        if (open !== undefined) yield* this.#named(open);
        open = record;
        if ((record.flags & Flag.continued) !== 0) this.#more.set(record.at, []);
      }
      // A file is given when its last extent is known.
      if ((record.flags & Flag.continued) !== 0) continue;
      yield* this.#named(open);
      open = undefined;
    }
    if (open !== undefined) yield* this.#named(open);
  }

  *#named(record: Record): Generator<NamedInode> {
    this.extents.add(record.extent);
    const ridge = this.#ridge(record);
    // What was moved up because it lay too deep is shown where it belongs, not where it lies.
    if (ridge.moved !== true) yield { name: ridge.name ?? this.#name(record), key: this.#key(record, ridge) };
  }

  *#records(from: number, size: number): Generator<Record> {
    for (let at = from; at < from + size; ) {
      // Records do not cross sectors: the rest of one is zeros.
      if (this.#fields(at, 1).u8(0) === 0) at = Math.floor(at / SECTOR + 1) * SECTOR;
      else {
        const record = this.#record(at);
        at += record.length;
        const own = record.name.length === 1 && record.name[0]! < 2;
        if (!own) yield record;
      }
    }
  }

  #key(record: Record, { child, links, serial }: RockRidge): number {
    if (child !== undefined) return child * this.#volume.blockSize;
    if ((record.flags & Flag.directory) !== 0) return record.extent;
    if (links === undefined || links < 2 || (serial === undefined && record.size === 0)) return record.at;
    const place = serial === undefined ? `${record.extent}:${record.size}` : `${serial}`;
    const before = this.#linked.get(place);
    if (before === undefined) this.#linked.set(place, record.at);
    return before ?? record.at;
  }

  /** Versions are left out, and the point of a name without extension. */
  #name({ name }: Record): string {
    const text = this.#volume.joliet ? wide(name) : textOf(name);
    return text.replace(/;\d+$/, '').replace(/\.$/, '');
  }

  inode(key: number): InodeRecord {
    const record = this.#record(key);
    const ridge = this.#ridge(record);
    const directory = (record.flags & Flag.directory) !== 0;
    const mode = ridge.mode ?? (directory ? S_IFDIR : S_IFREG);
    const { uid, gid } = ridge;
    const mtime = ridge.mtime ?? timeOf(record.date);
    const found = {
      mode,
      keepsMode: ridge.mode !== undefined,
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      ...(mtime === undefined ? {} : { mtime }),
    };
    const type = mode & S_IFMT;
    if (directory !== (type === S_IFDIR)) throw new FaultError('malformed', 'it is a directory by one record only');
    if (type === S_IFLNK) return { ...found, target: ridge.target ?? '' };
    if (type === S_IFBLK || type === S_IFCHR) return { ...found, device: ridge.device ?? { major: 0, minor: 0 } };
    if (type === S_IFREG) return { ...found, content: () => this.#content(record, ridge) };
    return found;
  }

  *#content(record: Record, { packed }: RockRidge): Generator<Uint8Array> {
    if (packed !== undefined) {
      checkSize(packed, record.size);
      yield* unzisofs(this.#fields(record.extent, record.size), packed);
      return;
    }
    const extents = [record, ...(this.#more.get(record.at) ?? [])];
    for (const one of extents) {
      if (one.interleaved) throw new FaultError('unsupported', 'interleaved files are not read');
      for (let done = 0; done < one.size; done += 1 << 20)
        yield this.#fields(one.extent + done, Math.min(1 << 20, one.size - done)).bytes;
    }
    if (((extents.at(-1)?.flags ?? 0) & Flag.continued) !== 0)
      throw new FaultError('malformed', 'its last extent is not there');
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
