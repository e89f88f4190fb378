/** RomFS, as small Linux systems without MMU use it. */
import { openRomfs, romfsSize } from '../../../codecs/formats/romfs.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

export const romfs: Unpacker = {
  id: 'filesystem/romfs',
  title: 'RomFS file system',
  class: 'file-system',
  magic: [{ bytes: [...Buffer.from('-rom1fs-')] }],
  locate(blob, offset) {
    const size = romfsSize(blob, offset);
    return size === undefined ? undefined : { start: offset, end: offset + size };
  },
  unpack: async (container, into, context) => giveTree(openRomfs(container), into, context),
};
