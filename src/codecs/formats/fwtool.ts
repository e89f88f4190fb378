/** The chunks that OpenWrt's fwtool appends to images: each ends in a trailer with its kind, its size and a running checksum. */
import { crc32 } from 'node:zlib';
import { type Blob, chunksOf } from '../../lib/blob.ts';
import { header } from './fields.ts';

export interface FwChunk {
  readonly kind: 'signature' | 'metadata' | 'other';
  /** Of the chunk. */
  readonly start: number;
  readonly end: number;
  /** What the chunk holds, without its header and trailer. */
  readonly from: number;
  readonly to: number;
  readonly checksum: number;
}

const TRAILER = 16;
/** fwtool itself reads chunks into a buffer of 64 KiB. */
const MOST_SIZE = 64 * 1024;
const MOST = 16;
const KINDS = ['signature', 'metadata'] as const;

/** From the last chunk to the first, as fwtool peels them off. */
export function fwtoolChunks(image: Blob): readonly FwChunk[] {
  const found: FwChunk[] = [];
  for (let end = image.size; found.length < MOST; ) {
    const trailer = end < TRAILER ? undefined : header(image, end - TRAILER, TRAILER);
    if (trailer === undefined || trailer.toString('latin1', 0, 4) !== 'FWx0') break;
    const size = trailer.readUInt32BE(12);
    const kind = KINDS[trailer[8]!] ?? 'other';
    const lead = kind === 'metadata' ? 8 : 0;
    if (size < TRAILER + lead || size > end || size - TRAILER > MOST_SIZE) break;
    const start = end - size;
    found.push({ kind, start, end, from: start + lead, to: end - TRAILER, checksum: trailer.readUInt32BE(4) });
    end = start;
  }
  return found;
}

/** Whether all before the trailer has the checksum that it states (CRC-32 without the final inversion). */
export function fwChecksumHolds(image: Blob, { to, checksum }: FwChunk): boolean {
  let crc = 0;
  for (const part of chunksOf(image.slice(0, to))) crc = crc32(part, crc);
  return ~crc >>> 0 === checksum;
}
