/** Compressed files of EROFS: the index of logical clusters, full or compact, and the clusters themselves. */
import { constants, inflateRawSync } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { lz4Block } from '../compression/lz4.ts';
import { unrawLzma } from '../compression/lzma.ts';
import { propertiesOf } from '../compression/xz.ts';
import { unzstd } from '../compression/zstd.ts';
import { Fields } from './ordered-fields.ts';

/** An inode as it lies on disk. `after`: where what follows it (xattrs excluded) starts. */
export interface ErofsInode {
  readonly layout: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly place: number;
  readonly xattrAt: number;
  readonly xattrSize: number;
  readonly after: number;
}

const Type = { plain: 0, head: 1, nonhead: 2, head2: 3 } as const;
const COUNT = 0x800;
const Advice = { compact2: 1, extents: 1, big1: 2, big2: 4, inline: 8, interlaced: 16, fragment: 32 } as const;
const MOST_EXTENT = 1 << 24;

/** A cluster holds more than this file takes of it: other files share it. */
const PARTIAL = 0x8000;
/** What one cluster may hold (Z_EROFS_PCLUSTER_MAX_DSIZE). */
const MOST_CLUSTER = 12 * 2 ** 20;

/** One logical cluster of the index. `blocks`: compressed blocks, where the entry after a head says so. */
interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly place: number;
  readonly blocks: number | undefined;
  readonly partial?: boolean;
}

interface Map {
  readonly advice: number;
  readonly algorithms: readonly [number, number];
  readonly bits: number;
  readonly inlineSize: number;
  /** Where what is not in clusters of its own lies among the content that files share. */
  readonly fragmentAt: number | undefined;
  readonly whole: boolean;
  readonly indexAt: number;
  /** Whether compressed data ends at the end of its blocks, after zeros; older images start it at the start. */
  readonly padded: boolean;
}

function mapOf(blob: Blob, inode: ErofsInode, blockSize: number): Omit<Map, 'padded'> {
  const at = Math.ceil(inode.after / 8) * 8;
  const fields = new Fields(blob.read(at, 8), true);
  const whole = (fields.u8(7) & 0x80) !== 0;
  const advice = whole ? Advice.fragment : fields.u16(4);
  const fragment = (advice & Advice.fragment) !== 0;
  const algorithms = fields.u8(6);
  return {
    advice,
    algorithms: [algorithms & 15, algorithms >> 4],
    bits: Math.log2(blockSize) + (fields.u8(7) & 15),
    inlineSize: fragment || (advice & Advice.inline) === 0 ? 0 : fields.u16(2),
    fragmentAt: whole ? (fields.u32(4) & 0x7fffffff) * 2 ** 32 + fields.u32(0) : fragment ? fields.u32(0) : undefined,
    whole,
    indexAt: at + 8,
  };
}

/** The full index: eight bytes for each logical cluster, after eight of padding. */
function* fullIndex(blob: Blob, at: number, count: number): Generator<Entry> {
  for (let i = 0; i < count; i += 1) {
    const fields = new Fields(blob.read(at + 8 + i * 8, 8), true);
    const type = fields.u16(0) & 3;
    const delta = fields.u16(4);
    const blocks = type === Type.nonhead && (delta & COUNT) !== 0 ? delta & ~COUNT : undefined;
    const partial = (fields.u16(0) & PARTIAL) !== 0;
    yield { type, offset: fields.u16(2), place: fields.u32(4), blocks, partial };
  }
}

/** A pack of the compact index: entries of a few bits, with one block number at its end. */
class Pack {
  readonly #fields: Fields;
  readonly #entries: number;
  readonly #width: number;
  readonly #lowBits: number;

  constructor(bytes: Uint8Array, entries: number, lowBits: number) {
    this.#fields = new Fields(bytes, true);
    this.#entries = entries;
    this.#width = ((bytes.length - 4) * 8) / entries;
    this.#lowBits = lowBits;
  }

