/** EROFS: read-only root file systems of newer Android and Linux devices. */
import { erofsSuper, openErofs } from '../../../codecs/formats/erofs.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

export const erofs: Unpacker = {
  id: 'filesystem/erofs',
  title: 'EROFS file system',
  class: 'file-system',
  magic: [{ bytes: [0xe2, 0xe1, 0xf5, 0xe0], at: 1024 }],
  locate(blob, offset) {
    const found = erofsSuper(blob, offset);
    return found === undefined
      ? undefined
      : { start: offset, end: offset + found.blocks * found.blockSize, note: `blocks of ${found.blockSize} bytes` };
  },
  unpack: async (container, into, context) => giveTree(openErofs(container), into, context),
};
