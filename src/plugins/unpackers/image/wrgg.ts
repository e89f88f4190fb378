/** Images of Alpha Networks for D-Link and others (WRG, WRGG): a signature of the board, a magic number twice, an MD5. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

/** Bytes before the magic numbers: the signature. */
const SIGNATURE = 32;
const KINDS = [
  { name: 'WRG', magic: 0x20040220, head: 96, size: 40 },
  { name: 'WRGG', magic: 0x20080321, head: 160, size: 104 },
] as const;

function read(blob: Blob, offset: number): Headed | undefined {
  for (const { name, magic, head: length, size: place } of KINDS) {
    const head = header(blob, offset, length);
    const signature = head === undefined ? undefined : printable(head.subarray(0, SIGNATURE));
    if (head === undefined || !signature) continue;
    if (![32, 36].every((at) => [head.readUInt32LE(at), head.readUInt32BE(at)].includes(magic))) continue;
    // The size has the order of the board, which the magic numbers need not have.
    const size = Math.min(head.readUInt32LE(place), head.readUInt32BE(place));
    if (size === 0) continue;
    const partitions = [{ name: 'image', start: length, end: length + size }];
    return { end: length + size, note: `${name}, ${signature}`, table: length, partitions };
  }
  return undefined;
}

const bytesOf = (magic: number): number[] => [magic >>> 24, (magic >> 16) & 0xff, (magic >> 8) & 0xff, magic & 0xff];

export const wrgg = headed(
  {
    id: 'image/wrgg',
    title: 'Alpha Networks image',
    magic: KINDS.map(({ magic }) => bytesOf(magic)).flatMap((bytes) => [
      { bytes: [...bytes, ...bytes], at: SIGNATURE },
      { bytes: [...bytes.toReversed(), ...bytes.toReversed()], at: SIGNATURE },
    ]),
  },
  read,
);
