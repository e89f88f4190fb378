/** littlefs version 2 (its SPEC.md): metadata pairs as logs of tags, files inline or as lists that skip backwards. */
import { crc32 } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { header } from './fields.ts';
import { type InodeRecord, type InodeSource, type NamedInode, S_IFDIR, S_IFREG } from './inodes.ts';
import { textOf } from './ordered-fields.ts';

/** Tags of one metadata pair are at most this many; a pair that lists more is broken. */
const MOST_TAGS = 65_536;
const MOST_PAIRS = 65_536;

export interface LittlefsSuper {
  readonly blockSize: number;
  readonly blocks: number;
  readonly version: string;
}

interface Entry {
  readonly name: string;
  readonly directory: boolean;
  readonly pair?: Pair;
  readonly inline?: Buffer;
  readonly list?: { readonly head: number; readonly size: number };
}
type Pair = readonly [number, number];
interface Log {
  readonly entries: readonly Partial<Entry>[];
  readonly next?: Pair;
}

/** The superblock in the first block of a file system that starts at `offset`. */
export function littlefsSuper(blob: Blob, offset: number): LittlefsSuper | undefined {
  const head = header(blob, offset, 64);
  if (head?.toString('latin1', 8, 16) !== 'littlefs') return undefined;
  const [version, blockSize, blocks] = [20, 24, 28].map((at) => head.readUInt32LE(at));
  if (version! >>> 16 !== 2 || blockSize! < 128 || blockSize! > 2 ** 20 || blocks! < 2) return undefined;
  return { blockSize: blockSize!, blocks: blocks!, version: `2.${version! & 0xffff}` };
}

export function openLittlefs(blob: Blob): InodeSource {
  const found = littlefsSuper(blob, 0) ?? secondSuper(blob);
  if (found === undefined) throw new FaultError('malformed', 'no littlefs superblock');
  return new Littlefs(blob, found);
}

/** The first block may be the older or broken one of its pair: common sizes are tried for the second. */
function secondSuper(blob: Blob): LittlefsSuper | undefined {
  for (const size of [4096, 512, 1024, 2048, 8192, 16_384, 65_536, 131_072]) {
    const found = littlefsSuper(blob, size);
    if (found?.blockSize === size) return found;
  }
  return undefined;
}

class Littlefs implements InodeSource {
  readonly root = 0;
  readonly #blob: Blob;
  readonly #super: LittlefsSuper;
  readonly #entries: Entry[] = [{ name: '', directory: true, pair: [0, 1] }];

  constructor(blob: Blob, found: LittlefsSuper) {
    this.#blob = blob;
    this.#super = found;
  }

