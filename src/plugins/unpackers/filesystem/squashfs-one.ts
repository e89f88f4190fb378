/** SquashFS version 1, which no tool writes any more: located, not read. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { Fields } from '../../../codecs/formats/ordered-fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const squashfsOne: Unpacker = {
  id: 'filesystem/squashfs-one',
  title: 'SquashFS file system, version 1',
  class: 'file-system',
  magic: [{ bytes: ascii('hsqs') }, { bytes: ascii('sqsh') }],
  locate(blob, offset) {
    const head = header(blob, offset, 51);
    if (head === undefined) return undefined;
    const fields = new Fields(head, head[0] === 0x68);
    const [inodes, used, block] = [fields.u32(4), fields.u32(8), fields.u16(32)];
    const sound = inodes > 0 && used > 51 && block >= 4096 && block <= 32_768 && (block & (block - 1)) === 0;
    const [inodeTable, directoryTable] = [fields.u32(20), fields.u32(24)];
    const ordered = inodeTable >= 51 && inodeTable < directoryTable && directoryTable < used;
    if (fields.u16(28) !== 1 || !sound || !ordered) return undefined;
    return { start: offset, end: offset + used, note: `1.${fields.u16(30)}` };
  },
};
