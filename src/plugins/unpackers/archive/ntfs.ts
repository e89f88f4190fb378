/** NTFS file systems. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { openBySevenZip } from './by-seven-zip.ts';

export const ntfs: Unpacker = {
  id: 'archive/ntfs',
  title: 'NTFS file system',
  class: 'file-system',
  magic: [{ bytes: ascii('NTFS    '), at: 3 }],
  locate(blob, offset) {
    const head = header(blob, offset, 512);
    if (head === undefined || head.readUInt16LE(510) !== 0xaa55) return undefined;
    const sector = head.readUInt16LE(11);
    const sectors = Number(head.readBigUInt64LE(40));
    if (![512, 1024, 2048, 4096].includes(sector) || sectors < 16 || sectors > 2 ** 40) return undefined;
    // The copy of the boot sector that each volume keeps as a file has no volume behind it.
    const perCluster = head[13]! > 128 ? 2 ** (256 - head[13]!) : head[13]!;
    const table = Number(head.readBigUInt64LE(48)) * perCluster * sector;
    if (!(table > 0 && table < blob.size - offset)) return undefined;
    // The backup of the first sector lies behind the volume.
    return { start: offset, end: Math.min(blob.size, offset + (sectors + 1) * sector) };
  },
  unpack: (container, into, context) => openBySevenZip(container, into, context, 'NTFS'),
};
