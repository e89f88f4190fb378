/** UBIFS: the state that its index tells, and what the journal adds to it. */
import { crc32, inflateRawSync } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { unlzo } from '../compression/lzo.ts';
import { unzstd } from '../compression/zstd.ts';
import {
  checkSize,
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  newDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  zeros,
} from './inodes.ts';
import { Fields, textOf } from './ordered-fields.ts';

const MAGIC = 0x06101831;
/** The magic as it lies in the bytes. */
const START = Buffer.from([0x31, 0x18, 0x10, 0x06]);
const BLOCK = 4096;
const ROOT = 1;
const Type = { inode: 0, data: 1, dent: 2, xent: 3, trun: 4, super: 6, master: 7, index: 9, commit: 10 } as const;
const ENCRYPTED_FS = 0x10;
const ENCRYPTED_INODE = 0x40;
const MOST_NODE = 1 << 20;

const crc = (bytes: Uint8Array): number => (crc32(bytes) ^ 0xffffffff) >>> 0;

/** The node at `at`, whole and with a good CRC. */
function nodeAt(blob: Blob, at: number): Fields | undefined {
  const head = new Fields(blob.read(at, 24), true);
  if (head.size < 24 || head.u32(0) !== MAGIC) return undefined;
  const length = head.u32(16);
  if (length < 24 || length > MOST_NODE) return undefined;
  const bytes = blob.read(at, length);
  if (bytes.length < length || crc(bytes.subarray(8)) !== head.u32(4)) return undefined;
  return new Fields(bytes, true);
}

export interface UbifsSuper {
  readonly blockSize: number;
  readonly blocks: number;
  readonly encrypted: boolean;
}

/** The superblock, which is the first node of the volume. */
export function ubifsSuper(blob: Blob, offset = 0): UbifsSuper | undefined {
  const node = nodeAt(blob, offset);
  if (node === undefined || node.u8(20) !== Type.super || node.size < 64) return undefined;
  const [blockSize, blocks] = [node.u32(36), node.u32(40)];
  if (blockSize < 4096 || blockSize > 1 << 23 || blocks < 3 || blocks > 1 << 20) return undefined;
  return { blockSize, blocks, encrypted: (node.u32(28) & ENCRYPTED_FS) !== 0 };
}

interface Stored {
  readonly sequence: number;
  readonly at: number;
}

export function openUbifs(blob: Blob): InodeSource {
  const superblock = ubifsSuper(blob);
  if (superblock === undefined) throw new FaultError('malformed', 'no UBIFS superblock');
  if (superblock.encrypted) throw new FaultError('encrypted', 'the UBIFS file system is encrypted');
  const volume = new Volume(blob, superblock);
  volume.read();
  return volume;
}

class Volume implements InodeSource {
  readonly root = ROOT;
  readonly faults: string[] = [];
  readonly #blob: Blob;
  readonly #super: UbifsSuper;
  readonly #inodes = new Map<number, Stored>();
  readonly #data = new Map<number, Map<number, Stored>>();
  readonly #names = new Map<number, Map<string, { sequence: number; inode: number }>>();
  readonly #xattrs = new Map<number, Map<string, { sequence: number; inode: number }>>();

  constructor(blob: Blob, superblock: UbifsSuper) {
    this.#blob = blob;
    this.#super = superblock;
  }

  read(): void {
    const master = this.#master();
    let since = -1;
    if (master !== undefined) {
      try {
        const { blockSize } = this.#super;
        this.#index(master.u32(48) * blockSize + master.u32(52), 0);
        since = this.#commit(master);
      } catch (thrown) {
        if (!(thrown instanceof FaultError)) throw thrown;
        this.faults.push(`the index is broken (${thrown.message}); the newest of all nodes were taken`);
      }
    } else this.faults.push('no master node; the newest of all nodes were taken');
    this.#scan(since);
  }

