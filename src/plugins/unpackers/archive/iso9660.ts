/** ISO 9660 file systems. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { openBySevenZip } from './by-seven-zip.ts';

const DESCRIPTOR = 0x8000;

export const iso9660: Unpacker = {
  id: 'archive/iso9660',
  title: 'ISO 9660 file system',
  class: 'file-system',
  magic: [{ bytes: ascii('\x01CD001\x01'), at: DESCRIPTOR }],
  locate(blob, offset) {
    const head = header(blob, offset + DESCRIPTOR, 132);
    if (head === undefined) return undefined;
    const blocks = head.readUInt32LE(80);
    const block = head.readUInt16LE(128);
    if (blocks !== head.readUInt32BE(84) || block !== head.readUInt16BE(130) || block < 512 || blocks < 18)
      return undefined;
    return { start: offset, end: offset + blocks * block, note: printable(head.subarray(40, 72)) ?? '' };
  },
  unpack: (container, into, context) => openBySevenZip(container, into, context, 'Iso'),
};
