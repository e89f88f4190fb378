/** Broadcom TRX images: loader, kernel and root file system by offsets. */
import { crc32 } from 'node:zlib';
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { chunksOf } from '../../../lib/blob.ts';
import { givePartitions } from './partitioned.ts';

export const trx: Unpacker = {
  id: 'image/trx',
  title: 'TRX image',
  class: 'image',
  magic: [{ bytes: ascii('HDR0') }],
  locate(blob, offset) {
    const head = header(blob, offset, 32);
    if (head === undefined) return undefined;
    const size = head.readUInt32LE(4);
    const version = head.readUInt16LE(14);
    if (size < 32 || (version !== 1 && version !== 2)) return undefined;
    return { start: offset, end: offset + size, note: `version ${version}` };
  },
  async unpack(container, into) {
    const head = Buffer.from(container.read(0, 32));
    // CRC-32 without the final inversion, over all that follows the field.
    let crc = 0;
    for (const chunk of chunksOf(container.slice(12))) crc = crc32(chunk, crc);
    if (~crc >>> 0 !== head.readUInt32LE(8)) into.broken('', 'TRX: CRC-32 does not match');
    const count = head.readUInt16LE(14) === 2 ? 4 : 3;
    const starts = Array.from({ length: count }, (_, index) => head.readUInt32LE(16 + index * 4)).filter(
      (start) => start >= 28 && start < container.size,
    );
    starts.sort((a, b) => a - b);
    const partitions = starts.map((start, index) => ({
      name: `part-${index}`,
      start,
      end: starts[index + 1] ?? container.size,
    }));
    await givePartitions(container, { partitions, table: starts[0] ?? 28, end: container.size }, into);
  },
};
