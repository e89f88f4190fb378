/** The trailers that OpenWrt's fwtool appends to sysupgrade images: metadata and signatures. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

const SIZE = 16;

export const fwtool: Unpacker = {
  id: 'image/fwtool',
  title: 'OpenWrt image trailer',
  class: 'leaf',
  magic: [{ bytes: ascii('FWx0') }],
  locate(blob, offset) {
    const trailer = header(blob, offset, SIZE);
    if (trailer === undefined) return undefined;
    const type = trailer[8]!;
    // The size counts the trailer itself, which ends what it describes.
    const size = trailer.readUInt32BE(12);
    const start = offset + SIZE - size;
    if (type > 1 || size <= SIZE || start < 0 || size > 2 ** 20) return undefined;
    return { start, end: offset + SIZE, note: type === 0 ? 'signature' : 'metadata' };
  },
};
