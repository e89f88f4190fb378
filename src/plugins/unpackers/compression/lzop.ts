/** Files of lzop. */
import { decodeLzop } from '../../../codecs/compression/lzo.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

export const lzop: Unpacker = {
  id: 'compression/lzop',
  title: 'lzop stream',
  class: 'compression',
  magic: [{ bytes: [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a] }],
  locate: (blob, offset) => extentByDecoding(blob, offset, decodeLzop),
  unpack: (container, into, context) => unpackStream(container, into, context, decodeLzop),
};
