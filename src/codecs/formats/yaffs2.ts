/** YAFFS2 images: pages with their spare bytes, in the order in which they were written. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import {
  type InodeRecord,
  type InodeSource,
  type NamedInode,
  newDevice,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
  zeros,
} from './inodes.ts';
import { Fields, textOf } from './ordered-fields.ts';

const ROOT = 1;
const Type = { file: 1, symlink: 2, directory: 3, hardLink: 4, special: 5 } as const;
/** Objects that YAFFS makes itself: lost+found, unlinked, deleted. */
const UNLINKED = new Set([3, 4]);
const MOST_CHUNK = 1 << 24;

/** How pages are laid out: their size, that of the spare bytes, and where in these the tags start. */
export interface YaffsLayout {
  readonly page: number;
  readonly spare: number;
  readonly tagsAt: number;
  readonly little: boolean;
}

const LAYOUTS: readonly (readonly [number, number])[] = [
  [2048, 64],
  [4096, 128],
  [4096, 224],
  [512, 16],
  [8192, 256],
  [1024, 32],
];

interface Tags {
  readonly sequence: number;
  readonly object: number;
  readonly chunk: number;
  readonly bytes: number;
}

function tagsAt(blob: Blob, at: number, layout: YaffsLayout): Tags | undefined {
  const bytes = blob.read(at + layout.page + layout.tagsAt, 16);
  if (bytes.length < 16) return undefined;
  const fields = new Fields(bytes, layout.little);
  const tags = {
    sequence: fields.u32(0),
    object: fields.u32(4) & 0x0fffffff,
    chunk: fields.u32(8),
    bytes: fields.u32(12),
  };
  // A header may carry its parent and type in the chunk number, told by the highest bit.
  const plain = tags.chunk >= 0x80000000 ? { ...tags, chunk: 0 } : tags;
  const fine = plain.object > 0 && plain.object < 1 << 18 && plain.chunk < MOST_CHUNK && plain.sequence >= 0x1000;
  return fine && plain.sequence < 0xefffff00 ? plain : undefined;
}

const isHeader = (fields: Fields): boolean =>
  fields.u32(0) >= 1 && fields.u32(0) <= 5 && fields.u16(8) === 0xffff && fields.u32(4) < 1 << 18;

/** The layout with which the first page is a header and its tags say so too. */
export function yaffsLayout(blob: Blob, offset = 0): YaffsLayout | undefined {
  const head = blob.read(offset, 512);
  if (head.length < 512) return undefined;
  const little = head[3] === 0;
  if (!isHeader(new Fields(head, little))) return undefined;
  for (const [page, spare] of LAYOUTS)
    for (const at of [0, 2, 1, 30, 32]) {
      const layout: YaffsLayout = { page, spare, tagsAt: at, little };
      if (at + 16 > spare) continue;
      const first = tagsAt(blob, offset, layout);
      const next = blob.read(offset + page + spare, 16);
      const second = tagsAt(blob, offset + page + spare, layout);
      if (
        first !== undefined &&
        first.chunk === 0 &&
        (second !== undefined || next.length < 16 || next.every((byte) => byte === 0xff))
      )
        return layout;
    }
  return undefined;
}

interface Page {
  readonly at: number;
  readonly tags: Tags;
}

/** Pages in use, until what follows is none: erased ones may lie between blocks. */
function* pages(blob: Blob, layout: YaffsLayout): Generator<Page> {
  const size = layout.page + layout.spare;
  for (let at = 0, empty = 0; at + layout.page < blob.size; at += size) {
    const tags = tagsAt(blob, at, layout);
    if (tags === undefined) {
      if (!blob.read(at, layout.page).every((byte) => byte === 0xff)) return;
      empty += 1;
      if (empty > 1024) return;
      continue;
    }
    empty = 0;
    yield { at, tags };
  }
}

export function extentOfYaffs(blob: Blob, layout: YaffsLayout): number {
  let end = 0;
  for (const { at } of pages(blob, layout)) end = at + layout.page + layout.spare;
  return Math.min(end, blob.size);
}

interface Node {
  readonly type: number;
  readonly parent: number;
  readonly name: string;
  readonly header: number;
  readonly sequence: number;
  readonly chunks: Map<number, { at: number; bytes: number; sequence: number }>;
}

