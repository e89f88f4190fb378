/** Frames of LZ4, also the legacy ones of Linux kernels. */
import { decodeLz4 } from '../../../codecs/compression/lz4.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

export const lz4: Unpacker = {
  id: 'compression/lz4',
  title: 'LZ4 stream',
  class: 'compression',
  magic: [{ bytes: [0x04, 0x22, 0x4d, 0x18] }, { bytes: [0x02, 0x21, 0x4c, 0x18] }],
  locate: (blob, offset) => extentByDecoding(blob, offset, decodeLz4),
  unpack: (container, into, context) => unpackStream(container, into, context, decodeLz4),
};
