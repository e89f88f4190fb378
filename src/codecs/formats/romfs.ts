/** RomFS: headers linked in lists, content as it is; always big-endian. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import {
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from './inodes.ts';
import { Fields, textOf } from './ordered-fields.ts';

/** Size of the file system at `offset`; undefined when its first 512 bytes do not add up to zero. */
export function romfsSize(blob: Blob, offset = 0): number | undefined {
  const bytes = blob.read(offset, 512);
  if (bytes.length < 32 || Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== '-rom1fs-') return undefined;
  const fields = new Fields(bytes, false);
  const size = fields.u32(8);
  let sum = 0;
  for (let at = 0; at + 4 <= Math.min(bytes.length, size); at += 4) sum = (sum + fields.u32(at)) >>> 0;
  return sum === 0 && size >= 32 ? size : undefined;
}

const MODES = [
  0,
  S_IFDIR | 0o644,
  S_IFREG | 0o644,
  S_IFLNK | 0o777,
  S_IFBLK | 0o600,
  S_IFCHR | 0o600,
  S_IFSOCK | 0o644,
  S_IFIFO | 0o644,
];
const NAME = 1024;

export function openRomfs(blob: Blob): InodeSource {
  if (romfsSize(blob) === undefined) throw new FaultError('malformed', 'no RomFS header');
  return new Romfs(blob);
}

interface Header {
  readonly next: number;
  readonly type: number;
  readonly executable: boolean;
  readonly spec: number;
  readonly size: number;
  readonly name: string;
  readonly dataAt: number;
}

class Romfs implements InodeSource {
  readonly root: number;
  readonly #blob: Blob;

  constructor(blob: Blob) {
    this.#blob = blob;
    this.root = this.#text(16).next;
  }

  /** A name and where it ends, to the next multiple of 16. */
  #text(at: number): { readonly text: string; readonly next: number } {
    const bytes = this.#blob.read(at, NAME);
    const end = bytes.indexOf(0);
    if (end < 0) throw new FaultError('malformed', 'a name has no end');
    return { text: textOf(bytes.subarray(0, end)), next: at + ((end + 16) & ~15) };
  }

  #header(at: number): Header {
    const fields = new Fields(this.#blob.read(at, 16), false);
    const word = fields.u32(0);
    const { text, next } = this.#text(at + 16);
    return {
      next: (word & ~15) >>> 0,
      type: word & 7,
      executable: (word & 8) !== 0,
      spec: fields.u32(4),
      size: fields.u32(8),
      name: text,
      dataAt: next,
    };
  }

  *entries(directory: number): Generator<NamedInode> {
    const seen = new Set<number>();
    for (let at = (this.#header(directory).spec & ~15) >>> 0; at !== 0; ) {
      if (seen.has(at)) throw new FaultError('malformed', 'a directory lists itself in a ring');
      seen.add(at);
      const { name, next, type, spec } = this.#header(at);
      if (name !== '.' && name !== '..') yield { name, key: type === 0 ? (spec & ~15) >>> 0 : at };
      at = next;
    }
  }

  inode(key: number): InodeRecord {
    const { type, executable, spec, size, dataAt } = this.#header(key);
    if (type === 0) throw new FaultError('malformed', 'a hard link to a hard link');
    // Owners are not kept: Linux gives everything to root.
    const record = { mode: MODES[type]! | (executable ? 0o111 : 0), uid: 0, gid: 0 };
    if (type === 3) return { ...record, target: textOf(this.#bytes(dataAt, Math.min(size, 65_536))) };
    if (type === 4 || type === 5) return { ...record, device: { major: spec >>> 16, minor: spec & 0xffff } };
    if (type === 2) return { ...record, content: () => this.#content(dataAt, size) };
    return record;
  }

  #bytes(at: number, length: number): Uint8Array {
    const bytes = this.#blob.read(at, length);
    if (bytes.length < length) throw new FaultError('truncated', 'it lies beyond the end of the image');
    return bytes;
  }

  *#content(at: number, size: number): Generator<Uint8Array> {
    for (let done = 0; done < size; done += 1 << 20) yield this.#bytes(at + done, Math.min(1 << 20, size - done));
  }
}
