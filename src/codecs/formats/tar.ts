/** Tar archives: V7, ustar (POSIX.1-1988), pax (POSIX.1-2001) and GNU headers, sparse files included. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { textOf } from './fields.ts';

export const BLOCK = 512;
/** A pax header or a GNU long name above this is hostile. */
const MOST_EXTRA = 1 << 20;

/** One member. `data` are the pieces of its content that are stored; `size` its whole size (more than stored when sparse). */
export interface TarMember {
  readonly name: string;
  readonly type:
    | 'file'
    | 'hard-link'
    | 'symlink'
    | 'character-device'
    | 'block-device'
    | 'directory'
    | 'fifo'
    | 'other';
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: { readonly [name: string]: string };
  readonly start: number;
  readonly stored: number;
  readonly sparse?: readonly { readonly offset: number; readonly size: number }[];
  /** Where the next header starts. */
  readonly next: number;
}

const TYPES: { readonly [flag: string]: TarMember['type'] } = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hard-link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  D: 'directory',
  '6': 'fifo',
};

/** Octal, or base 256 when the first bit is set (GNU); NaN when it is neither. */
function numberOf(bytes: Uint8Array): number {
  if ((bytes[0]! & 0x80) !== 0) {
    let value = bytes[0]! & 0x7f;
    if ((value & 0x40) !== 0) return Number.NaN;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }
  const text = Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '').trim();
  if (text === '') return 0;
  return /^[0-7]{1,16}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** Whether the checksum of a header block is right (unsigned, or signed as old Sun tars wrote it). */
export function isHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK || block[0] === 0) return false;
  const stated = numberOf(block.subarray(148, 156));
  let unsigned = 8 * 32;
  let signed = 8 * 32;
  for (let index = 0; index < BLOCK; index++) {
    if (index >= 148 && index < 156) continue;
    unsigned += block[index]!;
    signed += (block[index]! << 24) >> 24;
  }
  return stated === unsigned || stated === signed;
}

const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

interface Extra {
  [key: string]: string;
}

/** Members in order; throws `malformed` or `truncated` where the chain breaks. `end` of the last tells where the archive ends. */
export function* tarMembers(blob: Blob): Generator<TarMember, number> {
  const global: Extra = {};
  let extra: Extra = {};
  let longName: string | undefined;
  let longLink: string | undefined;
  let at = 0;
  for (;;) {
    const block = blob.read(at, BLOCK);
    if (block.length === 0) return at;
    if (isZero(block)) return endOf(blob, at);
    if (block.length < BLOCK) throw new FaultError('truncated', `tar ends inside a header at ${at}`);
    if (!isHeader(block)) throw new FaultError('malformed', `no tar header at ${at}`);
    const flag = String.fromCharCode(block[156]!);
    const size = numberOf(block.subarray(124, 136));
    if (!(size >= 0)) throw new FaultError('malformed', `tar member of no size at ${at}`);
    const start = at + BLOCK;
    if ('xgLK'.includes(flag)) {
      if (size > MOST_EXTRA) throw new FaultError('over-budget', `tar header of ${size} bytes`);
      const bytes = blob.read(start, size);
      if (bytes.length < size) throw new FaultError('truncated', 'tar ends inside an extended header');
      if (flag === 'x') extra = { ...extra, ...paxOf(bytes) };
      else if (flag === 'g') Object.assign(global, paxOf(bytes));
      else if (flag === 'L') longName = textOf(bytes);
      else longLink = textOf(bytes);
      at = start + Math.ceil(size / BLOCK) * BLOCK;
      continue;
    }
    const member = memberOf(blob, block, start, size, flag, { ...global, ...extra }, longName, longLink);
    at = member.next;
    extra = {};
    longName = undefined;
    longLink = undefined;
    yield member;
  }
}

