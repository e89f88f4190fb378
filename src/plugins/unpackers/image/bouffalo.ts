/** Images of Bouffalo's BL602 and BL702 chips: a boot header with settings of flash and clock, the image where it says. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { sealedLeaf } from './sealed-leaf.ts';

const HEAD = 176;

export const bouffalo = sealedLeaf(
  {
    id: 'image/bouffalo',
    title: 'Bouffalo image',
    magic: [{ bytes: ascii('BFNP') }],
    locate(blob, offset) {
      const head = header(blob, offset, HEAD);
      if (head?.toString('latin1', 8, 12) !== 'FCFG' || head.toString('latin1', 100, 104) !== 'PCFG') return undefined;
      const [settings, size, start] = [head.readUInt32LE(116), head.readUInt32LE(120), head.readUInt32LE(128)];
      if (size === 0 || size > 2 ** 24 || start < HEAD || start > 2 ** 20) return undefined;
      const note = [
        (settings & 3) === 0 ? 'not signed' : 'signed',
        (settings & 0xc) === 0 ? 'not encrypted' : 'encrypted',
      ];
      return { start: offset, end: offset + start + size, note: note.join(', ') };
    },
  },
  HEAD,
);
