/** Netgear CHK images: kernel and root file system after a header with a board id. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { givePartitions } from './partitioned.ts';

export const chk: Unpacker = {
  id: 'image/chk',
  title: 'Netgear CHK image',
  class: 'image',
  magic: [{ bytes: [0x2a, 0x23, 0x24, 0x5e] }],
  locate(blob, offset) {
    const head = header(blob, offset, 40);
    if (head === undefined) return undefined;
    const size = head.readUInt32BE(4);
    const board = size > 40 && size <= 256 ? printable(blob.read(offset + 40, size - 40)) : undefined;
    if (board === undefined || board === '') return undefined;
    return { start: offset, end: offset + size + head.readUInt32BE(24) + head.readUInt32BE(28), note: board };
  },
  async unpack(container, into) {
    const head = Buffer.from(container.read(0, 40));
    const table = head.readUInt32BE(4);
    const kernel = table + head.readUInt32BE(24);
    const partitions = [
      { name: 'kernel', start: table, end: kernel },
      { name: 'rootfs', start: kernel, end: kernel + head.readUInt32BE(28) },
    ].filter(({ start, end }) => end > start);
    await givePartitions(container, { partitions, table, end: container.size }, into);
  },
};