/** An archive ends with two zero blocks; more of them up to the record size belong to it. */
function endOf(blob: Blob, at: number): number {
  let end = at;
  const limit = Math.min(blob.size, Math.ceil((at + 2 * BLOCK) / 10_240) * 10_240);
  while (end < limit) {
    const block = blob.read(end, BLOCK);
    if (block.length < BLOCK || !isZero(block)) break;
    end += BLOCK;
  }
  return end;
}

function memberOf(
  blob: Blob,
  block: Uint8Array,
  start: number,
  size: number,
  flag: string,
  pax: Extra,
  longName: string | undefined,
  longLink: string | undefined,
): TarMember {
  const magic = Buffer.from(block.subarray(257, 265)).toString('latin1');
  const prefix = magic.startsWith('ustar\0') ? textOf(block.subarray(345, 500)) : '';
  const plain = textOf(block.subarray(0, 100));
  const stored = pax['size'] === undefined ? size : decimal(pax['size']);
  let name = pax['GNU.sparse.name'] ?? pax['path'] ?? longName ?? (prefix === '' ? plain : `${prefix}/${plain}`);
  let type = TYPES[flag] ?? 'other';
  if (type === 'file' && name.endsWith('/')) type = 'directory';
  const holds = type === 'file' || type === 'other' || (type === 'hard-link' && stored > 0);
  let data = start;
  let left = holds ? stored : 0;
  const next = start + Math.ceil(left / BLOCK) * BLOCK;
  let whole = left;
  let sparse: TarMember['sparse'];
  if (flag === 'S') {
    const read = oldSparse(blob, block, start);
    sparse = read.map;
    whole = read.size;
    data = read.data;
    return finish(next + (data - start));
  }
  if (pax['GNU.sparse.major'] === '1') {
    const read = paxSparse(blob, start, left);
    sparse = read.map;
    data = read.data;
    left -= data - start;
    whole = sizeOf(pax['GNU.sparse.realsize'] ?? pax['GNU.sparse.size']);
  } else if (pax['GNU.sparse.map'] !== undefined) {
    sparse = pairs(pax['GNU.sparse.map'].split(','));
    whole = sizeOf(pax['GNU.sparse.size']);
  }
  return finish(next);

  function finish(after: number): TarMember {
    if (name.startsWith('./')) name = name.slice(2) || '.';
    const xattrs: { [name: string]: string } = {};
    for (const [key, value] of Object.entries(pax)) if (key.startsWith('SCHILY.xattr.')) xattrs[key.slice(13)] = value;
    return {
      name,
      type,
      flag,
      mode: numberOf(block.subarray(100, 108)) & 0o7777,
      uid: integer(pax['uid'], numberOf(block.subarray(108, 116))),
      gid: integer(pax['gid'], numberOf(block.subarray(116, 124))),
      mtime: Math.trunc(Number(pax['mtime'] ?? numberOf(block.subarray(136, 148)))) || 0,
      size: whole,
      link: pax['linkpath'] ?? longLink ?? textOf(block.subarray(157, 257)),
      major: numberOf(block.subarray(329, 337)) || 0,
      minor: numberOf(block.subarray(337, 345)) || 0,
      xattrs,
      start: data,
      stored: left,
      ...(sparse === undefined ? {} : { sparse }),
      next: after,
    };
  }
}

const integer = (text: string | undefined, other: number): number => (text === undefined ? other || 0 : decimal(text));

function decimal(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new FaultError('malformed', 'tar number that is none');
  return value;
}

/** The whole size of a sparse file; what is no number there can be is more than any budget. */
const sizeOf = (text: string | undefined): number =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;

