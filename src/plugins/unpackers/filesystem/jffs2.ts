/** JFFS2 in both byte orders: the newest state of a log of nodes on flash. */
import { extentOfJffs2, openJffs2 } from '../../../codecs/formats/jffs2.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { giveTree } from './tree.ts';

/** Types of nodes; one that is obsolete has lost the bit 0x2000, and a log that was written for long begins with such. */
const TYPES = [0xe001, 0xe002, 0x2003, 0x2004, 0x2006, 0xe008, 0xe009].flatMap((type) => [type, type & ~0x2000]);

export const jffs2: Unpacker = {
  id: 'filesystem/jffs2',
  title: 'JFFS2 file system',
  class: 'file-system',
  magic: TYPES.map((type) => [type >> 8, type & 0xff] as const).flatMap(([high, low]) => [
    { bytes: [0x19, 0x85, high, low] },
    { bytes: [0x85, 0x19, low, high] },
  ]),
  locate(blob, offset) {
    const little = blob.read(offset, 1)[0] === 0x85;
    const found = extentOfJffs2(blob.slice(offset), little);
    if (found === undefined) return undefined;
    const note = `${little ? 'little' : 'big'}-endian, ${found.nodes} nodes`;
    return { start: offset, end: offset + found.end, note };
  },
  unpack: (container, into, context) => giveTree(openJffs2(container, container.read(0, 1)[0] === 0x85), into, context),
};
