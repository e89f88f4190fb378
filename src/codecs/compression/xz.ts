/** The xz container: streams, blocks, filters and checks, also concatenated and padded (xz file format 1.2.1). */
import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { FilterRun, filterOf } from './bcj.ts';
import { engine, LzmaEngine, type LzmaProperties } from './lzma-engine.ts';
import { type Bounds, ByteSource, collect, type Decoded, Guard } from './source.ts';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const LZMA2 = 0x21;

const malformed = (message: string): FaultError => new FaultError('malformed', message);
const le32 = (b: Uint8Array, i: number): number =>
  (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24)) >>> 0;

/** The kind of check of the stream whose header stands here; throws when there is none. */
function streamHeader(source: ByteSource): number {
  const header = source.take(12);
  if (MAGIC.some((byte, i) => header[i] !== byte)) throw malformed('no xz stream header');
  if (header[6] !== 0 || header[7]! > 15) throw malformed('unknown xz stream flags');
  if (crc32(header.subarray(6, 8)) !== le32(header, 8)) throw malformed('the xz stream header fails its CRC');
  return header[7]!;
}

/** A number of 7 bits a byte (section 1.2), at most 63 bits. */
function variable(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 9; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (value > Number.MAX_SAFE_INTEGER) break;
      return { value, next: at + i + 1 };
    }
  }
  throw malformed('an xz number is too long');
}

interface Block {
  readonly packed: number | undefined;
  readonly size: number | undefined;
  readonly filters: readonly { readonly id: number; readonly properties: Uint8Array }[];
  readonly dictionary: number;
}

function blockHeader(source: ByteSource): Block {
  const length = (source.peek(1)[0]! + 1) * 4;
  const header = source.take(length).slice();
  if (crc32(header.subarray(0, length - 4)) !== le32(header, length - 4))
    throw malformed('an xz block header fails its CRC');
  const flags = header[1]!;
  if ((flags & 0x3c) !== 0) throw new FaultError('unsupported', 'an xz block header has unknown flags');
  const body = header.subarray(0, length - 4);
  let at = 2;
  const optional = (bit: number): number | undefined => {
    if ((flags & bit) === 0) return undefined;
    const { value, next } = variable(body, at);
    at = next;
    return value;
  };
  const packed = optional(0x40);
  const size = optional(0x80);
  const filters: { id: number; properties: Uint8Array }[] = [];
  for (let i = 0; i <= (flags & 3); i += 1) {
    const id = variable(body, at);
    const count = variable(body, id.next);
    if (count.next + count.value > body.length) throw malformed('an xz filter has more properties than its header');
    filters.push({ id: id.value, properties: body.subarray(count.next, count.next + count.value) });
    at = count.next + count.value;
  }
  const last = filters.pop()!;
  if (last.id !== LZMA2 || last.properties.length !== 1)
    throw new FaultError('unsupported', 'an xz block without LZMA2');
  return { packed, size, filters, dictionary: dictionaryOf(last.properties[0]!) };
}

function dictionaryOf(bits: number): number {
  if (bits > 40) throw malformed('the LZMA2 dictionary size is out of range');
  return bits === 40 ? 0xffffffff : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
}

interface Chunk {
  readonly control: number;
  readonly size: number;
  readonly packed: number;
  readonly properties: number | undefined;
}

/** The header of an LZMA2 chunk, or nothing at the end. */
function chunkHeader(source: ByteSource): Chunk | undefined {
  const control = source.byte();
  if (control === 0) return undefined;
  if (control < 0x80) {
    if (control > 2) throw malformed('unknown LZMA2 control byte');
    const rest = source.take(2);
    const size = ((rest[0]! << 8) | rest[1]!) + 1;
    return { control, size, packed: size, properties: undefined };
  }
  const rest = source.take(control >= 0xc0 ? 5 : 4);
  return {
    control,
    size: (((control & 0x1f) << 16) | (rest[0]! << 8) | rest[1]!) + 1,
    packed: ((rest[2]! << 8) | rest[3]!) + 1,
    properties: rest[4],
  };
}

/** The chunks of raw LZMA2 data; each is a view that is good until the next. */
export function* lzma2(source: ByteSource, dictionary: number): Generator<Uint8Array, void> {
  const lzma = engine();
  try {
    lzma.begin(dictionary, 4);
    let fresh = true;
    let properties: LzmaProperties | undefined;
    for (;;) {
      const chunk = chunkHeader(source);
      if (chunk === undefined) return;
      const { control } = chunk;
      if (control === 1 || control >= 0xe0) {
        lzma.resetDictionary();
        fresh = false;
      } else if (fresh) throw malformed('LZMA2 data does not start with an empty dictionary');
      if (control < 0x80) {
        lzma.copy(source.take(chunk.packed));
        yield lzma.last(chunk.size);
        continue;
      }
      if (chunk.properties !== undefined) {
        properties = propertiesOf(chunk.properties);
        lzma.properties(properties);
      } else if (properties === undefined) throw malformed('LZMA2 data has no properties');
      else if (control >= 0xa0) lzma.resetState(properties);
      yield lzma.chunk(source.take(chunk.packed), chunk.size);
    }
  } finally {
    lzma.release();
  }
}

/** lc, lp and pb from the byte that holds them. */
export function propertiesOf(byte: number): LzmaProperties {
  if (byte >= 225) throw malformed('LZMA properties out of range');
  return { lc: byte % 9, lp: Math.floor(byte / 9) % 5, pb: Math.floor(byte / 45) };
}

