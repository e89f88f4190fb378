/** U-Boot legacy images (uImage): one payload, or several (multi-file, script). */
import { crc32 } from 'node:zlib';
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Extent, Sink, Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';

const SIZE = 64;
const MULTI = 4;
const SCRIPT = 6;
const TYPES: { readonly [type: number]: string } = {
  1: 'standalone',
  2: 'kernel',
  3: 'ramdisk',
  4: 'multi',
  5: 'firmware',
  6: 'script',
  7: 'filesystem',
  8: 'device-tree',
};
const COMPRESSIONS = ['none', 'gzip', 'bzip2', 'lzma', 'lzo', 'lz4', 'zstd'];

function locate(blob: Blob, offset: number): Extent | undefined {
  const head = header(blob, offset, SIZE);
  if (head === undefined) return undefined;
  const stated = head.readUInt32BE(4);
  const plain = Buffer.from(head);
  plain.writeUInt32BE(0, 4);
  const name = printable(head.subarray(32, 64));
  // Some vendors do not fill the checksum in; then all else must make sense.
  const sensible =
    name !== undefined && head[28]! <= 30 && head[29]! <= 30 && head[30]! <= 40 && head[31]! < COMPRESSIONS.length;
  if (crc32(plain) !== stated && !(stated === 0 && sensible && name !== '')) return undefined;
  const compression = COMPRESSIONS[head[31]!] ?? `compression ${head[31]}`;
  const type = TYPES[head[30]!] ?? `type ${head[30]}`;
  const note = [name ?? '', type, compression].filter((part) => part !== '').join(', ');
  return { start: offset, end: offset + SIZE + head.readUInt32BE(12), note };
}

async function unpack(container: Blob, into: Sink): Promise<void> {
  const head = Buffer.from(container.read(0, SIZE));
  const data = container.slice(SIZE);
  let crc = 0;
  for (const chunk of chunksOf(data)) crc = crc32(chunk, crc);
  const type = head[30]!;
  if (crc !== head.readUInt32BE(24)) into.broken('', 'uImage: CRC-32 of the data does not match');
  if (type !== MULTI && type !== SCRIPT) {
    await into.part(TYPES[type] ?? 'payload', data);
    return;
  }
  const sizes: number[] = [];
  let at = 0;
  for (let bytes = header(data, at, 4); ; bytes = header(data, at, 4)) {
    at += 4;
    const size = bytes?.readUInt32BE(0) ?? 0;
    if (size === 0 || sizes.length >= 64) break;
    sizes.push(size);
  }
  for (const [index, size] of sizes.entries()) {
    const part = data.slice(at, at + size);
    if (part.size < size) into.broken(`${index}`, 'cut off');
    await into.part(`${index}`, part);
    at += Math.ceil(size / 4) * 4;
  }
}

export const uimage: Unpacker = {
  id: 'image/uimage',
  title: 'U-Boot legacy image',
  class: 'image',
  magic: [{ bytes: [0x27, 0x05, 0x19, 0x56] }],
  locate,
  unpack,
};
