/** EROFS: plain, inline and chunked files, and compressed ones with either kind of index. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { compressedPieces, type ErofsInode, type Piece } from './erofs-compressed.ts';
import {
  checkSize,
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  newDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  zeros,
} from './inodes.ts';
import { Fields, textOf } from './ordered-fields.ts';

export interface ErofsSuper {
  readonly blockSize: number;
  readonly blocks: number;
  readonly root: number;
  readonly metaAt: number;
  readonly xattrAt: number;
  readonly incompatible: number;
  readonly compatible: number;
  readonly modified: number;
  /** The inode of the content that files share, and where long prefixes of attributes lie. */
  readonly packed: number;
  readonly prefixes: { readonly count: number; readonly at: number };
}

const Feature = { padded: 1, fragments: 0x20, prefixes: 0x40, wide: 0x80 } as const;
/** All that is read; images of later tools (inodes packed together, `metabox`) have further ones. */
const KNOWN = 0xff;
/** Long prefixes lie in the image itself even when there is shared content. */
const PLAIN_PREFIXES = 0x10;

export function erofsSuper(blob: Blob, offset = 0): ErofsSuper | undefined {
  const bytes = blob.read(offset + 1024, 128);
  if (bytes.length < 128) return undefined;
  const fields = new Fields(bytes, true);
  const bits = fields.u8(12);
  if (fields.u32(0) !== 0xe0f5e1e2 || bits < 9 || bits > 16) return undefined;
  const blockSize = 2 ** bits;
  const incompatible = fields.u32(80);
  const wide = (incompatible & Feature.wide) !== 0;
  const blocks = fields.u32(36) + (wide ? fields.u16(14) * 2 ** 32 : 0);
  if (blocks === 0) return undefined;
  return {
    blockSize,
    blocks,
    root: wide ? fields.u64(112) : fields.u16(14),
    metaAt: fields.u32(40) * blockSize,
    xattrAt: fields.u32(44) * blockSize,
    incompatible,
    compatible: fields.u32(8),
    modified: fields.u64(24),
    packed: fields.u64(96),
    prefixes: { count: (incompatible & Feature.prefixes) === 0 ? 0 : fields.u8(91), at: fields.u32(92) * 4 },
  };
}

export function openErofs(blob: Blob): InodeSource {
  const superblock = erofsSuper(blob);
  if (superblock === undefined) throw new FaultError('malformed', 'no EROFS superblock');
  const unknown = superblock.incompatible & ~KNOWN;
  if (unknown !== 0)
    throw new FaultError(
      'unsupported',
      `EROFS with features 0x${(unknown >>> 0).toString(16)}, which are not known: not read`,
    );
  return new Erofs(blob, superblock);
}

const Layout = { plain: 0, full: 1, inline: 2, compact: 3, chunks: 4 } as const;
const PREFIXES = [
  '',
  'user.',
  'system.posix_acl_access',
  'system.posix_acl_default',
  'trusted.',
  'lustre.',
  'security.',
];

class Erofs implements InodeSource {
  readonly root: number;
  readonly #blob: Blob;
  readonly #super: ErofsSuper;
  /** Whole prefixes of names of attributes that the image has of its own; read when the first is met. */
  #prefixes: readonly string[] | undefined;
  /** The pieces of the shared content, and the one that was unpacked last. */
  #shared: readonly Piece[] | undefined;
  #unpacked: { readonly piece: Piece; readonly bytes: Uint8Array } | undefined;

  constructor(blob: Blob, superblock: ErofsSuper) {
    this.#blob = blob;
    this.#super = superblock;
    this.root = superblock.root;
  }

