/** SPIFFS, the flat file system of small flash chips: pages with the object they belong to, found by one pass over all. */
import type { Blob } from '../../lib/blob.ts';
import { header, printable } from './fields.ts';

const MAGIC = 0x2014_0529;
const INDEX = 0x8000;
const HEAD = 5;
/** Names in an object's index header: Espressif's setting, and the one that most ports keep. */
const NAME_AT = 13;
const NAME = 32;

export interface SpiffsShape {
  readonly page: number;
  readonly block: number;
  readonly blocks: number;
}
export interface SpiffsFile {
  readonly name: string;
  readonly size: number;
  /** Data pages by their place in the file; a missing one is a hole. */
  readonly pages: ReadonlyMap<number, number>;
}

/** Tells page and block size by the magics that the first two blocks carry; the size is that of the blob. */
export function spiffsShape(blob: Blob): SpiffsShape | undefined {
  for (const page of [256, 512, 1024, 2048])
    for (const block of [4096, 8192, 16_384, 32_768, 65_536]) {
      const blocks = Math.floor(blob.size / block);
      if (blocks < 2 || block < page * 8 || blocks * block !== blob.size) continue;
      if ([0, 1, blocks - 1].every((index) => hasMagic(blob, { page, block, blocks }, index)))
        return { page, block, blocks };
    }
  return undefined;
}

const lookupPages = ({ page, block }: SpiffsShape): number => Math.max(1, Math.ceil(((block / page) * 2) / page));

function hasMagic(blob: Blob, shape: SpiffsShape, index: number): boolean {
  const at = index * shape.block + lookupPages(shape) * shape.page - 4;
  const mark = header(blob, at, 2)?.readUInt16LE(0);
  const plain = MAGIC ^ shape.page;
  return mark === ((plain ^ (shape.blocks - index)) & 0xffff) || mark === (plain & 0xffff);
}

/** All files; an object whose index is gone has no name and is told by its number. */
export function spiffsFiles(blob: Blob, shape: SpiffsShape): SpiffsFile[] {
  const names = new Map<number, { name: string; size: number }>();
  const pages = new Map<number, Map<number, number>>();
  const first = lookupPages(shape);
  for (let block = 0; block < shape.blocks; block++)
    for (let number = first; number < shape.block / shape.page; number++) {
      const at = block * shape.block + number * shape.page;
      const head = header(blob, at, NAME_AT + NAME);
      if (head === undefined) continue;
      const [id, span, flags] = [head.readUInt16LE(0), head.readUInt16LE(2), head[4]!];
      // Bits of flags are cleared when they come true: used, final, index; deleted ones have bit 7 or 6 cleared.
      if (id === 0xffff || (flags & 0x03) !== 0 || (flags & 0xc0) !== 0xc0) continue;
      if ((id & INDEX) !== 0) {
        if (span !== 0 || (flags & 0x04) !== 0) continue;
        const name = printable(head.subarray(NAME_AT));
        if (name !== undefined && name !== '') names.set(id & ~INDEX, { name, size: head.readUInt32LE(8) });
      } else {
        const own = pages.get(id) ?? new Map<number, number>();
        own.set(span, at);
        pages.set(id, own);
      }
    }
  return [...names].map(([id, { name, size }]) => {
    const own = pages.get(id) ?? new Map<number, number>();
    // A file that was never closed has no size yet: as much as there is.
    const known = size === 0xffff_ffff ? own.size * (shape.page - HEAD) : size;
    return { name, size: Math.min(known, shape.blocks * shape.block), pages: own };
  });
}

export function* spiffsContent(blob: Blob, shape: SpiffsShape, file: SpiffsFile): Generator<Uint8Array> {
  const each = shape.page - HEAD;
  for (let span = 0; span * each < file.size; span++) {
    const length = Math.min(each, file.size - span * each);
    const at = file.pages.get(span);
    yield at === undefined ? new Uint8Array(length) : blob.read(at + HEAD, length);
  }
}
