/** Images of QNAP: encrypted as a whole, with a trailer that names device and version; told, not read. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import { headed } from './headed.ts';

const TRAILER = 74;

export const qnap = headed(
  { id: 'image/qnap', title: 'Encrypted QNAP image', magic: [{ bytes: [0xf5, 0x7b, 0x47, 0x03] }] },
  (blob, offset) => {
    const end = blob.size - offset;
    const tail = end > TRAILER ? header(blob, blob.size - TRAILER, TRAILER) : undefined;
    if (tail?.toString('latin1', 0, 6) !== 'icpnas') return undefined;
    const device = printable(tail.subarray(10, 26)) ?? '';
    const version = printable(tail.subarray(26, 42)) ?? '';
    return {
      end,
      note: [device, version].filter(Boolean).join(', '),
      table: end,
      partitions: [],
      sealed: { start: 0, end: end - TRAILER },
    };
  },
);
