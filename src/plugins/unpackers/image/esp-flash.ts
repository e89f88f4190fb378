/** Flash of Espressif chips, from its first byte: boot loader, partition table, partitions. */
import { type EspPartition, espTableAt } from '../../../codecs/formats/esp-partitions.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

/** Where tables lie: by default, and where larger boot loaders move them. */
const PLACES = [0x8000, 0x9000, 0xa000, 0xc000, 0xd000, 0xe000, 0xf000, 0x1_0000];

function read(blob: Blob, offset: number): Headed | undefined {
  // A table alone at these places of something else is no flash: the first partition follows it.
  for (const place of PLACES) {
    const mark = blob.read(offset + place, 2);
    if (mark[0] !== 0xaa || mark[1] !== 0x50) continue;
    const found = espTableAt(blob, offset + place);
    const size = blob.size - offset;
    const inside = found?.partitions.filter(({ start, end }) => start > place && start < size && end > start) ?? [];
    if (found === undefined || inside.length === 0) continue;
    const table: Partition = { name: 'partition-table', start: place, end: found.end - offset, table: true };
    return {
      end: Math.max(found.end - offset, ...inside.map(({ end }) => Math.min(end, size))),
      note: inside.map(({ name, encrypted }) => (encrypted ? `${name} (encrypted)` : name)).join(', '),
      table: 0,
      partitions: [table, ...inside.map((one) => partitionOf(one, size))],
      ...cutBy(inside, size),
    };
  }
  return undefined;
}

const partitionOf = ({ name, start, end }: EspPartition, size: number): Partition => ({
  name,
  start,
  end: Math.min(end, size),
});

function cutBy(inside: readonly EspPartition[], size: number): { broken?: string } {
  const cut = inside.filter(({ end }) => end > size).map(({ name }) => name);
  return cut.length === 0 ? {} : { broken: `cut off: ${cut.join(', ')}` };
}

export const espFlash = headed(
  { id: 'image/esp-flash', title: 'Flash of an Espressif chip', magic: [], whole: true },
  (blob, offset) => (offset === 0 ? read(blob, offset) : undefined),
);
