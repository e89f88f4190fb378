/** Microsoft cabinets: updates of the Linux vendor firmware service and of drivers. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { openBySevenZip } from './by-seven-zip.ts';

export const cab: Unpacker = {
  id: 'archive/cab',
  title: 'Microsoft cabinet',
  class: 'archive',
  magic: [{ bytes: ascii('MSCF\0\0\0\0') }],
  locate(blob, offset) {
    const head = header(blob, offset, 36);
    if (head === undefined || head[25] !== 1 || head[24] !== 3) return undefined;
    const size = head.readUInt32LE(8);
    return size < 36 ? undefined : { start: offset, end: offset + size, note: `${head.readUInt16LE(28)} files` };
  },
  unpack: (container, into, context) => openBySevenZip(container, into, context, 'Cab'),
};