  /** The newest master node, of two blocks that hold the same. */
  #master(): Fields | undefined {
    let newest: Fields | undefined;
    const { blockSize } = this.#super;
    for (const node of this.#nodes(blockSize, 3 * blockSize))
      if (node.fields.u8(20) === Type.master && node.fields.u64(8) >= (newest?.u64(8) ?? -1)) newest = node.fields;
    return newest;
  }

  /** The sequence number with which the last commit began: nodes after it are not in the index. */
  #commit(master: Fields): number {
    const { blockSize } = this.#super;
    const log = master.u32(44) * blockSize;
    for (const { fields } of this.#nodes(log, log + blockSize))
      if (fields.u8(20) === Type.commit && fields.u64(24) === master.u64(32)) return fields.u64(8);
    return master.u64(8);
  }

  *#nodes(from: number, to: number): Generator<{ readonly at: number; readonly fields: Fields }> {
    const end = Math.min(to, this.#blob.size);
    for (let at = from; at < end; ) {
      const chunk = this.#blob.read(at, Math.min(16_384, end - at));
      const found = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).indexOf(START);
      if (found < 0) {
        at += Math.max(chunk.length - 3, 4);
        continue;
      }
      at += found;
      const fields = (at & 7) === 0 ? nodeAt(this.#blob, at) : undefined;
      if (fields === undefined) {
        at += 1;
        continue;
      }
      yield { at, fields };
      at += (fields.size + 7) & ~7;
      // Padding says how much follows it.
      if (fields.u8(20) === 5 && fields.size >= 28) at += fields.u32(24);
    }
  }

