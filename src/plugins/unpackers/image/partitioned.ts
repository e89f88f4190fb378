/** What all partition tables share: partitions as parts, and the bytes between them as parts too. */
import type { PartitionTable } from '../../../codecs/formats/partitions.ts';
import type { Sink } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

export async function givePartitions(
  container: Blob,
  { partitions, table, end, tail = 0 }: PartitionTable,
  into: Sink,
): Promise<void> {
  let at = table;
  for (const { name, start, end: stop, table: isTable } of [
    ...partitions,
    { name: '', start: end - tail, end, table: true },
  ]) {
    if (start > at) await into.part(`between-0x${at.toString(16)}`, container.slice(at, start));
    if (isTable === true) {
      at = Math.max(at, stop);
      continue;
    }
    if (start >= container.size) into.broken(name, 'partition lies behind the end of the image');
    else {
      if (stop > container.size)
        into.broken(name, `partition is cut off: ${container.size - start} of ${stop - start} bytes`);
      await into.part(name, container.slice(start, stop));
    }
    at = Math.max(at, stop);
  }
}
