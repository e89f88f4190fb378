/** Matter over-the-air files (Matter core specification 11.20): a header in TLV, then the payload. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const matterOta: Unpacker = {
  id: 'image/matter-ota',
  title: 'Matter over-the-air file',
  class: 'image',
  magic: [{ bytes: [0x1e, 0xf1, 0xee, 0x1b] }],
  locate(blob, offset) {
    const head = header(blob, offset, 16);
    if (head === undefined) return undefined;
    const total = Number(head.readBigUInt64LE(4));
    const size = head.readUInt32LE(12);
    if (size > 65_536 || total < 16 + size || !Number.isSafeInteger(total)) return undefined;
    return { start: offset, end: offset + total };
  },
  async unpack(container, into) {
    await into.part('payload', container.slice(16 + Buffer.from(container.read(12, 4)).readUInt32LE(0)));
  },
};
