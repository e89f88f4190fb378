/** Images of TI's CC13x2 and CC26x2 chips for updates over the air (OAD): a header that names the chip and says the length. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { sealedLeaf } from './sealed-leaf.ts';

const HEAD = 44;
const CHIPS = ['CC26x2R1', 'CC13x2R1', 'CC13x4R1', 'CC26x4R1', 'CC26x3R1', 'OAD IMG '];

export const tiOad = sealedLeaf(
  {
    id: 'image/ti-oad',
    title: 'TI over-the-air image',
    magic: CHIPS.map((chip) => ({ bytes: ascii(chip) })),
    locate(blob, offset) {
      const head = header(blob, offset, HEAD);
      const size = head?.readUInt32LE(24);
      if (head === undefined || size === undefined || size < HEAD || size > 2 ** 22) return undefined;
      // The header says how long it is itself; that is no less than its fixed part.
      if (head.readUInt16LE(40) < HEAD) return undefined;
      const note = `${head.toString('latin1', 0, 8).trim()}, version ${head.toString('latin1', 32, 36)}`;
      return { start: offset, end: offset + size, note: note.replace(/[^\x20-\x7e]/g, '.') };
    },
  },
  HEAD,
);
