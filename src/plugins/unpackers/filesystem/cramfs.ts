/** CramFS in both byte orders. */
import { cramfsSuper, openCramfs } from '../../../codecs/formats/cramfs.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

export const cramfs: Unpacker = {
  id: 'filesystem/cramfs',
  title: 'CramFS file system',
  class: 'file-system',
  magic: [{ bytes: [0x45, 0x3d, 0xcd, 0x28] }, { bytes: [0x28, 0xcd, 0x3d, 0x45] }],
  locate(blob, offset) {
    const found = cramfsSuper(blob, offset);
    if (found === undefined) return undefined;
    return { start: offset, end: offset + found.size, note: `${found.little ? 'little' : 'big'}-endian` };
  },
  unpack: async (container, into, context) => giveTree(openCramfs(container), into, context),
};
