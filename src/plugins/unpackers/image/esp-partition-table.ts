/** Partition tables of Espressif chips, alone or amid other bytes, guarded by an MD5. */
import { espTableAt } from '../../../codecs/formats/esp-partitions.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const espPartitionTable: Unpacker = {
  id: 'image/esp-partition-table',
  title: 'Espressif partition table',
  class: 'leaf',
  magic: [{ bytes: [0xaa, 0x50, 0x01] }, { bytes: [0xaa, 0x50, 0x00] }],
  locate(blob, offset) {
    const found = espTableAt(blob, offset);
    return found === undefined
      ? undefined
      : { start: offset, end: found.end, note: found.partitions.map(({ name }) => name).join(', ') };
  },
};
