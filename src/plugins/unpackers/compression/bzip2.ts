/** Streams of bzip2. */
import { decodeBzip2 } from '../../../codecs/compression/bzip2.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

export const bzip2: Unpacker = {
  id: 'compression/bzip2',
  title: 'bzip2 stream',
  class: 'compression',
  magic: [{ bytes: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], at: 4 }],
  locate: (blob, offset) => extentByDecoding(blob, offset, decodeBzip2),
  unpack: (container, into, context) => unpackStream(container, into, context, decodeBzip2),
};
