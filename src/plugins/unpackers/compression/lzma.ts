/** Streams of LZMA in the format of its own tool, also with the headers of vendors who leave the size out. */
import { decodeLzma, lzmaHeader } from '../../../codecs/compression/lzma.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

const MOST_DICTIONARY = 2 ** 28;
const MOST_SIZE = 2 ** 32;

export const lzma: Unpacker = {
  id: 'compression/lzma',
  title: 'LZMA stream',
  class: 'compression',
  // Properties lc=3 lp=0 pb=2 and others that kernels and vendors use; dictionaries of whole 64 KiB.
  magic: [0x5d, 0x6d, 0x6e, 0x6c, 0x66, 0x5e, 0x5a].map((properties) => ({ bytes: [properties, 0x00, 0x00] })),
  locate(blob, offset) {
    const bytes = blob.read(offset, 18);
    const header = lzmaHeader(bytes);
    if (header === undefined || bytes.length < 18 || bytes[13] !== 0) return undefined;
    const { dictionary, size } = header;
    const power = 2 ** Math.floor(Math.log2(dictionary));
    if (dictionary < 4096 || (dictionary !== power && dictionary !== power * 1.5) || dictionary > MOST_DICTIONARY)
      return undefined;
    if (size !== undefined && (size < 256 || size > MOST_SIZE)) return undefined;
    const extent = extentByDecoding(blob, offset, decodeLzma, size === undefined ? 'end marker' : undefined);
    // What is larger than its content is no compression but a coincidence.
    return extent === undefined || (size ?? extent.end) * 2 < extent.end - offset ? undefined : extent;
  },
  unpack: (container, into, context) => unpackStream(container, into, context, decodeLzma),
};