/** Records `LENGTH KEY=VALUE\n` (POSIX.1-2001, pax, 4.100). */
function paxOf(bytes: Uint8Array): Extra {
  const extra: Extra = {};
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    if (space === -1 || space - at > 8) break;
    const length = Number(Buffer.from(bytes.subarray(at, space)).toString('latin1'));
    if (!Number.isSafeInteger(length) || length < 4 || at + length > bytes.length)
      throw new FaultError('malformed', 'pax record that is longer than its header');
    const record = bytes.subarray(space + 1, at + length - 1);
    const equals = record.indexOf(0x3d);
    if (equals > 0) {
      const key = textOf(record.subarray(0, equals));
      const value = record.subarray(equals + 1);
      // GNU sparse 0.0 says its map in repeated pairs of records; 0.1 in one of this name.
      if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
        const map = extra['GNU.sparse.map'];
        extra['GNU.sparse.map'] = map === undefined ? textOf(value) : `${map},${textOf(value)}`;
      } else extra[key] = key.startsWith('SCHILY.xattr.') ? Buffer.from(value).toString('latin1') : textOf(value);
    }
    at += length;
  }
  return extra;
}

function pairs(numbers: readonly string[]): { offset: number; size: number }[] {
  const map: { offset: number; size: number }[] = [];
  for (let index = 0; index + 1 < numbers.length; index += 2)
    map.push({ offset: decimal(numbers[index]!), size: decimal(numbers[index + 1]!) });
  return map;
}

/** GNU sparse 1.0: the map precedes the data, in decimal lines, padded to a block. */
function paxSparse(
  blob: Blob,
  start: number,
  stored: number,
): { map: { offset: number; size: number }[]; data: number } {
  const head = Buffer.from(blob.read(start, Math.min(stored, MOST_EXTRA))).toString('latin1');
  let at = 0;
  const line = (): string => {
    const end = head.indexOf('\n', at);
    if (end === -1) throw new FaultError('malformed', 'sparse map without end');
    const text = head.slice(at, end);
    at = end + 1;
    return text;
  };
  const count = decimal(line());
  if (count > 65_536) throw new FaultError('over-budget', 'sparse map too long');
  const numbers: string[] = [];
  for (let index = 0; index < count * 2; index++) numbers.push(line());
  return { map: pairs(numbers), data: start + Math.ceil(at / BLOCK) * BLOCK };
}

/** GNU sparse as of tar 1.13: four entries in the header, 21 in each block that follows. */
function oldSparse(
  blob: Blob,
  header: Uint8Array,
  start: number,
): { map: { offset: number; size: number }[]; data: number; size: number } {
  const map: { offset: number; size: number }[] = [];
  const take = (block: Uint8Array, at: number, count: number): void => {
    for (let index = 0; index < count; index++) {
      const entry = block.subarray(at + index * 24, at + index * 24 + 24);
      const offset = numberOf(entry.subarray(0, 12));
      const size = numberOf(entry.subarray(12, 24));
      if (entry[0] === 0 || !(offset >= 0) || !(size >= 0)) break;
      map.push({ offset, size });
    }
  };
  take(header, 386, 4);
  let more = header[482] === 1;
  let data = start;
  while (more) {
    const block = blob.read(data, BLOCK);
    if (block.length < BLOCK || map.length > 65_536) throw new FaultError('malformed', 'sparse map without end');
    take(block, 0, 21);
    more = block[504] === 1;
    data += BLOCK;
  }
  const size = numberOf(header.subarray(483, 495));
  if (!(size >= 0)) throw new FaultError('malformed', 'sparse file of no size');
  return { map, data, size };
}

/** The pieces of a sparse member that are stored: what belongs at which place of the file. All between is zeros. */
export function* sparsePieces(
  blob: Blob,
  member: TarMember,
): Generator<{ readonly offset: number; readonly bytes: Uint8Array }> {
  let at = 0;
  let data = member.start;
  for (const { offset, size } of member.sparse ?? []) {
    if (offset < at || offset + size > member.size)
      throw new FaultError('malformed', 'sparse map out of order or bounds');
    at = offset;
    for (let left = size; left > 0; ) {
      const bytes = blob.read(data, Math.min(left, 1 << 20));
      if (bytes.length === 0) throw new FaultError('truncated', 'sparse file ends early');
      yield { offset: at, bytes };
      data += bytes.length;
      left -= bytes.length;
      at += bytes.length;
    }
  }
}
