/** Disks with a master boot record: each partition is looked at, and what lies between them. */
import { mbrAt } from '../../../codecs/formats/partitions.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';
import { givePartitions } from './partitioned.ts';

export const mbr: Unpacker = {
  id: 'image/mbr',
  title: 'Disk with a master boot record',
  class: 'image',
  magic: [{ bytes: [0x55, 0xaa], at: 510 }],
  locate(blob, offset) {
    const table = mbrAt(blob, offset);
    if (table === undefined) return undefined;
    const first = table.partitions[0]?.start ?? 0;
    // Two bytes are a weak magic: inside an image all partitions must be there, at its start the first one.
    if (offset === 0 ? first >= blob.size : offset + table.end > blob.size) return undefined;
    return {
      start: offset,
      end: offset + table.end,
      note: `${table.partitions.filter((one) => one.table !== true).length} partitions`,
    };
  },
  async unpack(container, into) {
    const table = mbrAt(container, 0);
    if (table === undefined) throw new FaultError('malformed', 'partition table is gone');
    await givePartitions(container, table, into);
  },
};
