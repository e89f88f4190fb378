/** Decompresses blocks of SquashFS, whatever their vendor did to the compression. Runs in workers too. */
import { inflateSync } from 'node:zlib';
import { FaultError } from '../../lib/fault.ts';
import { lz4Block } from '../compression/lz4.ts';
import { unlzma, unrawLzma } from '../compression/lzma.ts';
import { unlzo } from '../compression/lzo.ts';
import { propertiesOf, unxz } from '../compression/xz.ts';
import { unzstd } from '../compression/zstd.ts';
import type { Compression } from './squashfs-super.ts';

export type Unpack = (bytes: Uint8Array, limit: number) => Uint8Array;

function gunzip(bytes: Uint8Array, limit: number): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: limit });
  } catch (thrown) {
    throw new FaultError('malformed', 'a block is no zlib data', { cause: thrown });
  }
}

function lz4(bytes: Uint8Array, limit: number): Uint8Array {
  const output = new Uint8Array(limit);
  return output.subarray(0, lz4Block(bytes, output));
}

/** LZMA behind the five bytes of its properties and dictionary, without a size. */
function fiveBytes(bytes: Uint8Array, limit: number): Uint8Array {
  const data = bytes.slice(5);
  // Some makers leave any value in the first byte, which the range coder shifts out again.
  data[0] = 0;
  return unrawLzma(data, propertiesOf(bytes[0] ?? 255), limit);
}
const bare =
  (lc: number, lp: number, pb: number): Unpack =>
  (bytes, limit) =>
    unrawLzma(bytes, { lc, lp, pb }, limit);

/** Every way to read a block: the standard ones by their names, then what vendors made of LZMA. */
const WAYS: { readonly [way: string]: Unpack } = {
  gzip: gunzip,
  lzma: unlzma,
  lzo: unlzo,
  xz: unxz,
  lz4,
  zstd: unzstd,
  'lzma with five header bytes': fiveBytes,
  'lzma without header, lc=3 lp=0 pb=2': bare(3, 0, 2),
  'lzma without header, lc=0 lp=2 pb=2': bare(0, 2, 2),
  'lzma without header, lc=1 lp=2 pb=2': bare(1, 2, 2),
  'lzma without header, lc=0 lp=0 pb=0': bare(0, 0, 0),
};

/** Reads blocks in the way that fitted the first one: the declared compression, else what vendors are known to put in its place. */
export class BlockReader {
  way: string;
  #sure: boolean;

  constructor(way: Compression | string, sure = false) {
    this.way = way;
    this.#sure = sure;
  }

  /** Whether a block was read this way; it is not where all metadata lies there uncompressed. */
  get sure(): boolean {
    return this.#sure;
  }

  read(bytes: Uint8Array, limit: number, fits: (out: Uint8Array) => boolean = () => true): Uint8Array {
    const unpack = WAYS[this.way];
    if (unpack === undefined) throw new FaultError('unsupported', `unknown compression ${this.way}`);
    if (this.#sure) return unpack(bytes, limit);
    let first: unknown;
    for (const way of [this.way, ...Object.keys(WAYS)]) {
      try {
        const out = WAYS[way]!(bytes, limit);
        if (out.length === 0 || !fits(out)) continue;
        this.way = way;
        this.#sure = true;
        return out;
      } catch (thrown) {
        if (!(thrown instanceof FaultError)) throw thrown;
        first ??= thrown;
      }
    }
    throw first ?? new FaultError('malformed', 'a block cannot be decompressed');
  }
}
