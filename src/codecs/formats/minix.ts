/** Minix file systems, versions 1 to 3, either byte order: inodes in a table, zones by up to three levels of pointers. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import {
  checkSize,
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  oldDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from './inodes.ts';
import { Fields, textOf } from './ordered-fields.ts';

const SUPER = 1024;

export interface MinixSuper {
  readonly version: 1 | 2 | 3;
  readonly little: boolean;
  readonly blockSize: number;
  readonly blocks: number;
  readonly inodes: number;
  readonly nameSize: number;
  /** Byte of the first inode. */
  readonly table: number;
}

const VERSIONS: ReadonlyMap<number, { readonly version: 1 | 2; readonly nameSize: number }> = new Map([
  [0x137f, { version: 1, nameSize: 14 }],
  [0x138f, { version: 1, nameSize: 30 }],
  [0x2468, { version: 2, nameSize: 14 }],
  [0x2478, { version: 2, nameSize: 30 }],
]);

export function minixSuper(blob: Blob, offset = 0): MinixSuper | undefined {
  const bytes = blob.read(offset + SUPER, 32);
  if (bytes.length < 32) return undefined;
  for (const little of [true, false]) {
    const fields = new Fields(bytes, little);
    const found = fields.u16(24) === 0x4d5a ? third(fields) : older(fields);
    if (found !== undefined && isSound(found) && hasRoot(blob, offset, found)) return found;
  }
  return undefined;
}

function older(fields: Fields): MinixSuper | undefined {
  const kind = VERSIONS.get(fields.u16(16));
  if (kind === undefined || fields.u16(10) !== 0) return undefined;
  const blocks = kind.version === 1 ? fields.u16(2) : fields.u32(20);
  const table = (2 + fields.u16(4) + fields.u16(6)) * 1024;
  const inodes = fields.u16(0);
  const first = fields.u16(8);
  if (first * 1024 < table + inodes * (kind.version === 1 ? 32 : 64)) return undefined;
  return { ...kind, little: fields.little, blockSize: 1024, blocks, inodes, table };
}

function third(fields: Fields): MinixSuper | undefined {
  const blockSize = fields.u16(28);
  if (fields.u16(12) !== 0 || blockSize < 1024 || blockSize > 32_768 || (blockSize & (blockSize - 1)) !== 0)
    return undefined;
  const table = (2 + fields.u16(6) + fields.u16(8)) * blockSize;
  return {
    version: 3,
    little: fields.little,
    blockSize,
    blocks: fields.u32(20),
    inodes: fields.u32(0),
    nameSize: 60,
    table,
  };
}

/** The maps have a bit for each inode and zone; a coincidence has not. */
function isSound({ version, blockSize, blocks, inodes, table }: MinixSuper): boolean {
  const size = version === 1 ? 32 : 64;
  const maps = table / blockSize - 2;
  return (
    inodes > 0 &&
    maps >= 2 &&
    maps <= 2 + (blocks + inodes) / (blockSize * 8) + 2 &&
    table + inodes * size <= blocks * blockSize
  );
}

/** The first inode is a directory whose first entry is itself: magics of two bytes alone are met in any code. */
function hasRoot(blob: Blob, offset: number, found: MinixSuper): boolean {
  const { version, little, table, blockSize } = found;
  const inode = blob.read(offset + table, 64);
  if (inode.length < 64) return false;
  const fields = new Fields(inode, little);
  const zone = version === 1 ? fields.u16(14) : fields.u32(24);
  const entry = blob.read(offset + zone * blockSize, 8);
  if ((fields.u16(0) & S_IFMT) !== S_IFDIR || zone === 0 || entry.length < 8) return false;
  const first = new Fields(entry, little);
  const at = version === 3 ? 4 : 2;
  return (version === 3 ? first.u32(0) : first.u16(0)) === 1 && entry[at] === 0x2e && entry[at + 1] === 0;
}

export function openMinix(blob: Blob): InodeSource {
  const found = minixSuper(blob);
  if (found === undefined) throw new FaultError('malformed', 'no Minix superblock');
  return new Minix(blob, found);
}

interface Raw {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly zones: readonly number[];
}

class Minix implements InodeSource {
  readonly root = 1;
  readonly #blob: Blob;
  readonly #super: MinixSuper;

