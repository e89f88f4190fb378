/** ext2, ext3 and ext4: root file systems and data partitions of larger devices. */
import { extSuper, openExt } from '../../../codecs/formats/ext.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

export const ext: Unpacker = {
  id: 'filesystem/ext',
  title: 'ext2, ext3 or ext4 file system',
  class: 'file-system',
  magic: [{ bytes: [0x53, 0xef], at: 1080 }],
  locate(blob, offset) {
    const found = extSuper(blob, offset);
    if (found === undefined) return undefined;
    return {
      start: offset,
      end: offset + found.blocks * found.blockSize,
      note: `${found.kind}, blocks of ${found.blockSize} bytes`,
    };
  },
  unpack: async (container, into, context) => giveTree(openExt(container), into, context),
};
