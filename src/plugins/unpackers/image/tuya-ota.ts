/** Over-the-air files of Tuya's ESP8266 modules: one firmware for each of two slots. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { givePartitions } from './partitioned.ts';

const SIZE = 0x33;

function slotsAt(
  blob: Blob,
  offset: number,
): { first: number; firstEnd: number; second: number; end: number; version: string } | undefined {
  const head = header(blob, offset, SIZE);
  if (head === undefined || head.readUInt32BE(SIZE - 4) !== 0xaa55_aa55) return undefined;
  const version = printable(head.subarray(4, 16));
  const [first, size, second, secondSize] = [0x13, 0x17, 0x1f, 0x23].map((at) => head.readUInt32BE(at));
  if (version === undefined || first! < SIZE || second! < first! + size!) return undefined;
  return { first: first!, firstEnd: first! + size!, second: second!, end: second! + secondSize!, version };
}

export const tuyaOta: Unpacker = {
  id: 'image/tuya-ota',
  title: 'Tuya over-the-air file',
  class: 'image',
  magic: [{ bytes: [0x55, 0xaa, 0x55, 0xaa] }],
  locate(blob, offset) {
    const slots = slotsAt(blob, offset);
    return slots === undefined
      ? undefined
      : { start: offset, end: offset + slots.end, note: `version ${slots.version}` };
  },
  async unpack(container, into) {
    const slots = slotsAt(container, 0);
    if (slots === undefined) return;
    const partitions = [
      { name: 'slot-1', start: slots.first, end: slots.firstEnd },
      { name: 'slot-2', start: slots.second, end: slots.end },
    ];
    await givePartitions(container, { partitions, table: SIZE, end: container.size }, into);
  },
};
