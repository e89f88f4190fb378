/** What a Linux kernel tells of itself: its banner, its configuration, where a payload or an initramfs lies in it. */
import { gunzipSync } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';

const WINDOW = 1 << 20;

/** The first place of `needle`, or -1; in windows, so that the blob may be of any size. */
export function find(blob: Blob, needle: Buffer, from = 0, to = blob.size): number {
  const most = Math.max(0, Math.min(WINDOW + needle.length - 1, to - from));
  const into = blob.readInto === undefined ? undefined : Buffer.allocUnsafe(most);
  for (let at = from; at < to; at += WINDOW) {
    const found = windowOf(blob, at, Math.min(most, to - at), into).indexOf(needle);
    if (found !== -1) return at + found;
  }
  return -1;
}

/** Without a copy, and where the blob can, in one array for all windows. */
function windowOf(blob: Blob, at: number, length: number, into: Buffer | undefined): Buffer {
  if (into !== undefined && blob.readInto !== undefined)
    return into.subarray(0, blob.readInto(into.subarray(0, length), at));
  const bytes = blob.read(at, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

const BANNER = Buffer.from('Linux version ');

/** `Linux version 3.10.14 (…) …`, or nothing. The format string of the banner itself does not count. */
export function bannerOf(blob: Blob): string | undefined {
  for (let at = find(blob, BANNER); at !== -1; at = find(blob, BANNER, at + 1)) {
    const text = Buffer.from(blob.read(at, 512)).toString('latin1');
    const banner = /^Linux version \d+\.\d+[^\n\0]{0,400}/.exec(text)?.[0];
    if (banner !== undefined) return banner;
  }
  return undefined;
}

/** The text of the configuration that CONFIG_IKCONFIG keeps between its marks. */
export function configOf(blob: Blob): Buffer | undefined {
  const start = find(blob, Buffer.from('IKCFG_ST\x1f\x8b\x08', 'latin1'));
  if (start === -1) return undefined;
  const end = find(blob, Buffer.from('IKCFG_ED'), start, Math.min(blob.size, start + WINDOW));
  if (end === -1) return undefined;
  try {
    return gunzipSync(blob.read(start + 8, end - start - 8), { maxOutputLength: 4 * WINDOW });
  } catch {
    return undefined;
  }
}

/** Beginnings of what kernels are packed with, by how sure they are. */
const PACKED = [
  Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
  Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
  Buffer.from([0x89, 0x4c, 0x5a, 0x4f, 0x00]),
  Buffer.from([0x02, 0x21, 0x4c, 0x18]),
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
  Buffer.from('BZh9', 'latin1'),
  Buffer.from([0x5d, 0x00, 0x00]),
];

/** Where the packed kernel lies inside a self-extracting one. */
export function packedPlace(blob: Blob, from: number): number | undefined {
  const head = Buffer.from(blob.read(from, WINDOW));
  for (const magic of PACKED) {
    const at = head.indexOf(magic);
    if (at !== -1) return from + at;
  }
  return undefined;
}
