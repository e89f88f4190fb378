/** TP-Link images with the headers of versions 1 to 3: kernel, root file system and loader by offsets. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { givePartitions } from './partitioned.ts';

const SIZE = 0x200;

interface Fields {
  readonly note: string;
  readonly size: number;
  readonly partitions: readonly Partition[];
}

function fieldsAt(blob: Blob, offset: number): Fields | undefined {
  const head = header(blob, offset, SIZE);
  if (head === undefined) return undefined;
  const version = head[0]!;
  if (version < 1 || version > 3 || head.readUIntBE(1, 3) !== 0) return undefined;
  const old = version === 1;
  const first = printable(head.subarray(4, old ? 28 : 12));
  const second = old ? printable(head.subarray(28, 64)) : '';
  if (first === undefined || second === undefined || first.length < 3) return undefined;
  const base = old ? 124 : 0x70;
  const number = (index: number): number => head.readUInt32BE(base + index * 4);
  const [length, kernel, kernelSize, root, rootSize, boot, bootSize] = [0, 1, 2, 3, 4, 5, 6].map(number);
  const partitions = [
    { name: 'kernel', start: kernel!, end: kernel! + kernelSize! },
    { name: 'rootfs', start: root!, end: root! + rootSize! },
    { name: 'boot', start: boot!, end: boot! + bootSize! },
  ].filter(({ start, end }) => end > start && start >= SIZE && end <= blob.size - offset);
  if (length! < SIZE || length! > 2 ** 28 || partitions.length === 0) return undefined;
  partitions.sort((a, b) => a.start - b.start);
  const apart = partitions.filter((one, index) => one.start >= (partitions[index - 1]?.end ?? 0));
  const end = Math.max(...apart.map((one) => one.end), Math.min(length!, blob.size - offset));
  return {
    note: [`header ${version}`, first, second].filter((part) => part !== '').join(', '),
    size: end,
    partitions: apart,
  };
}

export const tplink: Unpacker = {
  id: 'image/tplink',
  title: 'TP-Link image',
  class: 'image',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const found = fieldsAt(blob, offset);
    return found === undefined ? undefined : { start: offset, end: offset + found.size, note: found.note };
  },
  async unpack(container, into) {
    const found = fieldsAt(container, 0);
    if (found !== undefined)
      await givePartitions(container, { partitions: found.partitions, table: SIZE, end: container.size }, into);
  },
};
