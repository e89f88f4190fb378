/** Disks with a GUID partition table: each partition is looked at, and what lies between them. */
import { ascii } from '../../../codecs/formats/fields.ts';
import { gptAt } from '../../../codecs/formats/partitions.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';
import { givePartitions } from './partitioned.ts';

export const gpt: Unpacker = {
  id: 'image/gpt',
  title: 'Disk with a GUID partition table',
  class: 'image',
  magic: [
    { bytes: ascii('EFI PART'), at: 512 },
    { bytes: ascii('EFI PART'), at: 4096 },
  ],
  locate(blob, offset) {
    const table = gptAt(blob, offset);
    return table === undefined
      ? undefined
      : {
          start: offset,
          end: offset + table.end,
          note: `${table.partitions.filter((one) => one.table !== true).length} partitions`,
        };
  },
  async unpack(container, into) {
    const table = gptAt(container, 0);
    if (table === undefined) throw new FaultError('malformed', 'partition table is gone');
    await givePartitions(container, table, into);
  },
};
