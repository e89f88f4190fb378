/** Firmware of Telink chips: the mark KNLT and its size in the vector area. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const telink: Unpacker = {
  id: 'image/telink',
  title: 'Telink firmware',
  class: 'leaf',
  magic: [{ bytes: ascii('KNLT'), at: 8 }],
  locate(blob, offset) {
    const size = header(blob, offset, 32)?.readUInt32LE(24);
    return size === undefined || size < 32 || size > 2 ** 24 ? undefined : { start: offset, end: offset + size };
  },
};
