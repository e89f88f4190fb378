/** UBI: volumes on flash, put together from erase blocks by the newest header of each. */
import { crc32 } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { filledBlob, joinedBlob } from './joined-blob.ts';
import { Fields } from './ordered-fields.ts';

/** CRC-32 that is not inverted at the end. */
const crc = (bytes: Uint8Array): number => (crc32(bytes) ^ 0xffffffff) >>> 0;
const LAYOUT = 0x7fffefff;
const FASTMAP = 0x7ffff000;
const MOST_BLOCKS = 1 << 20;

interface EraseHeader {
  readonly headerAt: number;
  readonly dataAt: number;
}

function eraseHeader(blob: Blob, at: number): EraseHeader | undefined {
  const bytes = blob.read(at, 64);
  if (bytes.length < 64) return undefined;
  const fields = new Fields(bytes, false);
  if (fields.u32(0) !== 0x55424923 || crc(bytes.subarray(0, 60)) !== fields.u32(60)) return undefined;
  const [headerAt, dataAt] = [fields.u32(16), fields.u32(20)];
  return headerAt >= 64 && dataAt >= headerAt + 64 && dataAt < 1 << 22 ? { headerAt, dataAt } : undefined;
}

export interface UbiExtent {
  readonly end: number;
  readonly blockSize: number;
}

/** The erase-block size is the distance of two headers; the image ends with the last good header's block. */
export function extentOfUbi(blob: Blob): UbiExtent | undefined {
  const first = eraseHeader(blob, 0);
  if (first === undefined) return undefined;
  let blockSize = 0;
  for (let size = 4096; size <= 1 << 23 && blockSize === 0; size *= 2)
    if (size > first.dataAt && eraseHeader(blob, size) !== undefined) blockSize = size;
  // A single block is as large as what is left, to the next power of two.
  if (blockSize === 0) return { end: blob.size, blockSize: blob.size };
  let end = 0;
  // Blocks that went bad or were erased lie between good ones.
  for (let at = 0, missing = 0; at < blob.size && missing < 64; at += blockSize) {
    if (eraseHeader(blob, at) === undefined) missing += 1;
    else {
      end = at + blockSize;
      missing = 0;
    }
  }
  return { end, blockSize };
}

interface Placed {
  readonly sequence: number;
  readonly at: number;
  readonly size: number;
  readonly copied: boolean;
  readonly dataSize: number;
  readonly dataCrc: number;
}

export interface Volume {
  readonly id: number;
  readonly name: string;
  readonly type: 'dynamic' | 'static';
  readonly content: Blob;
  /** Blocks of a static volume that are not there, or whose data fails its CRC. */
  readonly missing: number;
}

export interface Ubi {
  readonly volumes: readonly Volume[];
  readonly fastmap: boolean;
}

/** Reads all headers and puts the volumes together. */
export function openUbi(blob: Blob, { end, blockSize }: UbiExtent): Ubi {
  const found = new Map<number, Map<number, Placed[]>>();
  const types = new Map<number, { static: boolean; used: number; pad: number }>();
  let fastmap = false;
  for (let at = 0, count = 0; at < end && count < MOST_BLOCKS; at += blockSize, count += 1) {
    const head = eraseHeader(blob, at);
    if (head === undefined) continue;
    const bytes = blob.read(at + head.headerAt, 64);
    if (bytes.length < 64) continue;
    const fields = new Fields(bytes, false);
    if (fields.u32(0) !== 0x55424921 || crc(bytes.subarray(0, 60)) !== fields.u32(60)) continue;
    const [id, block, pad] = [fields.u32(8), fields.u32(12), fields.u32(28)];
    if (id >= FASTMAP) fastmap = true;
    const size = Math.min(blockSize, blob.size - at) - head.dataAt - pad;
    if (size <= 0) continue;
    const blocks = found.get(id) ?? new Map<number, Placed[]>();
    found.set(id, blocks);
    types.set(id, { static: fields.u8(5) === 2, used: fields.u32(24), pad });
    const placed: Placed = {
      sequence: fields.u64(40),
      at: at + head.dataAt,
      size,
      copied: fields.u8(6) === 1,
      dataSize: Math.min(fields.u32(20), size),
      dataCrc: fields.u32(32),
    };
    const others = blocks.get(block);
    if (others === undefined) blocks.set(block, [placed]);
    else others.push(placed);
  }
  const names = namesOf(blob, found.get(LAYOUT));
  const volumes = [...found]
    .filter(([id]) => id < LAYOUT)
    .sort(([a], [b]) => a - b)
    .map(([id, blocks]) => volumeOf(blob, id, names.get(id) ?? `volume-${id}`, blocks, types.get(id)!));
  return { volumes, fastmap };
}

/** Of several blocks of one number the newest counts, unless it is a copy that was not finished. */
function newest(blob: Blob, placed: readonly Placed[]): Placed {
  const order = [...placed].sort((a, b) => b.sequence - a.sequence);
  const whole = order.find(
    ({ at, copied, dataSize, dataCrc }) => order.length === 1 || !copied || crc(blob.read(at, dataSize)) === dataCrc,
  );
  return whole ?? order[0]!;
}

function namesOf(blob: Blob, layout: ReadonlyMap<number, Placed[]> | undefined): Map<number, string> {
  const names = new Map<number, string>();
  for (const placed of layout?.values() ?? []) {
    const { at } = newest(blob, placed);
    for (let id = 0; id < 128; id += 1) {
      const record = blob.read(at + id * 172, 172);
      if (record.length < 172) break;
      const fields = new Fields(record, false);
      if (fields.u32(0) === 0 || crc(record.subarray(0, 168)) !== fields.u32(168)) continue;
      names.set(id, fields.text(16, Math.min(fields.u16(14), 127)));
    }
    if (names.size > 0) break;
  }
  return names;
}

function volumeOf(
  blob: Blob,
  id: number,
  name: string,
  blocks: ReadonlyMap<number, Placed[]>,
  { static: fixed, used }: { readonly static: boolean; readonly used: number },
): Volume {
  const last = Math.max(...blocks.keys());
  const count = Math.min(fixed && used > 0 ? used : last + 1, MOST_BLOCKS);
  const size = blocks.get(last)![0]!.size;
  const parts: Blob[] = [];
  let missing = 0;
  for (let i = 0; i < count; i += 1) {
    const placed = blocks.get(i);
    if (placed === undefined) {
      if (fixed) missing += 1;
      parts.push(filledBlob(size, 0xff));
      continue;
    }
    const one = newest(blob, placed);
    const part = blob.slice(one.at, one.at + (fixed ? one.dataSize : one.size));
    if (fixed && crc(part.read(0, part.size)) !== one.dataCrc) missing += 1;
    parts.push(part);
  }
  return { id, name, type: fixed ? 'static' : 'dynamic', content: joinedBlob(parts), missing };
}