  inode(key: number): InodeRecord {
    const entry = this.#entries[key];
    if (entry === undefined) throw new FaultError('malformed', 'no such entry');
    const kept = { keepsMode: false };
    if (entry.directory) return { mode: S_IFDIR | 0o755, ...kept };
    const { inline, list } = entry;
    if (inline !== undefined) return { mode: S_IFREG | 0o644, ...kept, content: () => [inline] };
    if (list === undefined) return { mode: S_IFREG | 0o644, ...kept, content: () => [] };
    return { mode: S_IFREG | 0o644, ...kept, content: () => this.#content(list.head, list.size) };
  }

  *entries(directory: number): Generator<NamedInode> {
    let pair = this.#entries[directory]?.pair;
    const seen = new Set<string>();
    while (pair !== undefined) {
      const name = `${Math.min(...pair)}`;
      if (seen.has(name) || seen.size > MOST_PAIRS) throw new FaultError('malformed', 'a directory leads to itself');
      seen.add(name);
      const log: Log = this.#log(pair);
      for (const { name: label, directory: isDirectory, ...rest } of log.entries) {
        if (label === undefined || isDirectory === undefined) continue;
        yield { name: label, key: this.#entries.push({ name: label, directory: isDirectory, ...rest }) - 1 };
      }
      pair = log.next;
    }
  }

  /** The newer of the two blocks whose first commit is whole. */
  #log(pair: Pair): Log {
    const [first, second] = pair.map((block) => this.#block(block));
    const order =
      first !== undefined && second !== undefined && ((first.readUInt32LE(0) - second.readUInt32LE(0)) | 0) < 0
        ? [second, first]
        : [first, second];
    for (const block of order) {
      const log = block === undefined ? undefined : logOf(block);
      if (log !== undefined) return log;
    }
    throw new FaultError('malformed', `neither block of the pair ${pair[0]}, ${pair[1]} holds a whole commit`);
  }

  #block(number: number): Buffer | undefined {
    return header(this.#blob, number * this.#super.blockSize, this.#super.blockSize);
  }

  /** Blocks point backwards: the n-th holds as many pointers as n has zeros at its end, and one. */
  *#content(head: number, size: number): Generator<Uint8Array> {
    const { blockSize } = this.#super;
    if (size > this.#blob.size) throw new FaultError('over-budget', 'a file is larger than its file system');
    const starts: number[] = [];
    for (let left = size; left > 0; left -= blockSize - starts.at(-1)!)
      starts.push(starts.length === 0 ? 0 : 4 * (trailingZeros(starts.length) + 1));
    const numbers: number[] = [];
    let number = head;
    for (let index = starts.length - 1; index >= 0; index--) {
      numbers[index] = number;
      if (index > 0) {
        const pointer = header(this.#blob, number * blockSize, 4);
        if (pointer === undefined) throw new FaultError('truncated', 'a block lies beyond the end of the image');
        number = pointer.readUInt32LE(0);
      }
    }
    let left = size;
    for (const [index, start] of starts.entries()) {
      const length = Math.min(left, blockSize - start);
      const bytes = this.#blob.read(numbers[index]! * blockSize + start, length);
      if (bytes.length < length) throw new FaultError('truncated', 'a block lies beyond the end of the image');
      yield bytes;
      left -= length;
    }
  }
}

const trailingZeros = (value: number): number => 31 - Math.clz32(value & -value);

interface Tag {
  readonly type: number;
  readonly id: number;
  readonly data: Buffer;
}

/** What a block's whole commits come to; undefined when not even the first is whole. */
function logOf(block: Buffer): Log | undefined {
  const tags: Tag[] = [];
  let pending: Tag[] = [];
  let before = 0xffff_ffff;
  let from = 0;
  let whole = false;
  for (let at = 4; at + 4 <= block.length && tags.length + pending.length < MOST_TAGS; ) {
    const tag = (block.readUInt32BE(at) ^ before) >>> 0;
    if (tag >>> 31 === 1) break;
    const type = (tag >>> 20) & 0x7ff;
    const size = (tag & 0x3ff) === 0x3ff ? 0 : tag & 0x3ff;
    if (at + 4 + size > block.length) break;
    before = tag;
    if ((type & 0x780) === 0x500) {
      // The sum covers everything of the commit up to this tag, without the usual inversion at the end.
      if (size < 4 || ~crc32(block.subarray(from, at + 4)) >>> 0 !== block.readUInt32LE(at + 4)) break;
      tags.push(...pending);
      pending = [];
      whole = true;
      at += 4 + size;
      from = at;
      before = (before ^ ((type & 1) << 31)) >>> 0;
      continue;
    }
    pending.push({ type, id: (tag >>> 10) & 0x3ff, data: block.subarray(at + 4, at + 4 + size) });
    at += 4 + size;
  }
  return whole ? settled(tags) : undefined;
}

/** Replays tags: entries are created and deleted between others, so that ids move. */
function settled(tags: readonly Tag[]): Log {
  const entries: { -readonly [K in keyof Entry]?: Entry[K] }[] = [];
  let next: Pair | undefined;
  for (const { type, id, data } of tags) {
    if (type === 0x401) entries.splice(id, 0, {});
    else if (type === 0x4ff) entries.splice(id, 1);
    else if (type === 0x601 && data.length >= 8) next = [data.readUInt32LE(0), data.readUInt32LE(4)];
    else if (type === 0x600) next = undefined;
    else if (type < 0x400) {
      // A log that was written anew lists ids in any order.
      while (entries.length <= id) entries.push({});
      apply(entries[id]!, type, data);
    }
  }
  return next === undefined ? { entries } : { entries, next };
}

function apply(entry: { -readonly [K in keyof Entry]?: Entry[K] }, type: number, data: Buffer): void {
  if (type === 0x001 || type === 0x002) {
    entry.name = textOf(data);
    entry.directory = type === 0x002;
  } else if (type === 0x200 && data.length >= 8) entry.pair = [data.readUInt32LE(0), data.readUInt32LE(4)];
  else if (type === 0x201) {
    entry.inline = data;
    delete entry.list;
  } else if (type === 0x202 && data.length >= 8) {
    entry.list = { head: data.readUInt32LE(0), size: data.readUInt32LE(4) };
    delete entry.inline;
  }
}