/** Checks what came out against what the stream says of it. */
class Check {
  readonly #type: number;
  #crc = 0;
  #crc64: Uint8Array = new Uint8Array(8);
  readonly #sha: Hash | undefined;
  static #engine: LzmaEngine | undefined;

  constructor(type: number) {
    this.#type = type;
    this.#sha = type === 10 ? createHash('sha256') : undefined;
  }

  add(bytes: Uint8Array): void {
    if (this.#type === 1) this.#crc = crc32(bytes, this.#crc);
    else if (this.#type === 4) {
      Check.#engine ??= new LzmaEngine();
      this.#crc64 = Check.#engine.crc64(bytes, this.#crc64);
    } else this.#sha?.update(bytes);
  }

  verify(stored: Uint8Array): void {
    const fine =
      this.#type === 1
        ? this.#crc === le32(stored, 0)
        : this.#type === 4
          ? this.#crc64.every((byte, i) => byte === stored[i])
          : this.#sha === undefined || this.#sha.digest().every((byte, i) => byte === stored[i]);
    if (!fine) throw malformed('an xz block fails its check');
  }
}

function* block(source: ByteSource, checkType: number, guard: Guard): Generator<Uint8Array, void> {
  const header = blockHeader(source);
  const start = source.position;
  const check = new Check(checkType);
  const runs = header.filters.map(({ id, properties }) => new FilterRun(filterOf(id, properties))).reverse();
  let size = 0;
  const pass = (chunk: Uint8Array, from: number): Uint8Array => {
    let bytes = chunk;
    for (let i = from; i < runs.length; i += 1) bytes = runs[i]!.push(bytes);
    check.add(bytes);
    size += bytes.length;
    guard.add(bytes.length, source.position);
    return bytes;
  };
  // Filters work in place, and the decoder's view is its window: a copy goes on.
  for (const chunk of lzma2(source, header.dictionary)) {
    const bytes = pass(chunk.slice(), 0);
    if (bytes.length > 0) yield bytes;
  }
  for (let i = 0; i < runs.length; i += 1) {
    const bytes = pass(runs[i]!.end(), i + 1);
    if (bytes.length > 0) yield bytes;
  }
  const packed = source.position - start;
  if ((header.packed ?? packed) !== packed || (header.size ?? size) !== size)
    throw malformed('an xz block is not as long as it says');
  source.take((4 - (packed & 3)) & 3);
  check.verify(source.take(CHECK_SIZES[checkType]!));
}

/** Index and footer; throws when they are not what stands at the end of a stream. */
function indexAndFooter(source: ByteSource, checkType: number): void {
  const start = source.position;
  let crc = crc32(source.take(1));
  const number = (): number => {
    const { value, next } = variable(source.peek(9), 0);
    crc = crc32(source.take(next), crc);
    return value;
  };
  const records = number();
  for (let i = 0; i < records; i += 1) {
    number();
    number();
  }
  const padding = (4 - ((source.position - start) & 3)) & 3;
  crc = crc32(source.take(padding), crc);
  if (le32(source.take(4), 0) !== crc) throw malformed('the xz index fails its CRC');
  const length = source.position - start;
  const footer = source.take(12);
  if (footer[10] !== 0x59 || footer[11] !== 0x5a || crc32(footer.subarray(4, 10)) !== le32(footer, 0))
    throw malformed('no xz stream footer');
  if ((le32(footer, 4) + 1) * 4 !== length || footer[9] !== checkType) throw malformed('the xz footer does not fit');
}

/** Zero bytes in fours that another stream follows belong to the file; others are left to whoever comes next. */
function anotherStream(source: ByteSource): boolean {
  const start = source.position;
  for (let skipped = 0; skipped < 1 << 20; skipped += 4) {
    const bytes = source.peek(6);
    if (bytes.length === 6 && MAGIC.every((byte, i) => bytes[i] === byte)) return true;
    if (bytes.length < 4 || le32(bytes, 0) !== 0) break;
    source.position += 4;
  }
  source.position = start;
  return false;
}

/** Decodes xz streams that stand one after the other; returns where the last ends. */
export function* decodeXz(blob: Blob, bounds?: Bounds): Decoded {
  const source = new ByteSource(blob);
  const guard = new Guard(bounds);
  do {
    const check = streamHeader(source);
    while (source.peek(1)[0] !== 0) {
      if (source.ended) throw new FaultError('truncated', 'the xz stream ends before its index');
      yield* block(source, check, guard);
    }
    indexAndFooter(source, check);
  } while (anotherStream(source));
  return source.position;
}

/** Where the xz streams that start at 0 end: by headers, chunk lengths and index, without decoding. */
export function extentOfXz(blob: Blob): number {
  const source = new ByteSource(blob);
  do {
    const check = streamHeader(source);
    while (source.peek(1)[0] !== 0) {
      if (source.ended) throw new FaultError('truncated', 'the xz stream ends before its index');
      blockHeader(source);
      const start = source.position;
      for (let chunk = chunkHeader(source); chunk !== undefined; chunk = chunkHeader(source)) {
        source.position += chunk.packed;
        if (source.position >= blob.size) throw new FaultError('truncated', 'the xz stream ends amid a block');
      }
      source.take((4 - ((source.position - start) & 3)) & 3);
      source.take(CHECK_SIZES[check]!);
    }
    indexAndFooter(source, check);
  } while (anotherStream(source));
  return source.position;
}

/** Decodes one small xz stream that lies in memory (a block of a file system). */
export function unxz(bytes: Uint8Array, limit: number): Uint8Array {
  return collect(decodeXz(memoryBlob(bytes), { output: limit }), limit).bytes;
}
