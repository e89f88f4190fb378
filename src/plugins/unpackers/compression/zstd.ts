/** Streams of Zstandard. */
import { decodeZstd, extentOfZstd } from '../../../codecs/compression/zstd.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, extentByStructure, unpackStream } from './stream.ts';

export const zstd: Unpacker = {
  id: 'compression/zstd',
  title: 'zstd stream',
  class: 'compression',
  magic: [{ bytes: [0x28, 0xb5, 0x2f, 0xfd] }],
  locate(blob, offset) {
    const extent = extentByStructure(blob, offset, extentOfZstd);
    // A four-byte magic and block sizes alone are no proof that a stream is cut off.
    return extent !== undefined && extent.end > blob.size ? extentByDecoding(blob, offset, decodeZstd) : extent;
  },
  unpack: (container, into, context) => unpackStream(container, into, context, decodeZstd),
};
