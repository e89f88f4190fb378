/** Streams of gzip, also with several members. */
import { decodeGzip } from '../../../codecs/compression/inflate.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

export const gzip: Unpacker = {
  id: 'compression/gzip',
  title: 'gzip stream',
  class: 'compression',
  magic: [{ bytes: [0x1f, 0x8b, 0x08] }],
  locate(blob, offset) {
    // Flags beyond those of RFC 1952 are no gzip.
    const header = blob.read(offset, 10);
    if (header.length < 10 || (header[3]! & 0xe0) !== 0) return undefined;
    return extentByDecoding(blob, offset, decodeGzip);
  },
  unpack: (container, into, context) => unpackStream(container, into, context, decodeGzip),
};
