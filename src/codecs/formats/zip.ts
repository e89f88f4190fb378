/** Zip archives (PKWARE APPNOTE 6.3.10): the central directory, zip64, and the local headers that it must agree with. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { header } from './fields.ts';

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Of the local header, from the start of the archive. */
  readonly local: number;
  /** Unix mode with its type bits; undefined when another system made the entry. */
  readonly unixMode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
}

export interface ZipDirectory {
  /** Where the archive starts in the blob; local offsets count from here. */
  readonly start: number;
  readonly end: number;
  readonly directory: number;
  readonly count: number;
  readonly size: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = Buffer.from('PK\x05\x06', 'latin1');
const METHODS: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99,
]);
const MOST_ENTRIES = 400_000;

/** Whether a local header at this place makes sense. */
export function isLocalHeader(blob: Blob, at: number): boolean {
  const head = header(blob, at, 30);
  if (head === undefined || head.readUInt32LE(0) !== LOCAL) return false;
  const name = head.readUInt16LE(26);
  return head[4]! <= 63 && METHODS.has(head.readUInt16LE(8)) && name > 0;
}

/** Looks for the end record that belongs to an archive whose first local header is at `offset`. */
export function findEnd(blob: Blob, offset: number): ZipDirectory | undefined {
  const window = 1 << 20;
  for (let at = offset; at < blob.size; at += window - 22) {
    const chunk = Buffer.from(blob.read(at, window));
    for (let found = chunk.indexOf(END); found !== -1; found = chunk.indexOf(END, found + 1)) {
      const directory = endAt(blob, at + found, offset);
      if (directory !== undefined) return directory;
    }
    if (chunk.length < window) break;
  }
  return undefined;
}

function endAt(blob: Blob, at: number, offset: number): ZipDirectory | undefined {
  const end = header(blob, at, 22);
  if (end === undefined) return undefined;
  let count = end.readUInt16LE(10);
  let size = end.readUInt32LE(12);
  let position = end.readUInt32LE(16);
  let before = at;
  if (count === 0xffff || size === 0xffffffff || position === 0xffffffff) {
    const locator = at >= 20 ? header(blob, at - 20, 20) : undefined;
    const record = at >= 76 ? header(blob, at - 76, 56) : undefined;
    if (locator?.readUInt32LE(0) === 0x07064b50 && record?.readUInt32LE(0) === 0x06064b50) {
      count = Number(record.readBigUInt64LE(32));
      size = Number(record.readBigUInt64LE(40));
      position = Number(record.readBigUInt64LE(48));
      before = at - 76;
    }
  }
  const directory = before - size;
  const start = directory - position;
  if (!Number.isSafeInteger(directory) || directory < offset || count > MOST_ENTRIES || count === 0) return undefined;
  const first = header(blob, directory, 46);
  if (first === undefined || first.readUInt32LE(0) !== CENTRAL) return undefined;
  // Offsets count from the first local header, or from the start of whatever the archive was appended to.
  if (start !== offset && start + first.readUInt32LE(42) !== offset) return undefined;
  return { start, end: at + 22 + end.readUInt16LE(20), directory, count, size };
}

/** Entries of the central directory, in its order. */
export function* zipEntries(blob: Blob, { directory, count, size }: ZipDirectory): Generator<ZipEntry> {
  if (size > 512 * 2 ** 20) throw new FaultError('over-budget', 'zip directory too large');
  const bytes = blob.read(directory, size);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > all.length || all.readUInt32LE(at) !== CENTRAL)
      throw new FaultError('malformed', `zip directory breaks off after ${index} of ${count} entries`);
    const nameLength = all.readUInt16LE(at + 28);
    const extraLength = all.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + all.readUInt16LE(at + 32);
    if (next > all.length) throw new FaultError('malformed', 'zip entry reaches out of the directory');
    yield entryOf(all, at, nameLength, extraLength);
    at = next;
  }
}

/** UTF-8 whether or not flag 11 says so, Latin-1 where it is none; a NUL stays in it, for the sink to refuse. */
function nameOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes.toString('latin1') : text;
}

function entryOf(all: Buffer, at: number, nameLength: number, extraLength: number): ZipEntry {
  const flags = all.readUInt16LE(at + 8);
  let packed = all.readUInt32LE(at + 20);
  let size = all.readUInt32LE(at + 24);
  let local = all.readUInt32LE(at + 42);
  const raw = all.subarray(at + 46, at + 46 + nameLength);
  const extra = all.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
  const owner: { uid?: number; gid?: number; mtime?: number } = {};
  for (let place = 0; place + 4 <= extra.length; ) {
    const id = extra.readUInt16LE(place);
    const field = extra.subarray(place + 4, place + 4 + extra.readUInt16LE(place + 2));
    place += 4 + extra.readUInt16LE(place + 2);
    if (id === 1) {
      let from = 0;
      const wide = (value: number): number => {
        if (value !== 0xffffffff || from + 8 > field.length) return value;
        from += 8;
        return Number(field.readBigUInt64LE(from - 8));
      };
      size = wide(size);
      packed = wide(packed);
      local = wide(local);
    } else if (id === 0x5455 && field.length >= 5 && (field[0]! & 1) === 1) owner.mtime = field.readUInt32LE(1);
    else if (id === 0x7875 && field.length >= 11 && field[1] === 4 && field[6] === 4) {
      owner.uid = field.readUInt32LE(2);
      owner.gid = field.readUInt32LE(7);
    }
  }
  const system = all[at + 5]!;
  const unix = all.readUInt32LE(at + 38) >>> 16;
  return {
    name: nameOf(raw),
    method: all.readUInt16LE(at + 10),
    encrypted: (flags & 1) === 1,
    crc: all.readUInt32LE(at + 16),
    packed,
    size,
    local,
    ...(system === 3 && unix !== 0 ? { unixMode: unix } : {}),
    ...owner,
  };
}

/** Where the packed bytes of an entry lie; throws when its local header is not there. */
export function dataOf(blob: Blob, start: number, entry: ZipEntry): { readonly start: number; readonly end: number } {
  const at = start + entry.local;
  const head = header(blob, at, 30);
  if (head === undefined || head.readUInt32LE(0) !== LOCAL)
    throw new FaultError('malformed', 'no local header where the zip directory says');
  const data = at + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  return { start: data, end: data + entry.packed };
}

/** Entries by their local headers alone, for an archive whose directory is lost; stops at the first whose size is not stated there. */
export function* localEntries(blob: Blob, offset: number): Generator<ZipEntry & { readonly next: number }> {
  let at = offset;
  while (isLocalHeader(blob, at)) {
    const head = header(blob, at, 30);
    if (head === undefined) return;
    const flags = head.readUInt16LE(6);
    const packed = head.readUInt32LE(18);
    const nameLength = head.readUInt16LE(26);
    if ((flags & 8) !== 0 || packed === 0xffffffff) return;
    const next = at + 30 + nameLength + head.readUInt16LE(28) + packed;
    if (next > blob.size) return;
    yield {
      name: nameOf(Buffer.from(blob.read(at + 30, nameLength))),
      method: head.readUInt16LE(8),
      encrypted: (flags & 1) === 1,
      crc: head.readUInt32LE(14),
      packed,
      size: head.readUInt32LE(22),
      local: at - offset,
      next,
    };
    at = next;
  }
}