  #read(i: number): { readonly type: number; readonly low: number } {
    const bit = i * this.#width;
    const from = bit >> 3;
    let word = 0;
    for (let k = 3; k >= 0; k -= 1)
      word = (word * 256 + (from + k < this.#fields.size ? this.#fields.u8(from + k) : 0)) >>> 0;
    word >>>= bit & 7;
    return { type: (word >>> this.#lowBits) & 3, low: word & ((1 << this.#lowBits) - 1) };
  }

  /** Blocks of the head before entry `i`, if that entry says them. */
  #blocks(i: number): number | undefined {
    const { type, low } = i < this.#entries ? this.#read(i) : { type: Type.plain, low: 0 };
    return type === Type.nonhead && (low & COUNT) !== 0 ? low & ~COUNT : undefined;
  }

  *all(big: boolean): Generator<Entry> {
    // In big clusters the entry behind a head says how many blocks the head has; else each has one.
    let place = this.#fields.u32(this.#fields.size - 4) + (big ? (this.#blocks(0) ?? 0) : 1);
    for (let i = 0; i < this.#entries; i += 1) {
      const { type, low } = this.#read(i);
      if (type === Type.nonhead) yield { type, offset: 0, place: 0, blocks: this.#blocks(i) };
      else {
        yield { type, offset: low, place, blocks: undefined };
        place += big ? (this.#blocks(i + 1) ?? 1) : 1;
      }
    }
  }
}

/** The compact index: packs of 2 entries in 8 bytes and of 16 in 32. */
function* compactIndex(blob: Blob, map: Map, count: number): Generator<Entry> {
  const { indexAt, bits, advice } = map;
  const initial = ((32 - (indexAt % 32)) / 4) & 7;
  const dense = (advice & Advice.compact2) !== 0 && initial < count ? Math.floor((count - initial) / 16) * 16 : 0;
  for (let lcn = 0; lcn < count; ) {
    const inDense = lcn >= initial && lcn < initial + dense;
    const [entries, size] = inDense ? [16, 32] : [2, 8];
    const at =
      lcn < initial
        ? indexAt + lcn * 4
        : indexAt + initial * 4 + (inDense ? (lcn - initial) * 2 : dense * 2 + (lcn - initial - dense) * 4);
    const bytes = blob.read(at, size);
    if (bytes.length < size) throw new FaultError('truncated', 'an index lies beyond the end of the image');
    for (const entry of new Pack(bytes, entries, Math.max(bits, 12)).all((advice & Advice.big1) !== 0)) {
      if (lcn === count) return;
      yield entry;
      lcn += 1;
    }
  }
}

interface Extent {
  readonly start: number;
  readonly type: number;
  readonly place: number;
  readonly partial: boolean;
  blocks: number;
}

/** A run of the file, unpacked when it is read; `from`: where it lies in the content that files share. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly from?: number;
  read(): Uint8Array;
}

const nothing = (): Uint8Array => new Uint8Array(0);

export function* compressedPieces(
  blob: Blob,
  inode: ErofsInode,
  blockSize: number,
  compact: boolean,
  padded: boolean,
): Generator<Piece> {
  const map = { ...mapOf(blob, inode, blockSize), padded };
  if (map.whole) {
    yield { start: 0, end: inode.size, from: map.fragmentAt ?? 0, read: nothing };
    return;
  }
  if (!compact && (map.advice & Advice.extents) !== 0)
    throw new FaultError('unsupported', 'EROFS files with a list of extents are not read');
  const cluster = 2 ** map.bits;
  const count = Math.ceil(inode.size / cluster);
  const entries = compact ? compactIndex(blob, map, count) : fullIndex(blob, map.indexAt, count);
  let open: Extent | undefined;
  let lcn = 0;
  for (const entry of entries) {
    if (entry.type !== Type.nonhead) {
      const start = lcn * cluster + entry.offset;
      // The index may end with an entry for the end of the file.
      if (start >= inode.size) break;
      if (open !== undefined) yield piece(blob, map, open, start, blockSize, false);
      else if (start !== 0) throw new FaultError('malformed', 'a compressed file has no start');
      open = { start, type: entry.type, place: entry.place, partial: entry.partial === true, blocks: 1 };
    } else if (open !== undefined && entry.blocks !== undefined) open.blocks = entry.blocks;
    lcn += 1;
  }
  if (open === undefined) {
    if (inode.size > 0) throw new FaultError('malformed', 'a compressed file has no clusters');
    return;
  }
  if (map.fragmentAt !== undefined) {
    // The index that is not compact has room for the high half of where it lies.
    const from = map.fragmentAt + (compact ? 0 : open.place * 2 ** 32);
    yield { start: open.start, end: inode.size, from, read: nothing };
    return;
  }
  if (map.inlineSize === 0) {
    yield piece(blob, map, open, inode.size, blockSize, true);
    return;
  }
  const last = open;
  yield { start: open.start, end: inode.size, read: () => tail(blob, inode, map, last, count, compact) };
}

function piece(blob: Blob, map: Map, one: Extent, end: number, blockSize: number, last: boolean): Piece {
  return { start: one.start, end, read: () => extent(blob, map, one, end, blockSize, last) };
}

/** The last cluster, kept behind the index. */
function tail(blob: Blob, inode: ErofsInode, map: Map, open: Extent, count: number, compact: boolean): Uint8Array {
  const initial = ((32 - (map.indexAt % 32)) / 4) & 7;
  const dense = (map.advice & Advice.compact2) !== 0 && initial < count ? Math.floor((count - initial) / 16) * 16 : 0;
  const end = compact
    ? map.indexAt + Math.ceil((initial * 4 + dense * 2 + Math.max(0, count - initial - dense) * 4) / 8) * 8
    : map.indexAt + 8 + count * 8;
  const bytes = blob.read(end, map.inlineSize);
  return decoded(bytes, inode.size - open.start, open, map);
}

function extent(
  blob: Blob,
  map: Map,
  { start, type, place, blocks, partial }: Extent,
  end: number,
  blockSize: number,
  last: boolean,
): Uint8Array {
  const length = end - start;
  if (length <= 0 || length > MOST_EXTENT)
    throw new FaultError('malformed', 'a compressed extent has no possible length');
  const bytes = blob.read(place * blockSize, blocks * blockSize);
  if (bytes.length < Math.min(blocks * blockSize, last ? 1 : blockSize))
    throw new FaultError('truncated', 'a cluster lies beyond the end of the image');
  if (type === Type.plain && (map.advice & Advice.interlaced) !== 0) {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i += 1) out[i] = bytes[(start + i) % blockSize]!;
    return out;
  }
  return decoded(bytes, length, { type, partial }, map);
}

function decoded(
  bytes: Uint8Array,
  length: number,
  { type, partial }: Pick<Extent, 'type' | 'partial'>,
  map: Map,
): Uint8Array {
  if (type === Type.plain) {
    if (bytes.length < length) throw new FaultError('malformed', 'a plain cluster is too short');
    return bytes.slice(0, length);
  }
  let from = 0;
  while (map.padded && from < bytes.length && bytes[from] === 0) from += 1;
  const packed = bytes.subarray(from);
  const out = unpackOne(packed, length, map.algorithms[type === Type.head2 ? 1 : 0], partial || !map.padded);
  if (out.length < length) throw new FaultError('malformed', 'a cluster holds less than it should');
  return out.subarray(0, length);
}

function unpackOne(packed: Uint8Array, length: number, algorithm: number, partial: boolean): Uint8Array {
  switch (algorithm) {
    case 0: {
      const out = new Uint8Array(length);
      return out.subarray(0, lz4Block(packed, out, 0, partial));
    }
    case 1: {
      // MicroLZMA: the first byte of the stream is always zero, and the inverted properties stand in its place.
      const plain = packed.slice();
      const properties = propertiesOf(~(plain[0] ?? 0) & 0xff);
      plain[0] = 0;
      return unrawLzma(plain, properties, length);
    }
    case 2:
      try {
        return inflateRawSync(packed, {
          maxOutputLength: partial ? MOST_CLUSTER : length,
          finishFlush: constants.Z_SYNC_FLUSH,
        });
      } catch (thrown) {
        throw new FaultError('malformed', 'a cluster is no deflate data', { cause: thrown });
      }
    case 3:
      return unzstd(packed, partial ? MOST_CLUSTER : length);
    default:
      throw new FaultError('unsupported', `EROFS compression ${algorithm} is not known`);
  }
}
