/** Zigbee over-the-air files (Zigbee Cluster Library 11): each element is looked at in turn. */
import { header, textOf } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

function headAt(blob: Blob, offset: number): { size: number; total: number; note: string } | undefined {
  const head = header(blob, offset, 56);
  if (head === undefined || head.readUInt16LE(4) !== 0x0100) return undefined;
  const size = head.readUInt16LE(6);
  const total = head.readUInt32LE(52);
  if (size < 56 || size > 256 || total < size) return undefined;
  const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
  const maker = hex(head.readUInt16LE(10), 4);
  const note = `maker ${maker}, type ${hex(head.readUInt16LE(12), 4)}, version ${hex(head.readUInt32LE(14), 8)}, ${textOf(head.subarray(20, 52)).trim()}`;
  return { size, total, note };
}

export const zigbeeOta: Unpacker = {
  id: 'image/zigbee-ota',
  title: 'Zigbee over-the-air file',
  class: 'image',
  magic: [{ bytes: [0x1e, 0xf1, 0xee, 0x0b] }],
  locate(blob, offset) {
    const head = headAt(blob, offset);
    return head === undefined ? undefined : { start: offset, end: offset + head.total, note: head.note };
  },
  async unpack(container, into) {
    const head = headAt(container, 0);
    if (head === undefined) throw new FaultError('malformed', 'no over-the-air header');
    let at = head.size;
    for (let index = 0; at + 6 <= container.size && index < 256; index++) {
      const element = header(container, at, 6);
      if (element === undefined) break;
      const length = element.readUInt32LE(2);
      // Some makers put their own format where elements should be.
      if (at + 6 + length > container.size) break;
      const data = container.slice(at + 6, at + 6 + length);
      // Tag 0 is the image; signatures (1), certificates (2) and integrity codes (3) are what they say.
      if (element.readUInt16LE(0) === 0 || element.readUInt16LE(0) >= 0xf000) await into.part(`element-${index}`, data);
      at += 6 + length;
    }
    if (at < container.size) await into.part('rest', container.slice(at));
  },
};
