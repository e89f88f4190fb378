/** LZMA as routers of Arcadyan disguise it: two blocks of 32 bytes change places, and one has its nibbles and bytes swapped. */
import { decodeLzma } from '../../../codecs/compression/lzma.ts';
import type { Decoded } from '../../../codecs/compression/source.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { extentByDecoding, unpackStream } from './stream.ts';

/** Bytes before the first block. */
const HEAD = 4;
const BLOCK = 32;
const SECOND = 0x68;
/** Flash of these routers has 16 MiB at most. */
const MOST = 16 * 2 ** 20;

function* decode(blob: Blob): Decoded {
  const stored = blob.read(0, MOST);
  if (stored.length < SECOND + BLOCK) throw new FaultError('malformed', 'too short for disguised LZMA');
  const plain = Buffer.from(stored);
  plain.set(stored.subarray(HEAD, HEAD + BLOCK), SECOND);
  for (let at = 0; at < BLOCK; at += 1) {
    const byte = stored[SECOND + (at ^ 1)] ?? 0;
    plain[HEAD + at] = ((byte & 0x0f) << 4) | (byte >> 4);
  }
  return HEAD + (yield* decodeLzma(memoryBlob(plain.subarray(HEAD))));
}

export const arcadyan: Unpacker = {
  id: 'compression/arcadyan',
  title: 'Disguised LZMA stream of Arcadyan',
  class: 'compression',
  // What LZMA begins with, lc=3 lp=0 pb=2 and a dictionary of 8 MiB, in its disguise.
  magic: [{ bytes: [0x00, 0xd5, 0x08, 0x00], at: SECOND }],
  locate: (blob, offset) => extentByDecoding(blob, offset, decode),
  unpack: (container, into, context) => unpackStream(container, into, context, decode),
};
