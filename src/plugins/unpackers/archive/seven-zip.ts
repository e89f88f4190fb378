/** 7z archives. */
import { crc32 } from 'node:zlib';
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { openBySevenZip } from './by-seven-zip.ts';

export const sevenZip: Unpacker = {
  id: 'archive/seven-zip',
  title: '7z archive',
  class: 'archive',
  magic: [{ bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] }],
  locate(blob, offset) {
    const head = header(blob, offset, 32);
    if (head === undefined || head[6] !== 0 || crc32(head.subarray(12, 32)) !== head.readUInt32LE(8)) return undefined;
    const end = 32 + Number(head.readBigUInt64LE(12)) + Number(head.readBigUInt64LE(20));
    return { start: offset, end: offset + end };
  },
  unpack: (container, into, context) => openBySevenZip(container, into, context, '7z'),
};
