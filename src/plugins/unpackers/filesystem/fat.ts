/** FAT12, FAT16 and FAT32: boot partitions and memory cards. */
import { fatSuper, openFat } from '../../../codecs/formats/fat.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

const label = (text: string, at: number): { bytes: number[]; at: number } => ({ bytes: [...Buffer.from(text)], at });

export const fat: Unpacker = {
  id: 'filesystem/fat',
  title: 'FAT file system',
  class: 'file-system',
  magic: [label('FAT12   ', 54), label('FAT16   ', 54), label('FAT     ', 54), label('FAT32   ', 82)],
  locate(blob, offset) {
    const found = fatSuper(blob, offset);
    return found === undefined ? undefined : { start: offset, end: offset + found.size, note: `FAT${found.kind}` };
  },
  unpack: async (container, into, context) => giveTree(openFat(container), into, context),
};
