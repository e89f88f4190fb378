/** Minix file systems, versions 1 to 3, as small systems keep their initial RAM disk. */
import { minixSuper, openMinix } from '../../../codecs/formats/minix.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

/** The magic and the state behind it, clean (1) or not (0, 2, 3), in either order: two bytes alone are everywhere. */
const olderMagics = [0x137f, 0x138f, 0x2468, 0x2478].flatMap((magic) =>
  [0, 1, 2, 3].flatMap((state) => [
    { bytes: [magic & 0xff, magic >> 8, state, 0], at: 1040 },
    { bytes: [magic >> 8, magic & 0xff, 0, state], at: 1040 },
  ]),
);

export const minix: Unpacker = {
  id: 'filesystem/minix',
  title: 'Minix file system',
  class: 'file-system',
  magic: [...olderMagics, { bytes: [0x5a, 0x4d, 0, 0, 0], at: 1048 }, { bytes: [0x4d, 0x5a, 0, 0], at: 1048 }],
  locate(blob, offset) {
    const found = minixSuper(blob, offset);
    if (found === undefined) return undefined;
    const { version, nameSize, little, blockSize, blocks } = found;
    const note = `version ${version}, names of ${nameSize}, ${little ? 'little' : 'big'}-endian`;
    return { start: offset, end: offset + blockSize * blocks, note };
  },
  unpack: async (container, into, context) => giveTree(openMinix(container), into, context),
};
