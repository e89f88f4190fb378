/** The decoders by the ending of a file's name, and running one to its end. */
import { decodeBzip2 } from '../../src/codecs/compression/bzip2.ts';
import { decodeGzip, decodeZlib } from '../../src/codecs/compression/inflate.ts';
import { decodeLz4 } from '../../src/codecs/compression/lz4.ts';
import { decodeLzip, decodeLzma } from '../../src/codecs/compression/lzma.ts';
import { decodeLzop } from '../../src/codecs/compression/lzo.ts';
import { decodeCompress } from '../../src/codecs/compression/lzw.ts';
import type { Bounds, Decoded } from '../../src/codecs/compression/source.ts';
import { decodeXz } from '../../src/codecs/compression/xz.ts';
import { decodeZstd } from '../../src/codecs/compression/zstd.ts';
import { type Blob, memoryBlob } from '../../src/lib/blob.ts';

const DECODERS: { readonly [ending: string]: (blob: Blob, bounds?: Bounds) => Decoded } = {
  gz: decodeGzip,
  zlib: decodeZlib,
  bz2: decodeBzip2,
  xz: decodeXz,
  lzma: decodeLzma,
  lz: decodeLzip,
  zst: decodeZstd,
  lz4: decodeLz4,
  lzo: decodeLzop,
  Z: decodeCompress,
};

export interface Ran {
  readonly bytes: Buffer;
  readonly consumed: number;
}

/** Decodes bytes by the decoder that the name's ending tells. */
export function decoded(name: string, bytes: Uint8Array, bounds?: Bounds): Ran {
  const decode = DECODERS[name.split('.').at(-1) ?? ''];
  if (decode === undefined) throw new Error(`no decoder for ${name}`);
  const chunks: Uint8Array[] = [];
  const run = decode(memoryBlob(bytes), bounds);
  for (;;) {
    const step = run.next();
    if (step.done === true) return { bytes: Buffer.concat(chunks), consumed: step.value };
    chunks.push(step.value);
  }
}

/** Numbers that look random and are the same in every run. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A copy with one mistake: flipped bits, a cut, extreme bytes, or a part in another's place. */
export function damaged(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = bytes.slice();
  const at = random(2) === 0 ? random(Math.min(copy.length, 128)) : random(copy.length);
  switch (random(4)) {
    case 0:
      for (let i = 0; i <= random(4); i += 1) copy[random(copy.length)]! ^= 1 << random(8);
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      copy.fill(random(2) * 255, at, at + 1 + random(8));
      return copy;
    default:
      copy.copyWithin(at, random(copy.length), random(copy.length));
      return copy;
  }
}
