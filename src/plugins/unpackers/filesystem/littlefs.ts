/** littlefs version 2, as microcontrollers keep their files. */
import { header } from '../../../codecs/formats/fields.ts';
import { littlefsSuper, openLittlefs } from '../../../codecs/formats/littlefs.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

export const littlefs: Unpacker = {
  id: 'filesystem/littlefs',
  title: 'littlefs file system',
  class: 'file-system',
  magic: [{ bytes: [...Buffer.from('littlefs')], at: 8 }],
  locate(blob, offset) {
    const found = littlefsSuper(blob, offset);
    if (found === undefined) return undefined;
    const { blockSize, blocks, version } = found;
    // The first block of the pair may be broken: the file system starts one block before the second then.
    const before = offset >= blockSize ? header(blob, offset - blockSize, 4)?.readInt32LE(0) : undefined;
    const own = header(blob, offset, 4)?.readInt32LE(0) ?? 0;
    const second = before !== undefined && Math.abs(before - own) <= 1 && offset % blockSize === 0;
    const start = second ? offset - blockSize : offset;
    return { start, end: start + blockSize * blocks, note: `version ${version}, blocks of ${blockSize} bytes` };
  },
  unpack: async (container, into, context) => giveTree(openLittlefs(container), into, context),
};
