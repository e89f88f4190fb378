/** Images of Instar cameras: two parts behind a header. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { headed } from './headed.ts';

export const bneg = headed(
  { id: 'image/bneg', title: 'Instar BNEG image', magic: [{ bytes: ascii('BNEG') }] },
  (blob, offset) => {
    const head = header(blob, offset, 20);
    if (head === undefined || head.readUInt32LE(4) !== 1 || head.readUInt32LE(8) !== 1) return undefined;
    const first = 20 + head.readUInt32LE(12);
    const end = first + head.readUInt32LE(16);
    if (first === 20 || end === first) return undefined;
    const partitions = [
      { name: 'part-1', start: 20, end: first },
      { name: 'part-2', start: first, end },
    ];
    return { end, table: 20, partitions };
  },
);
