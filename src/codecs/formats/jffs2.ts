/** JFFS2: a log of nodes in either byte order, brought to its newest state. */
import { crc32, inflateRawSync } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError, faultOf } from '../../lib/fault.ts';
import { undynrubin, unrtime, unrubinMips } from '../compression/jffs2-compressors.ts';
import { unrawLzma } from '../compression/lzma.ts';
import { unlzo } from '../compression/lzo.ts';
import { ByteSource } from '../compression/source.ts';
import {
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  newDevice,
  oldDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from './inodes.ts';
import { Fields, textOf } from './ordered-fields.ts';

const DIRENT = 0xe001;
const INODE = 0xe002;
const XATTR = 0xe008;
const XREF = 0xe009;
const TYPES = new Set([DIRENT, INODE, 0x2003, 0x2004, 0x2006, XATTR, XREF]);
const ACCURATE = 0x2000;
const MOST_NODE = 1 << 20;
const ROOT = 1;

/** The kernel's CRC-32, which is neither inverted before nor after. */
const crc = (bytes: Uint8Array): number => (crc32(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;

interface NodeAt {
  readonly at: number;
  readonly type: number;
  readonly length: number;
}

/** The node at the place where `source` stands, which stays; undefined where none is. */
function nodeAt(source: ByteSource, little: boolean): NodeAt | undefined {
  const head = source.peek(12);
  if (head.length < 12) return undefined;
  const fields = new Fields(head, little);
  if (fields.u16(0) !== 0x1985) return undefined;
  const type = fields.u16(2);
  // A node that was made obsolete lost one bit, which its CRC still counts.
  const whole = head.slice(0, 8);
  if ((type & ACCURATE) === 0) whole[little ? 3 : 2]! |= ACCURATE >> 8;
  const length = fields.u32(4);
  if (!TYPES.has(type | ACCURATE) || length < 12 || length > MOST_NODE) return undefined;
  return crc(whole) === fields.u32(8) ? { at: source.position, type, length } : undefined;
}

/** Erased flash between nodes may be long; other bytes (a node that was cut off, a worn page) only short. */
const ERASED_GAP = 1 << 24;
const DIRTY_GAP = 1 << 16;

/** All nodes with a good header, in the order of the flash; ends where no more follow. */
function* nodes(blob: Blob, little: boolean): Generator<NodeAt> {
  const source = new ByteSource(blob);
  let dirty = 0;
  let gap = 0;
  while (source.position < blob.size) {
    const node = nodeAt(source, little);
    if (node !== undefined) {
      yield node;
      source.position += (node.length + 3) & ~3;
      dirty = 0;
      gap = 0;
      continue;
    }
    const erased = erasedIn(source.peek(4096));
    const step = Math.max(erased, 4);
    if (erased === 0) dirty += 4;
    gap += step;
    if (dirty > DIRTY_GAP || gap > ERASED_GAP) return;
    source.position += step;
  }
}

/** How many bytes of whole words at the start are erased. */
function erasedIn(run: Uint8Array): number {
  let at = 0;
  while (at < run.length && run[at] === 0xff) at += 1;
  return at & ~3;
}

/** Marks of erased blocks without any content are an empty file system from this number on. */
const EMPTY = 2;

/** Where the log that starts at 0 ends, or undefined when there is none. */
export function extentOfJffs2(
  blob: Blob,
  little: boolean,
): { readonly end: number; readonly nodes: number } | undefined {
  let end = 0;
  let count = 0;
  let content = 0;
  for (const node of nodes(blob, little)) {
    end = node.at + ((node.length + 3) & ~3);
    count += 1;
    if (node.type === DIRENT || node.type === INODE) content += 1;
  }
  return content === 0 && count < EMPTY ? undefined : { end: Math.min(end, blob.size), nodes: count };
}

interface Data {
  readonly version: number;
  readonly offset: number;
  readonly stored: number;
  readonly size: number;
  readonly compression: number;
  readonly at: number;
  readonly length: number;
  readonly crc: number;
}
interface File {
  version: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  readonly data: Data[];
}
interface Dirent {
  readonly version: number;
  readonly inode: number;
  readonly type: number;
}

/** Opens the log: reads all nodes, keeps the newest of each. */
export function openJffs2(blob: Blob, little: boolean): InodeSource {
  const log = new Log(blob, little);
  log.read();
  return log;
}

const PREFIXES = ['', 'user.', 'security.', 'system.posix_acl_access', 'system.posix_acl_default', 'trusted.'];

class Log implements InodeSource {
  readonly root = ROOT;
  readonly #blob: Blob;
  readonly #little: boolean;
  readonly #files = new Map<number, File>();
  readonly #directories = new Map<number, Map<string, Dirent>>();
  readonly #xattrs = new Map<number, { version: number; name: string; value: string }>();
  readonly #owned = new Map<number, { xid: number; sequence: number }[]>();
  #bad = 0;

  constructor(blob: Blob, little: boolean) {
    this.#blob = blob;
    this.#little = little;
  }

  get faults(): readonly string[] {
    return this.#bad === 0 ? [] : [`${this.#bad} nodes fail their CRC and were left out`];
  }

  read(): void {
    for (const node of nodes(this.#blob, this.#little)) {
      if ((node.type & ACCURATE) === 0) continue;
      try {
        this.#take(node);
      } catch (thrown) {
        if (!(thrown instanceof FaultError)) throw thrown;
        this.#bad += 1;
      }
    }
  }

  #take({ at, type, length }: NodeAt): void {
    const fields = new Fields(this.#blob.read(at, length), this.#little);
    if (type === DIRENT) this.#dirent(fields);
    else if (type === INODE) this.#inode(fields, at, length);
    else if (type === XATTR) {
      const name = fields.text(32, fields.u8(21));
      const value = Buffer.from(fields.slice(33 + fields.u8(21), fields.u16(22))).toString('latin1');
      const [xid, version] = [fields.u32(12), fields.u32(16)];
      if ((this.#xattrs.get(xid)?.version ?? -1) < version)
        this.#xattrs.set(xid, { version, name: (PREFIXES[fields.u8(20)] ?? '') + name, value });
    } else if (type === XREF) {
      const owned = this.#owned.get(fields.u32(12)) ?? [];
      owned.push({ xid: fields.u32(16), sequence: fields.u32(20) });
      this.#owned.set(fields.u32(12), owned);
    }
  }

  #dirent(fields: Fields): void {
    if (crc(fields.slice(0, 32)) !== fields.u32(32)) throw new FaultError('malformed', 'a node fails its CRC');
    const bytes = fields.slice(40, fields.u8(28));
    if (crc(bytes) !== fields.u32(36)) throw new FaultError('malformed', 'a name fails its CRC');
    const [parent, version] = [fields.u32(12), fields.u32(16)];
    const names = this.#directories.get(parent) ?? new Map<string, Dirent>();
    this.#directories.set(parent, names);
    const name = textOf(bytes);
    if ((names.get(name)?.version ?? -1) > version) return;
    names.set(name, { version, inode: fields.u32(20), type: fields.u8(29) });
  }

  #inode(fields: Fields, at: number, length: number): void {
    if (crc(fields.slice(0, 60)) !== fields.u32(64)) throw new FaultError('malformed', 'a node fails its CRC');
    const [inode, version] = [fields.u32(12), fields.u32(16)];
    let file = this.#files.get(inode);
    if (file === undefined) {
      file = { version: -1, mode: 0, uid: 0, gid: 0, mtime: 0, data: [] };
      this.#files.set(inode, file);
    }
    if (version >= file.version) {
      file.version = version;
      file.mode = fields.u32(20) & 0xffff;
      file.uid = fields.u16(24);
      file.gid = fields.u16(26);
      file.mtime = fields.u32(36);
    }
    const stored = fields.u32(48);
    if (68 + stored > length) throw new FaultError('malformed', 'a node holds less data than it says');
    const size = fields.u32(52);
    if (size > MOST_NODE) throw new FaultError('malformed', 'a node claims more data than a page');
    file.data.push({
      version,
      offset: fields.u32(44),
      stored,
      size,
      compression: fields.u8(56),
      at: at + 68,
      length: fields.u32(28),
      crc: fields.u32(60),
    });
  }

  *entries(directory: number): Generator<NamedInode> {
    for (const [name, { inode }] of this.#directories.get(directory) ?? []) if (inode !== 0) yield { name, key: inode };
  }

  inode(key: number): InodeRecord {
    const file = this.#files.get(key);
    if (file === undefined) {
      // The root has no node of its own until someone changes it.
      if (key === ROOT || this.#directories.has(key)) return { mode: S_IFDIR | 0o755, keepsMode: key === ROOT };
      throw new FaultError('malformed', `inode ${key} is named but not there`);
    }
    const { mode, uid, gid, mtime } = file;
    const record = { mode, uid, gid, mtime, xattrs: this.#xattrsOf(key) };
    const type = mode & S_IFMT;
    if (type === S_IFLNK) return { ...record, target: textOf(this.#content(file)) };
    if (type === S_IFCHR || type === S_IFBLK) {
      const bytes = new Fields(this.#content(file), this.#little);
      return { ...record, device: bytes.size >= 4 ? newDevice(bytes.u32(0)) : oldDevice(bytes.u16(0)) };
    }
    if (type === S_IFREG) return { ...record, content: () => [this.#content(file)] };
    return record;
  }

  #xattrsOf(key: number): { [name: string]: string } {
    const found: { [name: string]: string } = {};
    for (const { xid } of this.#owned.get(key) ?? []) {
      const one = this.#xattrs.get(xid);
      if (one !== undefined) found[one.name] = one.value;
    }
    return found;
  }

  /** Data nodes lie over each other in the order of their versions; the newest says how long the file is. */
  #content(file: File): Uint8Array {
    const order = [...file.data].sort((a, b) => a.version - b.version);
    const special = (file.mode & S_IFMT) !== S_IFREG;
    const last = order.at(-1);
    const size = special ? Math.max(0, ...order.map(({ offset, size: one }) => offset + one)) : (last?.length ?? 0);
    if (size > 2 ** 31 - 1 || size > 2 ** 24 + this.#blob.size * 1000)
      throw new FaultError('over-budget', 'a file is larger than its flash could hold');
    const content = new Uint8Array(size);
    let bad = 0;
    for (const data of order) {
      if (!special && data.length < size) content.fill(0, data.length);
      if (data.size === 0) continue;
      try {
        const bytes = this.#data(data);
        if (data.offset < size) content.set(bytes.subarray(0, size - data.offset), data.offset);
      } catch (thrown) {
        if (faultOf(thrown).kind === 'bug') throw thrown;
        bad += 1;
      }
    }
    if (bad > 0 && bad === order.length) throw new FaultError('malformed', 'none of its data can be read');
    this.#bad += bad;
    return content;
  }

  #data({ at, stored, size, compression, crc: sum }: Data): Uint8Array {
    const bytes = this.#blob.read(at, stored);
    if (bytes.length < stored) throw new FaultError('truncated', 'a node lies beyond the end');
    if (crc(bytes) !== sum) throw new FaultError('malformed', 'data fails its CRC');
    const out = expand(bytes, size, compression);
    if (out.length !== size) throw new FaultError('malformed', 'data is not as long as it says');
    return out;
  }
}

function expand(bytes: Uint8Array, size: number, compression: number): Uint8Array {
  switch (compression) {
    case 0:
    case 4:
      return bytes.slice();
    case 1:
      return new Uint8Array(size);
    case 2:
      return unrtime(bytes, size);
    case 3:
      return unrubinMips(bytes, size);
    case 5:
      return undynrubin(bytes, size);
    case 6:
      return inflated(bytes, size);
    case 7:
      return unlzo(bytes, size);
    case 8:
      return unrawLzma(bytes, { lc: 0, lp: 0, pb: 0 }, size);
    default:
      throw new FaultError('unsupported', `JFFS2 compression ${compression} is not known`);
  }
}

/** The kernel leaves out the check of short zlib data, so it is not looked for. */
function inflated(bytes: Uint8Array, size: number): Uint8Array {
  const zlib = bytes.length > 2 && (bytes[0]! & 15) === 8 && ((bytes[0]! << 8) | bytes[1]!) % 31 === 0;
  try {
    return inflateRawSync(zlib ? bytes.subarray(2) : bytes, { maxOutputLength: size });
  } catch (thrown) {
    throw new FaultError('malformed', 'data is no deflate data', { cause: thrown });
  }
}
