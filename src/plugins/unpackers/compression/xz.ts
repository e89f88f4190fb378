/** Streams of xz. */
import { decodeXz, extentOfXz } from '../../../codecs/compression/xz.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByStructure, unpackStream } from './stream.ts';

export const xz: Unpacker = {
  id: 'compression/xz',
  title: 'xz stream',
  class: 'compression',
  magic: [{ bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] }],
  locate: (blob, offset) => extentByStructure(blob, offset, extentOfXz),
  unpack: (container, into, context) => unpackStream(container, into, context, decodeXz),
};
