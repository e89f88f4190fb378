/** YAFFS2 images in both byte orders, with pages of 512 bytes to 8 KiB. */
import { extentOfYaffs, openYaffs, yaffsLayout } from '../../../codecs/formats/yaffs2.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

/** The first object of an image has the root as its parent, no checksum, and any type. */
const first = (type: number): { bytes: number[] }[] => [
  { bytes: [type, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff] },
  { bytes: [0, 0, 0, type, 0, 0, 0, 1, 0xff, 0xff] },
];

export const yaffs2: Unpacker = {
  id: 'filesystem/yaffs2',
  title: 'YAFFS2 file system',
  class: 'file-system',
  magic: [1, 2, 3, 4, 5].flatMap(first),
  locate(blob, offset) {
    const layout = yaffsLayout(blob, offset);
    if (layout === undefined) return undefined;
    const end = offset + extentOfYaffs(blob.slice(offset), layout);
    const note = `pages of ${layout.page} and ${layout.spare} bytes, ${layout.little ? 'little' : 'big'}-endian`;
    return { start: offset, end, note };
  },
  unpack: async (container, into, context) => giveTree(openYaffs(container), into, context),
};
