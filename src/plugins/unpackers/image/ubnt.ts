/** Images of Ubiquiti's airOS (UBNT, OPEN): parts with a CRC-32 each, and at the end one of all or an RSA signature. */
import { crc32 } from 'node:zlib';
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const HEAD = 268;
const PART = 56;
const PART_SUM = 8;
const MOST = 64;
/** How the last record begins, and its size. */
const ENDS: { readonly [magic: string]: number } = { 'END.': 12, ENDS: 264 };

function read(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, HEAD);
  const version = head === undefined ? undefined : printable(head.subarray(4, 260));
  if (head === undefined || version === undefined || crc32(head.subarray(0, 260)) !== head.readUInt32BE(260))
    return undefined;
  const partitions: Partition[] = [];
  let broken: string | undefined;
  let at = HEAD;
  for (let count = 0; count < MOST; count += 1) {
    const part = header(blob, offset + at, PART);
    const magic = Buffer.from(blob.read(offset + at, 4)).toString('latin1');
    const size = magic === 'PART' && part !== undefined ? part.readUInt32BE(48) : undefined;
    if (part === undefined || size === undefined) {
      const end = at + (ENDS[magic] ?? 0);
      if (ENDS[magic] === undefined) broken ??= 'no record ends the image';
      partitions.push({ name: 'end', start: at, end, table: true });
      return { end, note: version, table: HEAD, partitions, ...(broken === undefined ? {} : { broken }) };
    }
    const name = printable(part.subarray(4, 20)) ?? '';
    const stop = at + PART + size;
    if (sumOf(blob.slice(offset + at, offset + stop)) !== header(blob, offset + stop, 4)?.readUInt32BE(0))
      broken ??= `CRC-32 of the part ${name} does not match`;
    partitions.push({ name: 'record', start: at, end: at + PART, table: true });
    partitions.push({ name, start: at + PART, end: stop });
    partitions.push({ name: 'sum', start: stop, end: stop + PART_SUM, table: true });
    at = stop + PART_SUM;
  }
  return undefined;
}

function sumOf(blob: Blob): number {
  let crc = 0;
  for (const chunk of chunksOf(blob)) crc = crc32(chunk, crc);
  return crc;
}

export const ubnt = headed(
  { id: 'image/ubnt', title: 'Ubiquiti image', magic: [{ bytes: ascii('UBNT') }, { bytes: ascii('OPEN') }] },
  read,
);
