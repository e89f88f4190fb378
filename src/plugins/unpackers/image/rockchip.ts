/** Rockchip update images: RKFW holds a loader and an archive, RKAF (the archive) named partitions. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const RKFW = 0x66;
const RKAF = 140;
const PART = 112;
const MOST = 16;
/** RKFW ends in the MD5 of all before it as 32 hexadecimal digits. */
const DIGEST = 32;

function firmware(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, RKFW);
  if (head === undefined || head.readUInt16LE(4) !== RKFW) return undefined;
  const [loader, loaderSize, image, imageSize] = [0x19, 0x1d, 0x21, 0x25].map((at) => head.readUInt32LE(at));
  if (loader! < RKFW || image! < loader! + loaderSize! || imageSize === 0) return undefined;
  const end = image! + imageSize!;
  const digest = printable(blob.read(offset + end, DIGEST));
  const signed = digest !== undefined && /^[0-9a-fA-F]{32}$/.test(digest);
  const year = head.readUInt16LE(0x0e);
  return {
    end: signed ? end + DIGEST : end,
    note: `RKFW, chip 0x${head.readUInt32LE(0x15).toString(16)}, ${year}-${head[0x10]}-${head[0x11]}`,
    table: RKFW,
    partitions: [
      { name: 'loader', start: loader!, end: loader! + loaderSize! },
      { name: 'archive', start: image!, end },
      ...(signed ? [{ name: 'digest', start: end, end: end + DIGEST, table: true as const }] : []),
    ],
  };
}

function archive(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, RKAF);
  const count = head?.readUInt32LE(136) ?? 0;
  const length = head?.readUInt32LE(4) ?? 0;
  const model = head === undefined ? undefined : printable(head.subarray(8, 42));
  if (model === undefined || count === 0 || count > MOST || length < RKAF + count * PART) return undefined;
  const partitions: Partition[] = [];
  for (let index = 0; index < count; index++) {
    const part = header(blob, offset + RKAF + index * PART, PART);
    const name = part === undefined ? undefined : printable(part.subarray(0, 32));
    if (part === undefined || name === undefined) return undefined;
    const start = part.readUInt32LE(96);
    const size = part.readUInt32LE(108);
    if (size > 0 && start >= RKAF && start < length) partitions.push({ name, start, end: start + size });
  }
  return { end: length + 4, note: `RKAF, ${model}, ${count} partitions`, table: RKAF + MOST * PART, partitions };
}

export const rockchip = headed(
  { id: 'image/rockchip', title: 'Rockchip update image', magic: [{ bytes: ascii('RKFW') }, { bytes: ascii('RKAF') }] },
  (blob, offset) => (header(blob, offset, 4)?.toString('latin1') === 'RKFW' ? firmware : archive)(blob, offset),
);
