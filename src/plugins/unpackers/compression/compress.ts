/** Files of Unix compress: as long as all there is, since the format has no end. */
import { decodeCompress } from '../../../codecs/compression/lzw.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

export const compress: Unpacker = {
  id: 'compression/compress',
  title: 'Unix compress (.Z) stream',
  class: 'compression',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const header = blob.read(offset, 2);
    return header[0] === 0x1f && header[1] === 0x9d ? extentByDecoding(blob, offset, decodeCompress) : undefined;
  },
  unpack: (container, into, context) => unpackStream(container, into, context, decodeCompress),
};
