/** Applications of NXP's JN516x and JN517x chips: twelve bytes that count up, and the length behind a free block of 16. */
import { align, header } from '../../../codecs/formats/fields.ts';
import { sealedLeaf } from './sealed-leaf.ts';

const HEAD = 0x40;

export const jennic = sealedLeaf(
  {
    id: 'image/jennic',
    title: 'JN516x application',
    magic: [{ bytes: [0x12, 0x34, 0x56, 0x78, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88] }],
    locate(blob, offset) {
      const size = header(blob, offset, HEAD)?.readUInt32BE(0x20);
      // Images end with a whole block of the cipher.
      return size === undefined || size < HEAD || size > 2 ** 20
        ? undefined
        : { start: offset, end: Math.max(offset + size, Math.min(offset + align(size, 16), blob.size)) };
    },
  },
  HEAD,
);