  constructor(blob: Blob, found: MinixSuper) {
    this.#blob = blob;
    this.#super = found;
  }

  #raw(key: number): Raw {
    const { version, little, inodes, table } = this.#super;
    if (key < 1 || key > inodes) throw new FaultError('malformed', `there is no inode ${key}`);
    const size = version === 1 ? 32 : 64;
    const fields = new Fields(this.#blob.read(table + (key - 1) * size, size), little);
    if (version === 1)
      return {
        mode: fields.u16(0),
        uid: fields.u16(2),
        size: fields.u32(4),
        mtime: fields.u32(8),
        gid: fields.u8(12),
        zones: Array.from({ length: 9 }, (_, index) => fields.u16(14 + index * 2)),
      };
    return {
      mode: fields.u16(0),
      uid: fields.u16(4),
      gid: fields.u16(6),
      size: fields.u32(8),
      mtime: fields.u32(16),
      zones: Array.from({ length: 10 }, (_, index) => fields.u32(24 + index * 4)),
    };
  }

  inode(key: number): InodeRecord {
    const raw = this.#raw(key);
    const { mode, uid, gid, mtime, zones } = raw;
    const record = { mode, uid, gid, mtime };
    const type = mode & S_IFMT;
    if (type === S_IFREG) return { ...record, content: () => this.#content(raw) };
    if (type === S_IFLNK) {
      const bytes = Buffer.concat([...this.#content({ ...raw, size: Math.min(raw.size, 65_536) })]);
      return { ...record, target: textOf(bytes) };
    }
    if (type === S_IFCHR || type === S_IFBLK) return { ...record, device: oldDevice(zones[0]!) };
    return record;
  }

  *entries(directory: number): Generator<NamedInode> {
    const { version, little, nameSize } = this.#super;
    const numberSize = version === 3 ? 4 : 2;
    for (const bytes of this.#content(this.#raw(directory))) {
      const fields = new Fields(bytes, little);
      for (let at = 0; at + numberSize + nameSize <= bytes.length; at += numberSize + nameSize) {
        const key = version === 3 ? fields.u32(at) : fields.u16(at);
        const label = bytes.subarray(at + numberSize, at + numberSize + nameSize);
        const end = label.indexOf(0);
        const name = textOf(end < 0 ? label : label.subarray(0, end));
        if (key !== 0 && name !== '' && name !== '.' && name !== '..') yield { name, key };
      }
    }
  }

  /** Zone by zone; a zone 0 is a hole. */
  *#content({ size, zones }: Raw): Generator<Uint8Array> {
    const { blockSize } = this.#super;
    checkSize(size, this.#blob.size);
    let left = size;
    for (const zone of this.#zones(zones, Math.ceil(size / blockSize))) {
      if (left <= 0) return;
      const length = Math.min(left, blockSize);
      const bytes = zone === 0 ? new Uint8Array(length) : this.#blob.read(zone * blockSize, length);
      if (bytes.length < length) throw new FaultError('truncated', 'a zone lies beyond the end of the image');
      yield bytes;
      left -= length;
    }
  }

  *#zones(zones: readonly number[], count: number): Generator<number> {
    const per = this.#super.blockSize / (this.#super.version === 1 ? 2 : 4);
    let left = count;
    for (const zone of zones.slice(0, 7)) {
      if (left-- <= 0) return;
      yield zone;
    }
    for (let depth = 1; depth < zones.length - 6 && left > 0; depth++) {
      const most = Math.min(left, per ** depth);
      yield* this.#below(zones[6 + depth]!, depth, most);
      left -= most;
    }
  }

  *#below(zone: number, depth: number, count: number): Generator<number> {
    const { blockSize, little, version } = this.#super;
    if (depth === 0) {
      yield zone;
      return;
    }
    const width = version === 1 ? 2 : 4;
    const each = (blockSize / width) ** (depth - 1);
    const fields = zone === 0 ? undefined : new Fields(this.#blob.read(zone * blockSize, blockSize), little);
    for (let index = 0, left = count; left > 0; index++, left -= each) {
      const next = fields === undefined ? 0 : width === 2 ? fields.u16(index * 2) : fields.u32(index * 4);
      yield* this.#below(next, depth - 1, Math.min(left, each));
    }
  }
}
