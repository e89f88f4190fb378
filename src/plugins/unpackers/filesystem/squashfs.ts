/** SquashFS 2, 3 and 4 in both byte orders, with every codec and the LZMA that vendors put in; data is decompressed by workers. */

import { BlockReader } from '../../../codecs/formats/squashfs-blocks.ts';
import {
  directoryEntries,
  type Inode,
  type Owners,
  type Reference,
  readInode,
} from '../../../codecs/formats/squashfs-inodes.ts';
import type { BlocksInput, BlocksResult, BlockTask } from '../../../codecs/formats/squashfs-job.ts';
import { Metadata } from '../../../codecs/formats/squashfs-metadata.ts';
import { type Superblock, squashfsSuper } from '../../../codecs/formats/squashfs-super.ts';
import { type Fragment, fragmentsOf, ownersOf, Xattrs } from '../../../codecs/formats/squashfs-tables.ts';
import { SQUASHFS_BLOCKS } from '../../../codecs/jobs.ts';
import type { EntryMetadata, Sink, UnpackContext, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

/** Content that one job decompresses, about; few enough that both ends of a run are balanced over the threads. */
const BATCH = 1 << 22;
/** Jobs under way at a time: bounds what is held in memory. */
const UNDER_WAY = 8;
const UNCOMPRESSED = 1 << 24;

const asciiMagic = (text: string): { bytes: number[] } => ({ bytes: [...Buffer.from(text, 'latin1')] });

export const squashfs: Unpacker = {
  id: 'filesystem/squashfs',
  title: 'SquashFS file system',
  class: 'file-system',
  magic: ['hsqs', 'sqsh', 'sqlz', 'shsq', 'qshs', 'tqsh', 'hsqt', 'zlqs'].map(asciiMagic),
  locate(blob, offset) {
    const found = squashfsSuper(blob, offset);
    if (found === undefined) return undefined;
    const { major, minor, compression, little, magic, bytesUsed } = found;
    const vendor = magic === 'hsqs' || magic === 'sqsh' ? '' : `, magic ${magic}`;
    const note = `${compression}, ${major}.${minor}, ${little ? 'little' : 'big'}-endian${vendor}`;
    return { start: offset, end: offset + bytesUsed, note };
  },
  async unpack(container, into, context) {
    const superblock = squashfsSuper(container, 0);
    if (superblock === undefined) throw new FaultError('malformed', 'no SquashFS superblock');
    await new Walk(container, superblock, into, context).run();
  },
};

/** Sends blocks to workers in batches, and tells afterwards what failed. */
class Batches {
  readonly #container: Blob;
  readonly #context: UnpackContext;
  readonly #failed: (owner: number, message: string) => void;
  readonly #reader: BlockReader;
  #tasks: BlockTask[] = [];
  #size = 0;
  #target = '';
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    container: Blob,
    context: UnpackContext,
    reader: BlockReader,
    failed: (owner: number, message: string) => void,
  ) {
    this.#container = container;
    this.#context = context;
    this.#reader = reader;
    this.#failed = failed;
  }

  async add(task: BlockTask, target: string): Promise<void> {
    this.#target = target;
    this.#tasks.push(task);
    this.#size += task.size;
    if (this.#size >= BATCH) await this.#send();
  }

  async #send(): Promise<void> {
    const tasks = this.#tasks;
    this.#tasks = [];
    this.#size = 0;
    if (tasks.length === 0) return;
    while (this.#underWay.size >= UNDER_WAY) await Promise.race(this.#underWay);
    const job = this.#run(this.#input(tasks)).finally(() => this.#underWay.delete(job));
    // A job that fails while others are awaited is heard at the end.
    job.catch(() => undefined);
    this.#underWay.add(job);
  }

  /** Workers read the image themselves where it lies on disk; else they are given the bytes. */
  #input(tasks: readonly BlockTask[]): BlocksInput {
    const common = { way: this.#reader.way, sure: this.#reader.sure, target: this.#target };
    const { origin } = this.#container;
    if (origin !== undefined) {
      const moved = tasks.map((task) => ({ ...task, at: task.at + origin.offset }));
      return { ...common, source: { path: origin.path }, tasks: moved };
    }
    const parts = tasks.map(({ at, stored }) => this.#container.read(at, stored));
    const bytes = Buffer.concat(parts);
    let next = 0;
    const moved = tasks.map((task, i) => {
      const at = next;
      next += parts[i]?.length ?? 0;
      return { ...task, at };
    });
    return { ...common, source: { bytes }, tasks: moved };
  }

  async #run(input: BlocksInput): Promise<void> {
    const { failures } = (await this.#context.job(SQUASHFS_BLOCKS, input)) as BlocksResult;
    for (const { owner, message } of failures) this.#failed(owner, message);
  }

  async end(): Promise<void> {
    await this.#send();
    await Promise.all(this.#underWay);
  }
}

class Walk {
  readonly #container: Blob;
  readonly #super: Superblock;
  readonly #into: Sink;
  readonly #context: UnpackContext;
  readonly #reader: BlockReader;
  readonly #metadata: Metadata;
  readonly #batches: Batches;
  #owners: Owners = { users: [], groups: [] };
  #fragments: readonly Fragment[] = [];
  #xattrs: Xattrs | undefined;
  /** Names by inode: a second name of a file is a hard link, a second one of a directory a loop. */
  readonly #seen = new Map<string, string>();
  readonly #names: string[] = [];
  readonly #pieces = new Map<number, { pieces: number[]; owner: number }>();
  #target = '';

  constructor(container: Blob, superblock: Superblock, into: Sink, context: UnpackContext) {
    this.#container = container;
    this.#super = superblock;
    this.#into = into;
    this.#context = context;
    this.#reader = new BlockReader(superblock.compression);
    this.#metadata = new Metadata(container, superblock, this.#reader);
    this.#batches = new Batches(container, context, this.#reader, (owner, message) => {
      this.#into.broken(this.#names[owner] ?? '', message);
    });
  }

  async run(): Promise<void> {
    this.#owners = ownersOf(this.#container, this.#metadata, this.#super);
    this.#part('the fragment table', () => {
      this.#fragments = fragmentsOf(this.#container, this.#metadata, this.#super);
    });
    this.#part('the extended attributes', () => {
      this.#xattrs = new Xattrs(this.#container, this.#metadata, this.#super);
    });
    await this.#directories();
    for (const [index, { pieces, owner }] of this.#pieces) {
      const fragment = this.#fragments[index];
      if (fragment === undefined) this.#into.broken(this.#names[owner] ?? '', 'its fragment is not there');
      else await this.#block(fragment.start, fragment.size, this.#super.blockSize, pieces, owner);
    }
    await this.#batches.end();
  }

  /** Without this part the rest can be read all the same. */
  #part(what: string, read: () => void): void {
    try {
      read();
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault.kind === 'bug') throw thrown;
      this.#into.broken('', { ...fault, message: `${what}: ${fault.message}` });
    }
  }

  #inode(reference: Reference): Inode {
    const cursor = this.#metadata.cursor(this.#super.inodeTable + reference.block, reference.offset);
    return readInode(cursor, this.#super, this.#owners);
  }

  async #directories(): Promise<void> {
    const root = this.#inode(this.#super.root);
    if (root.kind !== 'directory') throw new FaultError('malformed', 'the root is no directory');
    this.#into.directory('/', this.#meta('/', root));
    this.#seen.set(`${this.#super.root.block}:${this.#super.root.offset}`, '/');
    const open: { readonly name: string; readonly inode: Inode }[] = [{ name: '', inode: root }];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      this.#context.signal.throwIfAborted();
      const inner: { name: string; inode: Inode }[] = [];
      try {
        for (const entry of this.#entries(one.inode))
          await this.#entry(`${one.name}/${entry.name}`, entry.inode, inner);
      } catch (thrown) {
        this.#tell(one.name === '' ? '/' : one.name, thrown);
      }
      open.push(...inner.reverse());
    }
  }

  *#entries({ listing, size }: Inode): ReturnType<typeof directoryEntries> {
    // From version 3 on the size counts three bytes for `.` and `..`, which are not there; version 2 counts what is there.
    const counted = this.#super.major === 2 ? size : size - 3;
    if (listing === undefined || counted <= 0) return;
    const cursor = this.#metadata.cursor(this.#super.directoryTable + listing.block, listing.offset);
    yield* directoryEntries(cursor, this.#super, counted);
  }

  /** Broken pieces are told; a spent budget, an abort or a bug ends it. */
  #tell(name: string, thrown: unknown): void {
    const fault = faultOf(thrown);
    if (fault.kind === 'bug' || fault.kind === 'over-budget' || fault.kind === 'stopped') throw thrown;
    this.#into.broken(name, fault);
  }

  async #entry(name: string, reference: Reference, inner: { name: string; inode: Inode }[]): Promise<void> {
    const key = `${reference.block}:${reference.offset}`;
    const before = this.#seen.get(key);
    try {
      const inode = this.#inode(reference);
      if (before !== undefined) {
        if (inode.kind === 'directory') this.#into.broken(name, `the directory is the same as ${before}`);
        else this.#into.hardLink(name, before);
        return;
      }
      this.#seen.set(key, name);
      if (inode.kind === 'directory') inner.push({ name, inode });
      await this.#put(name, inode);
    } catch (thrown) {
      this.#tell(name, thrown);
    }
  }

  /** Attributes that cannot be read are told; what has them is read all the same. */
  #meta(name: string, inode: Inode): EntryMetadata {
    const { mode, uid, gid, mtime, xattr } = inode;
    const plain = { mode, uid, gid, mtime };
    if (xattr === undefined || this.#xattrs === undefined) return plain;
    try {
      return { ...plain, xattrs: this.#xattrs.of(xattr) };
    } catch (thrown) {
      this.#tell(name, thrown);
      return plain;
    }
  }

  async #put(name: string, inode: Inode): Promise<void> {
    const metadata = this.#meta(name, inode);
    switch (inode.kind) {
      case 'directory':
        this.#into.directory(name, metadata);
        return;
      case 'symlink':
        this.#into.symlink(name, inode.target ?? '', metadata);
        return;
      case 'file':
        await this.#file(name, inode, metadata);
        return;
      default:
        this.#into.special(name, inode.kind, inode.device, metadata);
    }
  }

  async #file(name: string, { size, blocks }: Inode, metadata: EntryMetadata): Promise<void> {
    const { blockSize, bytesUsed } = this.#super;
    // Holes cost nothing to say, so what is stored bounds what may come out.
    const stored = blocks?.sizes.reduce((sum, one) => sum + (one & (UNCOMPRESSED - 1)), 0) ?? 0;
    if (size > 2 ** 20 + 1000 * Math.max(stored, bytesUsed)) {
      await this.#into.file(name, [], metadata);
      this.#into.broken(name, `a file claims ${size} bytes, more than 1000 times what is stored`);
      return;
    }
    const place = this.#into.reserve(name, size, metadata);
    this.#target = place.path;
    if (blocks === undefined || size === 0) return;
    const owner = this.#names.push(name) - 1;
    let at = blocks.start;
    for (const [i, word] of blocks.sizes.entries()) {
      const expected = Math.min(blockSize, size - i * blockSize);
      if (word !== 0) await this.#block(at, word, expected, [0, expected, place.offset + i * blockSize], owner);
      at += word & (UNCOMPRESSED - 1);
    }
    const { fragment } = blocks;
    if (fragment === undefined || fragment.size === 0) return;
    if (fragment.offset + fragment.size > blockSize) throw new FaultError('malformed', 'its fragment is too long');
    const held = this.#pieces.get(fragment.index);
    const to = place.offset + blocks.sizes.length * blockSize;
    if (held === undefined) this.#pieces.set(fragment.index, { pieces: [fragment.offset, fragment.size, to], owner });
    else held.pieces.push(fragment.offset, fragment.size, to);
  }

  async #block(at: number, word: number, size: number, pieces: readonly number[], owner: number): Promise<void> {
    const stored = word & (UNCOMPRESSED - 1);
    if (stored > this.#super.blockSize * 2 || at + stored > this.#container.size) {
      this.#into.broken(this.#names[owner] ?? '', 'a block lies beyond the end of the image');
      return;
    }
    const packed = (word & UNCOMPRESSED) === 0;
    await this.#batches.add({ at, stored, packed, size, pieces, owner }, this.#target);
  }
}
