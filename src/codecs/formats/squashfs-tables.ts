/** The tables of SquashFS: owners, fragments and extended attributes. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { Fields, textOf } from './ordered-fields.ts';
import type { Owners } from './squashfs-inodes.ts';
import type { Metadata } from './squashfs-metadata.ts';
import type { Superblock } from './squashfs-super.ts';

export interface Fragment {
  readonly start: number;
  /** Bit 24 set where it is not compressed. */
  readonly size: number;
}

function plain(blob: Blob, at: number, length: number, little: boolean): Fields {
  const bytes = blob.read(at, length);
  if (bytes.length < length) throw new FaultError('truncated', 'a table lies beyond the end of the image');
  return new Fields(bytes, little);
}

/** Starts of the metadata blocks that hold `count` records of `size` bytes. */
function* indexed(
  blob: Blob,
  at: number,
  count: number,
  size: number,
  width: number,
  little: boolean,
): Generator<number> {
  const blocks = Math.ceil((count * size) / 8192);
  const index = plain(blob, at, blocks * width, little);
  for (let i = 0; i < blocks; i += 1) yield width === 8 ? index.u64(i * 8) : index.u32(i * 4);
}

/** Records of a table that is kept in metadata blocks behind an index. */
function* records(
  blob: Blob,
  metadata: Metadata,
  table: { readonly at: number; readonly count: number; readonly size: number; readonly width: number },
  little: boolean,
): Generator<Fields> {
  const { at, count, size, width } = table;
  let left = count;
  for (const start of indexed(blob, at, count, size, width, little)) {
    const { bytes } = metadata.block(start);
    const fields = new Fields(bytes, little);
    const here = Math.min(left, 8192 / size);
    for (let i = 0; i < here; i += 1) yield new Fields(fields.slice(i * size, size), little);
    left -= here;
  }
}

export function ownersOf(blob: Blob, metadata: Metadata, superblock: Superblock): Owners {
  const { ids, groups, idTable, groupTable, little, major } = superblock;
  if (major === 4) {
    const table = { at: idTable, count: ids, size: 4, width: 8 };
    const users = [...records(blob, metadata, table, little)].map((one) => one.u32(0));
    return { users, groups: users };
  }
  const list = (at: number, count: number): number[] => {
    const fields = plain(blob, at, count * 4, little);
    return Array.from({ length: count }, (_, i) => fields.u32(i * 4));
  };
  return { users: list(idTable, ids), groups: list(groupTable, groups) };
}

export function fragmentsOf(blob: Blob, metadata: Metadata, superblock: Superblock): Fragment[] {
  const { fragments, fragmentTable, little, major } = superblock;
  if (fragments === 0) return [];
  const second = major === 2;
  const table = { at: fragmentTable, count: fragments, size: second ? 8 : 16, width: second ? 4 : 8 };
  const found: Fragment[] = [];
  for (const record of records(blob, metadata, table, little))
    found.push(second ? { start: record.u32(0), size: record.u32(4) } : { start: record.u64(0), size: record.u32(8) });
  return found;
}

const PREFIXES = ['user.', 'trusted.', 'security.'];

/** Extended attributes by index; values as one character a byte. */
export class Xattrs {
  readonly #metadata: Metadata;
  /** Early tools wrote 0 into the index of an image without attributes: without a table an index says nothing. */
  readonly #absent: boolean;
  readonly #start: number = 0;
  readonly #ids: readonly { readonly block: number; readonly offset: number; readonly count: number }[] = [];

  constructor(blob: Blob, metadata: Metadata, { xattrTable, little }: Superblock) {
    this.#metadata = metadata;
    this.#absent = xattrTable === undefined;
    if (xattrTable === undefined) return;
    const head = plain(blob, xattrTable, 16, little);
    this.#start = head.u64(0);
    const table = { at: xattrTable + 16, count: head.u32(8), size: 16, width: 8 };
    this.#ids = [...records(blob, metadata, table, little)].map((record) => {
      const reference = record.u64(0);
      return { block: Math.floor(reference / 65_536), offset: reference % 65_536, count: record.u32(8) };
    });
  }

  of(index: number): { [name: string]: string } {
    if (this.#absent) return {};
    const id = this.#ids[index];
    if (id === undefined) throw new FaultError('malformed', 'an inode names extended attributes that are not there');
    const found: { [name: string]: string } = {};
    const cursor = this.#metadata.cursor(this.#start + id.block, id.offset);
    for (let i = 0; i < Math.min(id.count, 1024); i += 1) {
      const head = cursor.take(4);
      const type = head.u16(0);
      const name = textOf(cursor.take(head.u16(2)).bytes);
      const size = cursor.take(4).u32(0);
      let value = cursor.take(Math.min(size, 65_536));
      if ((type & 0x100) !== 0) {
        const place = value.u64(0);
        const other = this.#metadata.cursor(this.#start + Math.floor(place / 65_536), place % 65_536);
        value = other.take(Math.min(other.take(4).u32(0), 65_536));
      }
      found[(PREFIXES[type & 0xff] ?? `${type & 0xff}.`) + name] = Buffer.from(value.bytes).toString('latin1');
    }
    return found;
  }
}
