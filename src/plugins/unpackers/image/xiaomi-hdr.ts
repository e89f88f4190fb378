/** Xiaomi router images (HDR1, HDR2): up to eight named blobs, then a signature block; a CRC-32 over all behind the field. */
import { crc32 } from 'node:zlib';
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const BLOB_HEADER = 48;
const SIGNATURE_HEADER = 16;

function blobAt(blob: Blob, offset: number, at: number): Partition | undefined {
  const head = header(blob, offset + at, BLOB_HEADER);
  if (head === undefined || head.readUInt32LE(0) !== 0xbabe) return undefined;
  const name = printable(head.subarray(16, 48));
  const start = at + BLOB_HEADER;
  return name === undefined || name === '' ? undefined : { name, start, end: start + head.readUInt32LE(8) };
}

function read(blob: Blob, offset: number): Headed | undefined {
  const second = header(blob, offset, 4)?.[3] === 0x32;
  const table = second ? 80 : 48;
  const head = header(blob, offset, table);
  if (head === undefined) return undefined;
  const signature = head.readUInt32LE(4);
  if (signature < table) return undefined;
  const places = Array.from({ length: 8 }, (_, index) => head.readUInt32LE(table - 32 + index * 4)).filter(Boolean);
  const partitions = places.map((at) => blobAt(blob, offset, at));
  if (places.length === 0 || partitions[0] === undefined) return undefined;
  const size = header(blob, offset + signature, SIGNATURE_HEADER)?.readUInt32LE(0) ?? 0;
  const end = signature + SIGNATURE_HEADER + Math.min(size, 4096);
  const device = second ? printable(head.subarray(16, 24)) : `device 0x${head.readUInt16LE(14).toString(16)}`;
  const names = partitions.flatMap((one) => (one === undefined ? [] : [one.name]));
  const tables: Partition[] = places.map((at) => ({ name: 'header', start: at, end: at + BLOB_HEADER, table: true }));
  tables.push({ name: 'signature', start: signature, end, table: true });
  return {
    end,
    note: `HDR${second ? 2 : 1}, ${device ?? 'no device'}, ${names.join(', ')}, ${size === 0 ? 'no signature' : `signature of ${size} bytes`}`,
    table,
    partitions: [...tables, ...partitions.flatMap((one) => (one === undefined ? [] : [one]))],
    ...brokenBy(blob.slice(offset, offset + end), end, head.readUInt32LE(8), partitions.includes(undefined)),
  };
}

function brokenBy(image: Blob, end: number, said: number, missing: boolean): { broken?: string } {
  if (missing) return { broken: 'a blob of the header is not there' };
  if (image.size < end) return {};
  let crc = 0;
  for (const chunk of chunksOf(image.slice(12))) crc = crc32(chunk, crc);
  // The sum is kept without the final inversion.
  return ~crc >>> 0 === said || crc === said ? {} : { broken: 'CRC-32 of the image does not match' };
}

export const xiaomiHdr = headed(
  { id: 'image/xiaomi-hdr', title: 'Xiaomi router image', magic: [{ bytes: ascii('HDR1') }, { bytes: ascii('HDR2') }] },
  read,
);