export function openYaffs(blob: Blob): InodeSource {
  const layout = yaffsLayout(blob);
  if (layout === undefined) throw new FaultError('malformed', 'no YAFFS2 page');
  const image = new Yaffs(blob, layout);
  image.read();
  return image;
}

class Yaffs implements InodeSource {
  readonly root = ROOT;
  readonly #blob: Blob;
  readonly #layout: YaffsLayout;
  readonly #nodes = new Map<number, Node>();
  readonly #children = new Map<number, number[]>();

  constructor(blob: Blob, layout: YaffsLayout) {
    this.#blob = blob;
    this.#layout = layout;
  }

  read(): void {
    const data = new Map<number, Node['chunks']>();
    for (const { at, tags } of pages(this.#blob, this.#layout)) {
      const chunks = data.get(tags.object) ?? new Map<number, { at: number; bytes: number; sequence: number }>();
      data.set(tags.object, chunks);
      if (tags.chunk === 0) this.#header(at, tags, chunks);
      // What was written later, or lies further on in the same block, is newer.
      else if ((chunks.get(tags.chunk)?.sequence ?? 0) <= tags.sequence)
        chunks.set(tags.chunk, { at, bytes: Math.min(tags.bytes, this.#layout.page), sequence: tags.sequence });
    }
    for (const [object, { parent }] of this.#nodes) {
      if (object === ROOT || UNLINKED.has(parent)) continue;
      const list = this.#children.get(parent) ?? [];
      this.#children.set(parent, list);
      list.push(object);
    }
  }

  #header(at: number, { object, sequence }: Tags, chunks: Node['chunks']): void {
    const fields = new Fields(this.#blob.read(at, 512), this.#layout.little);
    if (!isHeader(fields) || (this.#nodes.get(object)?.sequence ?? 0) > sequence) return;
    const bytes = fields.slice(10, 255);
    const end = bytes.indexOf(0);
    const name = textOf(end < 0 ? bytes : bytes.subarray(0, end));
    this.#nodes.set(object, { type: fields.u32(0), parent: fields.u32(4), name, header: at, sequence, chunks });
  }

  *entries(directory: number): Generator<NamedInode> {
    for (const object of this.#children.get(directory) ?? []) {
      const node = this.#nodes.get(object)!;
      const key = node.type === Type.hardLink ? this.#fields(node).u32(296) : object;
      if (node.name !== '') yield { name: node.name, key };
    }
  }

  #fields(node: Node): Fields {
    return new Fields(this.#blob.read(node.header, 512), this.#layout.little);
  }

  inode(key: number): InodeRecord {
    const node = this.#nodes.get(key);
    if (node === undefined) {
      if (key === ROOT) return { mode: S_IFDIR, keepsMode: false };
      throw new FaultError('malformed', `object ${key} is named but not there`);
    }
    const fields = this.#fields(node);
    const mode = fields.u32(268);
    const record = { mode, uid: fields.u32(272), gid: fields.u32(276), mtime: fields.u32(284) };
    if (node.type === Type.symlink) {
      const alias = fields.slice(300, 160);
      const end = alias.indexOf(0);
      return { ...record, target: textOf(end < 0 ? alias : alias.subarray(0, end)) };
    }
    const type = mode & S_IFMT;
    if (type === S_IFCHR || type === S_IFBLK) return { ...record, device: newDevice(fields.u32(460)) };
    if (type === S_IFREG) return { ...record, content: () => this.#content(node, fields.u32(292)) };
    return record;
  }

  *#content(node: Node, size: number): Generator<Uint8Array> {
    const { page } = this.#layout;
    if (size > this.#blob.size * 1000)
      throw new FaultError('over-budget', 'a file is larger than its flash could hold');
    let at = 0;
    for (const chunk of [...node.chunks.keys()].sort((a, b) => a - b)) {
      const start = (chunk - 1) * page;
      if (start >= size) break;
      yield* zeros(start - at);
      const { at: place, bytes } = node.chunks.get(chunk)!;
      const length = Math.min(bytes, size - start);
      yield this.#blob.read(place, length);
      at = start + length;
    }
    yield* zeros(size - at);
  }
}
