/** Android verified boot metadata (AVB 1.x): authentication and auxiliary blocks, and footers that point to them. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const vbmeta: Unpacker = {
  id: 'image/vbmeta',
  title: 'Android verified boot metadata',
  class: 'leaf',
  magic: [{ bytes: ascii('AVB0') }],
  locate(blob, offset) {
    const head = header(blob, offset, 256);
    if (head === undefined || head.readUInt32BE(4) !== 1) return undefined;
    const authentication = Number(head.readBigUInt64BE(12));
    const auxiliary = Number(head.readBigUInt64BE(20));
    if (authentication % 64 !== 0 || auxiliary % 64 !== 0 || authentication + auxiliary > 2 ** 24) return undefined;
    const algorithm = head.readUInt32BE(28);
    return {
      start: offset,
      end: offset + 256 + authentication + auxiliary,
      note: `algorithm ${algorithm}, flags ${head.readUInt32BE(120)}`,
    };
  },
};