  #fields(at: number, length: number): Fields {
    const bytes = this.#blob.read(at, length);
    if (bytes.length < length) throw new FaultError('truncated', 'it lies beyond the end of the image');
    return new Fields(bytes, true);
  }

  #inode(key: number): ErofsInode {
    const at = this.#super.metaAt + key * 32;
    const format = this.#fields(at, 2).u16(0);
    const extended = (format & 1) === 1;
    const fields = this.#fields(at, extended ? 64 : 32);
    const count = fields.u16(2);
    const xattrAt = at + (extended ? 64 : 32);
    const xattrSize = count === 0 ? 0 : 12 + (count - 1) * 4;
    return {
      layout: (format >> 1) & 7,
      mode: fields.u16(4),
      place: fields.u32(16),
      xattrAt,
      xattrSize,
      after: xattrAt + xattrSize,
      ...(extended
        ? { size: fields.u64(8), uid: fields.u32(24), gid: fields.u32(28), mtime: fields.u64(32) }
        : {
            size: fields.u32(8),
            uid: fields.u16(24),
            gid: fields.u16(26),
            mtime: this.#super.modified + fields.u32(12),
          }),
    };
  }

  inode(key: number): InodeRecord {
    const inode = this.#inode(key);
    const { mode, uid, gid, mtime } = inode;
    const record = { mode, uid, gid, mtime, xattrs: this.#xattrs(inode) };
    const type = mode & S_IFMT;
    if (type === S_IFCHR || type === S_IFBLK) return { ...record, device: newDevice(inode.place) };
    if (type === S_IFLNK) {
      if (inode.size > 65_536) throw new FaultError('malformed', 'a symbolic link is longer than any path may be');
      return { ...record, target: textOf(Buffer.concat([...this.#content(inode)])) };
    }
    if (type === S_IFREG) return { ...record, content: () => this.#content(inode) };
    return record;
  }

  #xattrs({ xattrAt, xattrSize }: ErofsInode): { [name: string]: string } {
    const found: { [name: string]: string } = {};
    if (xattrSize === 0) return found;
    const fields = this.#fields(xattrAt, xattrSize);
    const shared = fields.u8(4);
    for (let i = 0; i < shared; i += 1) {
      const at = this.#super.xattrAt + fields.u32(12 + i * 4) * 4;
      this.#xattr(new Fields(this.#blob.read(at, 65_536 + 512), true), 0, found);
    }
    for (let at = 12 + shared * 4; at + 4 <= xattrSize; ) at = this.#xattr(fields, at, found);
    return found;
  }

  /** One attribute; gives where the next starts. */
  #xattr(fields: Fields, at: number, found: { [name: string]: string }): number {
    const [length, index, size] = [fields.u8(at), fields.u8(at + 1), fields.u16(at + 2)];
    const prefix = (index & 0x80) === 0 ? PREFIXES[index] : this.#ownPrefixes()[index & 0x7f];
    const name = (prefix ?? '') + fields.text(at + 4, length);
    found[name] = Buffer.from(fields.slice(at + 4 + length, size)).toString('latin1');
    return at + ((4 + length + size + 3) & ~3);
  }

  /** A length of two bytes, the index of the usual prefix, and what follows that; each at a multiple of four. */
  #ownPrefixes(): readonly string[] {
    if (this.#prefixes !== undefined) return this.#prefixes;
    const { prefixes, compatible, incompatible } = this.#super;
    const found: string[] = [];
    this.#prefixes = found;
    const packed = (incompatible & Feature.fragments) !== 0 && (compatible & PLAIN_PREFIXES) === 0;
    const read = (from: number, size: number): Fields =>
      packed ? new Fields(Buffer.concat([...this.#fromShared(from, size)]), true) : this.#fields(from, size);
    for (let at = prefixes.at; found.length < prefixes.count; ) {
      const length = read(at, 2).u16(0);
      const prefix = read(at + 2, length);
      found.push((PREFIXES[prefix.u8(0)] ?? '') + prefix.text(1, length - 1));
      at += (2 + length + 3) & ~3;
    }
    return found;
  }

  #sharedPieces(): readonly Piece[] {
    const { packed, incompatible } = this.#super;
    if ((incompatible & Feature.fragments) === 0)
      throw new FaultError('malformed', 'a file lies in shared content, and there is none');
    const inode = this.#inode(packed);
    if (inode.layout === Layout.full || inode.layout === Layout.compact) return [...this.#pieces(inode)];
    const read = (): Uint8Array => Buffer.concat([...this.#content({ ...inode, size: Math.min(inode.size, 1 << 28) })]);
    return [{ start: 0, end: inode.size, read }];
  }

  /** Files lie in the shared content in any order; neighbours mostly in one piece. */
  *#fromShared(from: number, size: number): Generator<Uint8Array> {
    this.#shared ??= this.#sharedPieces();
    let [low, high] = [0, this.#shared.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#shared[middle]!.end <= from) low = middle + 1;
      else high = middle;
    }
    let left = size;
    for (let at = from; left > 0; low += 1) {
      const piece = this.#shared[low];
      if (piece === undefined) throw new FaultError('truncated', 'a file lies beyond the end of the shared content');
      if (piece.from !== undefined) throw new FaultError('malformed', 'the shared content lies in itself');
      if (this.#unpacked?.piece !== piece) this.#unpacked = { piece, bytes: piece.read() };
      const bytes = this.#unpacked.bytes.subarray(at - piece.start, at - piece.start + left);
      if (bytes.length === 0) throw new FaultError('truncated', 'a piece of the shared content is too short');
      yield bytes;
      at += bytes.length;
      left -= bytes.length;
    }
  }

  #pieces(inode: ErofsInode): Generator<Piece> {
    const { blockSize, incompatible } = this.#super;
    const padded = (incompatible & Feature.padded) !== 0;
    return compressedPieces(this.#blob, inode, blockSize, inode.layout === Layout.compact, padded);
  }

  *#content(inode: ErofsInode): Generator<Uint8Array> {
    const { layout, size, place, after } = inode;
    const { blockSize } = this.#super;
    checkSize(size, this.#blob.size);
    switch (layout) {
      case Layout.plain:
        yield* this.#bytes(place * blockSize, size);
        return;
      case Layout.inline: {
        const whole = Math.floor(size / blockSize) * blockSize;
        yield* this.#bytes(place * blockSize, whole);
        yield* this.#bytes(after, size - whole);
        return;
      }
      case Layout.full:
      case Layout.compact:
        for (const piece of this.#pieces(inode))
          if (piece.from === undefined) yield piece.read();
          else yield* this.#fromShared(piece.from, piece.end - piece.start);
        return;
      case Layout.chunks:
        yield* this.#chunks(inode);
        return;
      default:
        throw new FaultError('unsupported', `EROFS layout ${layout} is not known`);
    }
  }

  *#bytes(at: number, size: number): Generator<Uint8Array> {
    for (let done = 0; done < size; done += 1 << 20)
      yield this.#fields(at + done, Math.min(1 << 20, size - done)).bytes;
  }

  *#chunks({ size, place, after }: ErofsInode): Generator<Uint8Array> {
    const { blockSize } = this.#super;
    const chunk = blockSize * 2 ** (place & 31);
    const indexed = (place & 0x20) !== 0;
    const width = indexed ? 8 : 4;
    const start = Math.ceil(after / width) * width;
    for (let i = 0; i * chunk < size; i += 1) {
      const entry = this.#fields(start + i * width, width);
      const block = entry.u32(indexed ? 4 : 0);
      if (indexed && block !== 0xffffffff && entry.u16(2) !== 0)
        throw new FaultError('unsupported', 'a file lies on another device than this image');
      const length = Math.min(chunk, size - i * chunk);
      if (block === 0xffffffff) yield* zeros(length);
      else yield* this.#bytes(block * blockSize, length);
    }
  }

  *entries(directory: number): Generator<NamedInode> {
    const inode = this.#inode(directory);
    const { blockSize } = this.#super;
    if (inode.size > 2 ** 30) throw new FaultError('malformed', 'a directory is too large');
    const bytes = Buffer.concat([...this.#content(inode)]);
    for (let at = 0; at < bytes.length; at += blockSize)
      yield* listed(new Fields(bytes.subarray(at, at + blockSize), true));
  }
}

function* listed(fields: Fields): Generator<NamedInode> {
  const first = fields.u16(8);
  const count = Math.floor(first / 12);
  if (count === 0 || first % 12 !== 0) throw new FaultError('malformed', 'a block of a directory is broken');
  for (let i = 0; i < count; i += 1) {
    const start = fields.u16(i * 12 + 8);
    const end = i + 1 < count ? fields.u16(i * 12 + 20) : fields.size;
    if (start > end) throw new FaultError('malformed', 'the names of a directory are out of order');
    const bytes = fields.slice(start, end - start);
    const zero = bytes.indexOf(0);
    const name = textOf(zero < 0 ? bytes : bytes.subarray(0, zero));
    if (name !== '.' && name !== '..') yield { name, key: fields.u64(i * 12) };
  }
}
