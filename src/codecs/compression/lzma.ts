/** LZMA in its own file format (with and without size), in vendors' headers, raw, and in lzip. */
import { crc32 } from 'node:zlib';
import { type Blob, memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { engine, type LzmaProperties } from './lzma-engine.ts';
import { type Bounds, ByteSource, collect, type Decoded, Guard } from './source.ts';
import { propertiesOf } from './xz.ts';

const le32 = (b: Uint8Array, i: number): number =>
  (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24)) >>> 0;

export interface LzmaHeader {
  readonly properties: LzmaProperties;
  readonly dictionary: number;
  /** Undefined: an end marker tells. */
  readonly size: number | undefined;
}

/** The 13 bytes of lzma-alone. Undefined when they cannot be one: properties out of range, an odd dictionary, an absurd size. */
export function lzmaHeader(bytes: Uint8Array): LzmaHeader | undefined {
  if (bytes.length < 13 || bytes[0]! >= 225) return undefined;
  const low = le32(bytes, 5);
  const high = le32(bytes, 9);
  const unknown = low === 0xffffffff && high === 0xffffffff;
  if (!unknown && high > 0xff) return undefined;
  return {
    properties: propertiesOf(bytes[0]!),
    dictionary: le32(bytes, 1),
    size: unknown ? undefined : high * 2 ** 32 + low,
  };
}

/** Raw LZMA data from `source` on. */
function* raw(source: ByteSource, header: LzmaHeader, guard: Guard, lenient = false): Generator<Uint8Array, void> {
  const lzma = engine();
  try {
    const { lc, lp } = header.properties;
    lzma.begin(header.dictionary, lc + lp);
    lzma.properties(header.properties);
    for (const chunk of lzma.stream(source, header.size, lenient)) {
      guard.add(chunk.length, source.position + 65_536);
      yield chunk;
    }
  } finally {
    lzma.release();
  }
}

/** Decodes an lzma-alone file; returns where it ends. */
export function* decodeLzma(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const header = lzmaHeader(source.take(13));
  if (header === undefined) throw new FaultError('malformed', 'no LZMA header');
  yield* raw(source, header, new Guard(bounds));
  return source.position;
}

/** Decodes lzma-alone data in memory of at most `limit` bytes (a block of a file system). */
export function unlzma(bytes: Uint8Array, limit: number): Uint8Array {
  return collect(decodeLzma(memoryBlob(bytes), { output: limit }), limit).bytes;
}

/** Decodes data without a header, whose properties stand elsewhere, up to `limit` bytes or the end of the input. */
export function unrawLzma(bytes: Uint8Array, properties: LzmaProperties, limit: number): Uint8Array {
  const source = new ByteSource(memoryBlob(bytes));
  const header = { properties, dictionary: limit, size: limit };
  const chunks = [...raw(source, header, new Guard({ output: limit }), true)];
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

const LZIP = [0x4c, 0x5a, 0x49, 0x50];
const isLzip = (bytes: Uint8Array): boolean => LZIP.every((byte, i) => bytes[i] === byte);

/** Decodes lzip members (version 1) that stand one after the other; returns where the last ends. */
export function* decodeLzip(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  if (!isLzip(source.peek(4))) throw new FaultError('malformed', 'no lzip header');
  while (isLzip(source.peek(4))) {
    const start = source.position;
    const header = source.take(6);
    if (header[4] !== 1) throw new FaultError('unsupported', `lzip version ${header[4]}`);
    const coded = header[5]!;
    const base = 2 ** (coded & 0x1f);
    const dictionary = base - (base / 16) * (coded >> 5);
    if (dictionary < 4096 || dictionary > 2 ** 29) throw new FaultError('malformed', 'lzip dictionary out of range');
    let crc = 0;
    let size = 0;
    const properties = { lc: 3, lp: 0, pb: 2 };
    for (const chunk of raw(source, { properties, dictionary, size: undefined }, guard)) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      yield chunk;
    }
    const trailer = source.take(20);
    const said = le32(trailer, 4) + le32(trailer, 8) * 2 ** 32;
    const member = le32(trailer, 12) + le32(trailer, 16) * 2 ** 32;
    if (le32(trailer, 0) !== crc || said !== size || member !== source.position - start)
      throw new FaultError('malformed', 'an lzip member fails its check');
  }
  return source.position;
}
