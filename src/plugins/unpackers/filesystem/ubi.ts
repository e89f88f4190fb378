/** UBI: the volumes of a flash, each looked at in turn. */
import { extentOfUbi, openUbi } from '../../../codecs/formats/ubi.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';

export const ubi: Unpacker = {
  id: 'filesystem/ubi',
  title: 'UBI volumes',
  class: 'image',
  magic: [{ bytes: [0x55, 0x42, 0x49, 0x23, 0x01] }],
  locate(blob, offset) {
    const found = extentOfUbi(blob.slice(offset));
    if (found === undefined) return undefined;
    return { start: offset, end: offset + found.end, note: `erase blocks of ${found.blockSize} bytes` };
  },
  async unpack(container, into) {
    const extent = extentOfUbi(container);
    if (extent === undefined) throw new FaultError('malformed', 'no UBI header');
    for (const { name, content, missing } of openUbi(container, extent).volumes) {
      if (missing > 0) into.broken(name, `${missing} blocks of the volume are missing or fail their CRC`);
      await into.part(name, content);
    }
  },
};
