/** Streams of zlib, where they are all there is: two bytes make no magic. */
import { decodeZlib } from '../../../codecs/compression/inflate.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

export const zlib: Unpacker = {
  id: 'compression/zlib',
  title: 'zlib stream',
  class: 'compression',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const header = blob.read(offset, 2);
    if (header[0] !== 0x78 || ((header[0] << 8) | header[1]!) % 31 !== 0) return undefined;
    return extentByDecoding(blob, offset, decodeZlib);
  },
  unpack: (container, into, context) => unpackStream(container, into, context, decodeZlib),
};
