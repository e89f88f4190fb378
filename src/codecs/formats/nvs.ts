/** Espressif's non-volatile storage (ESP-IDF, format versions 1 and 2): pages of entries, keys in namespaces. */
import { crc32 } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { header, printable } from './fields.ts';

const PAGE = 4096;
const ENTRY = 32;
const ENTRIES = 126;
const STATES: ReadonlySet<number> = new Set([0xffff_fffe, 0xffff_fffc, 0xffff_fff8, 0xffff_fff0]);
const NUMBERS: ReadonlyMap<number, (at: Buffer) => number | bigint> = new Map<number, (at: Buffer) => number | bigint>([
  [0x01, (data) => data.readUInt8(0)],
  [0x11, (data) => data.readInt8(0)],
  [0x02, (data) => data.readUInt16LE(0)],
  [0x12, (data) => data.readInt16LE(0)],
  [0x04, (data) => data.readUInt32LE(0)],
  [0x14, (data) => data.readInt32LE(0)],
  [0x08, (data) => data.readBigUInt64LE(0)],
  [0x18, (data) => data.readBigInt64LE(0)],
]);

export interface NvsValue {
  readonly namespace: string;
  readonly key: string;
  readonly content: Buffer;
}
export interface NvsContent {
  readonly values: readonly NvsValue[];
  readonly faults: readonly string[];
}

/** Whether a page with a right header lies at `offset`: its sum covers sequence and version. */
function isPage(blob: Blob, offset: number): boolean {
  const head = header(blob, offset, ENTRY);
  if (head === undefined || !STATES.has(head.readUInt32LE(0)) || head[8]! < 0xfe) return false;
  return crc32(head.subarray(4, 28), 0xffff_ffff) === head.readUInt32LE(28);
}

const isBlank = (blob: Blob, offset: number): boolean => blob.read(offset, PAGE).every((byte) => byte === 0xff);

/** Bytes from `offset` that are pages, blank ones among them; 0 when the first is none. */
export function nvsSize(blob: Blob, offset: number): number {
  if (!isPage(blob, offset)) return 0;
  let end = offset + PAGE;
  for (let at = end; at + PAGE <= blob.size; at += PAGE) {
    if (isPage(blob, at)) end = at + PAGE;
    else if (!isBlank(blob, at)) break;
    else end = at + PAGE;
  }
  return end - offset;
}

interface Raw {
  readonly space: number;
  readonly type: number;
  readonly chunk: number;
  readonly key: string;
  readonly data: Buffer;
}

/** All values that are written; erased ones are not given. */
export function readNvs(blob: Blob): NvsContent {
  const raws: Raw[] = [];
  const faults: string[] = [];
  for (let at = 0; at + PAGE <= blob.size; at += PAGE) if (isPage(blob, at)) readPage(blob, at, raws, faults);
  const spaces = new Map<number, string>();
  for (const { space, type, key, data } of raws) if (space === 0 && type === 1) spaces.set(data[0]!, key);
  const values: NvsValue[] = [];
  const blobs = new Map<string, { namespace: string; key: string; parts: [number, Buffer][] }>();
  for (const { space, type, chunk, key, data } of raws) {
    if (space === 0) continue;
    const namespace = spaces.get(space) ?? `namespace-${space}`;
    const number = NUMBERS.get(type);
    if (number !== undefined) values.push({ namespace, key, content: Buffer.from(`${number(data)}\n`) });
    else if (type === 0x21) values.push({ namespace, key, content: data.subarray(0, Math.max(0, data.length - 1)) });
    else if (type === 0x41) values.push({ namespace, key, content: data });
    else if (type === 0x42) {
      const name = `${space}:${key}`;
      const known = blobs.get(name) ?? { namespace, key, parts: [] };
      known.parts.push([chunk, data]);
      blobs.set(name, known);
    }
  }
  for (const { namespace, key, parts } of blobs.values()) {
    parts.sort((a, b) => a[0] - b[0]);
    values.push({ namespace, key, content: Buffer.concat(parts.map(([, data]) => data)) });
  }
  return { values, faults };
}

function readPage(blob: Blob, page: number, raws: Raw[], faults: string[]): void {
  const bitmap = Buffer.from(blob.read(page + ENTRY, ENTRY));
  const written = (index: number): boolean => ((bitmap[index >> 2]! >> ((index & 3) * 2)) & 3) === 2;
  for (let index = 0; index < ENTRIES; ) {
    const at = page + ENTRY * (2 + index);
    const entry = written(index) ? header(blob, at, ENTRY) : undefined;
    if (entry === undefined) {
      index += 1;
      continue;
    }
    const span = entry[2]!;
    const sum = crc32(entry.subarray(8), crc32(entry.subarray(0, 4), 0xffff_ffff));
    const key = printable(entry.subarray(8, 24));
    if (span === 0 || index + span > ENTRIES || key === undefined || sum !== entry.readUInt32LE(4)) {
      faults.push(`entry ${index} of the page at 0x${page.toString(16)} does not add up`);
      index += 1;
      continue;
    }
    const own = { space: entry[0]!, type: entry[1]!, chunk: entry[3]!, key };
    if (span === 1) raws.push({ ...own, data: entry.subarray(24) });
    else {
      const size = entry.readUInt16LE(24);
      const data = Buffer.from(blob.read(at + ENTRY, Math.min(size, (span - 1) * ENTRY)));
      if (crc32(data, 0xffff_ffff) !== entry.readUInt32LE(28)) faults.push(`the value of ${key} does not add up`);
      raws.push({ ...own, data });
    }
    index += span;
  }
}