  #scan(since: number): void {
    const { blockSize, blocks } = this.#super;
    const truncations: Fields[] = [];
    for (const { at, fields } of this.#nodes(3 * blockSize, blocks * blockSize)) {
      if (fields.u64(8) <= since) continue;
      if (fields.u8(20) === Type.trun) truncations.push(fields);
      else this.#take(fields, at);
    }
    for (const fields of truncations) this.#truncate(fields);
  }

  #truncate(fields: Fields): void {
    const [inode, size] = [fields.u32(24), fields.u64(48)];
    for (const [block, { sequence }] of this.#data.get(inode) ?? [])
      if (block * BLOCK >= size && sequence < fields.u64(8)) this.#data.get(inode)?.delete(block);
  }

  #index(at: number, depth: number): void {
    if (depth > 64) throw new FaultError('malformed', 'the index is too deep');
    const node = nodeAt(this.#blob, at);
    if (node === undefined) throw new FaultError('malformed', 'a node of the index is not there');
    if (node.u8(20) !== Type.index) {
      this.#take(node, at);
      return;
    }
    const count = node.u16(24);
    const width = count === 0 ? 20 : Math.floor((node.size - 28) / count);
    if (width < 20) throw new FaultError('malformed', 'a node of the index is too small');
    for (let i = 0; i < count; i += 1) {
      const branch = 28 + i * width;
      const place = node.u32(branch) * this.#super.blockSize + node.u32(branch + 4);
      if (node.u16(26) === 0) this.#leaf(place);
      else this.#index(place, depth + 1);
    }
  }

  #leaf(at: number): void {
    const node = nodeAt(this.#blob, at);
    if (node === undefined) this.faults.push('a node that the index names is not there');
    else this.#take(node, at);
  }

  #take(fields: Fields, at: number): void {
    const sequence = fields.u64(8);
    switch (fields.u8(20)) {
      case Type.inode: {
        const inode = fields.u32(24);
        if ((this.#inodes.get(inode)?.sequence ?? -1) <= sequence) this.#inodes.set(inode, { sequence, at });
        return;
      }
      case Type.data: {
        const [inode, block] = [fields.u32(24), fields.u32(28) & 0x1fffffff];
        const blocks = this.#data.get(inode) ?? new Map<number, Stored>();
        this.#data.set(inode, blocks);
        if ((blocks.get(block)?.sequence ?? -1) <= sequence) blocks.set(block, { sequence, at });
        return;
      }
      case Type.dent:
      case Type.xent: {
        const all = fields.u8(20) === Type.dent ? this.#names : this.#xattrs;
        const parent = fields.u32(24);
        const names = all.get(parent) ?? new Map<string, { sequence: number; inode: number }>();
        all.set(parent, names);
        const name = textOf(fields.slice(56, fields.u16(50)));
        if ((names.get(name)?.sequence ?? -1) <= sequence) names.set(name, { sequence, inode: fields.u64(40) });
        return;
      }
      default:
    }
  }

  *entries(directory: number): Generator<NamedInode> {
    for (const [name, { inode }] of this.#names.get(directory) ?? []) if (inode !== 0) yield { name, key: inode };
  }

  #node(key: number): Fields {
    const stored = this.#inodes.get(key);
    const node = stored === undefined ? undefined : nodeAt(this.#blob, stored.at);
    if (node === undefined) throw new FaultError('malformed', `inode ${key} is named but not there`);
    return node;
  }

  inode(key: number): InodeRecord {
    const node = this.#node(key);
    const mode = node.u32(104);
    const type = mode & S_IFMT;
    const inline = node.slice(160, node.u32(112));
    const xattrs: { [name: string]: string } = {};
    for (const [name, { inode }] of this.#xattrs.get(key) ?? []) {
      if (inode === 0) continue;
      const value = this.#node(inode);
      xattrs[name] = Buffer.from(value.slice(160, value.u32(112))).toString('latin1');
    }
    const record = { mode, uid: node.u32(96), gid: node.u32(100), mtime: node.u64(72), xattrs };
    if ((node.u32(108) & ENCRYPTED_INODE) !== 0 && type !== S_IFDIR)
      throw new FaultError('encrypted', `inode ${key} is encrypted`);
    if (type === S_IFLNK) return { ...record, target: textOf(inline) };
    if (type === S_IFCHR || type === S_IFBLK)
      return { ...record, device: newDevice(inline.length >= 4 ? new Fields(inline, true).u32(0) : 0) };
    if (type === S_IFREG) return { ...record, content: () => this.#content(key, node.u64(48)) };
    return record;
  }

  *#content(key: number, size: number): Generator<Uint8Array> {
    const blocks = this.#data.get(key) ?? new Map<number, Stored>();
    checkSize(size, this.#blob.size);
    let at = 0;
    for (const block of [...blocks.keys()].sort((a, b) => a - b)) {
      const start = block * BLOCK;
      if (start >= size) break;
      yield* zeros(start - at);
      const bytes = this.#block(blocks.get(block)!.at);
      yield bytes.subarray(0, size - start);
      at = Math.min(size, start + bytes.length);
    }
    yield* zeros(size - at);
  }

  #block(at: number): Uint8Array {
    const node = nodeAt(this.#blob, at);
    if (node === undefined) throw new FaultError('malformed', 'a data node is not there');
    const size = node.u32(40);
    if (size > BLOCK) throw new FaultError('malformed', 'a data node is larger than a block');
    const bytes = node.slice(48, node.size - 48);
    const out = expand(bytes, size, node.u16(44));
    if (out.length !== size) throw new FaultError('malformed', 'data is not as long as it says');
    return out;
  }
}

function expand(bytes: Uint8Array, size: number, compression: number): Uint8Array {
  switch (compression) {
    case 0:
      return bytes.slice(0, size);
    case 1:
      return unlzo(bytes, size);
    case 2:
      try {
        return inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
      } catch (thrown) {
        throw new FaultError('malformed', 'data is no deflate data', { cause: thrown });
      }
    case 3:
      return unzstd(bytes, size);
    default:
      throw new FaultError('unsupported', `UBIFS compression ${compression} is not known`);
  }
}
