/** UBIFS: a volume of UBI, or the image of one as its maker's tool writes it. */
import { openUbifs, ubifsSuper } from '../../../codecs/formats/ubifs.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

export const ubifs: Unpacker = {
  id: 'filesystem/ubifs',
  title: 'UBIFS file system',
  class: 'file-system',
  magic: [{ bytes: [0x31, 0x18, 0x10, 0x06] }],
  locate(blob, offset) {
    const found = ubifsSuper(blob, offset);
    if (found === undefined) return undefined;
    // Blocks at the end that were never written are in no image; what is missed of others is told when it is read.
    const end = Math.min(offset + found.blocks * found.blockSize, blob.size);
    return {
      start: offset,
      end,
      note: found.encrypted ? 'encrypted' : `${found.blocks} blocks of ${found.blockSize} bytes`,
    };
  },
  unpack: async (container, into, context) => giveTree(openUbifs(container), into, context),
};
