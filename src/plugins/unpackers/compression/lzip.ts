/** Files of lzip. */
import { decodeLzip } from '../../../codecs/compression/lzma.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

export const lzip: Unpacker = {
  id: 'compression/lzip',
  title: 'lzip stream',
  class: 'compression',
  magic: [{ bytes: [0x4c, 0x5a, 0x49, 0x50, 0x01] }],
  locate: (blob, offset) => extentByDecoding(blob, offset, decodeLzip),
  unpack: (container, into, context) => unpackStream(container, into, context, decodeLzip),
};
