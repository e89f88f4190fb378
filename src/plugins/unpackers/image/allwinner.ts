/** Allwinner LiveSuit images (IMAGEWTY, header versions 1 and 3): named items, each by a header of its own. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import { headed } from './headed.ts';

const HEADER = 1024;
const MOST = 1024;

export const allwinner = headed(
  { id: 'image/allwinner', title: 'Allwinner image', magic: [{ bytes: ascii('IMAGEWTY') }] },
  (blob, offset) => {
    const head = header(blob, offset, 96);
    if (head === undefined) return undefined;
    const recent = head.readUInt32LE(8) === 0x300;
    if (!recent && head.readUInt32LE(8) !== 0x100) return undefined;
    const count = head.readUInt32LE(recent ? 60 : 56);
    if (count === 0 || count > MOST) return undefined;
    const partitions: Partition[] = [];
    for (let index = 0; index < count; index++) {
      const item = header(blob, offset + HEADER * (index + 1), HEADER);
      const name = item === undefined ? undefined : printable(recent ? item.subarray(36, 292) : item.subarray(52, 308));
      if (item === undefined || name === undefined || name === '') return undefined;
      const [start, size] = recent
        ? [item.readUInt32LE(308), item.readUInt32LE(300)]
        : [item.readUInt32LE(44), item.readUInt32LE(40)];
      if (size > 0 && start >= HEADER) partitions.push({ name, start, end: start + size });
    }
    const stated = head.readUInt32LE(24);
    const last = Math.max(HEADER, ...partitions.map(({ end }) => end));
    const end = Math.max(last, Math.min(stated, blob.size - offset));
    return { end, note: `version ${recent ? 3 : 1}, ${count} items`, table: HEADER * (count + 1), partitions };
  },
);
