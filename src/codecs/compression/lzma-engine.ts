/** The LZMA state machine (WebAssembly) with its window: whole chunks in, decoded bytes out. */
import { FaultError } from '../../lib/fault.ts';
import { LZMA_WASM } from './lzma-wasm.ts';
import type { ByteSource } from './source.ts';

/** What the seven exports of the module do is told in scripts/lzma-source.js. */
interface Exports {
  readonly memory: WebAssemblyMemory;
  readonly code: { readonly value: number };
  readonly input: { readonly value: number };
  readonly output: { readonly value: number };
  readonly history: { readonly value: number };
  readonly origin: { readonly value: number };
  place(input: number, output: number, history: number, origin: number): void;
  properties(lc: number, lp: number, pb: number): void;
  reset(literalBits: number): void;
  start(): void;
  finish(): void;
  decode(inputSafe: number, softEnd: number, hardEnd: number): number;
  crc64(from: number, to: number): void;
}
interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
};

export interface LzmaProperties {
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
}

const PAGE = 65_536;
const PROBABILITIES = 4096;
/** Room for one LZMA2 chunk and what a symbol may read beyond. */
const INPUT_ROOM = 65_536 + 64;
/** A match may be written this far beyond the end, eight bytes at a time. */
const SLACK = 320;
const MOST_WINDOW = 2 ** 29;
/** An engine that grew beyond this is not kept for the next stream. */
const KEPT = 2 ** 26;

let module: object | undefined;
let idle: LzmaEngine | undefined;

/** Takes an engine for one stream; give it back with `release`. */
export function engine(): LzmaEngine {
  const one = idle ?? new LzmaEngine();
  idle = undefined;
  return one;
}

/** One LZMA decoder. The window grows with what comes out, never with what a header claims. */
export class LzmaEngine {
  readonly #wasm: Exports;
  #bytes: Uint8Array;
  #inputAt = 0;
  #windowAt = 0;
  #capacity = 0;
  #dictionary = 0;
  #literalBits = -1;

  constructor() {
    module ??= new WebAssembly.Module(Buffer.from(LZMA_WASM, 'base64'));
    this.#wasm = new WebAssembly.Instance(module).exports as Exports;
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer);
  }

  /** Begins a stream whose matches reach back at most `dictionary` bytes; `literalBits` is the most that lc + lp will be. */
  begin(dictionary: number, literalBits: number): void {
    this.#literalBits = literalBits;
    this.#inputAt = (PROBABILITIES + 2 * (1847 + (768 << literalBits)) + 63) & ~63;
    this.#windowAt = this.#inputAt + INPUT_ROOM;
    this.#dictionary = Math.max(dictionary, 4096);
    this.#capacity = this.#bytes.length - this.#windowAt - SLACK;
    // Probabilities of many literal bits take megabytes, and are written before the window is.
    if (this.#capacity < 0) this.#grow(0);
    this.#wasm.place(this.#inputAt, this.#windowAt, this.#windowAt, this.#windowAt);
  }

  release(): void {
    if (this.#bytes.length <= KEPT) idle = this;
  }

  properties({ lc, lp, pb }: LzmaProperties): void {
    if (lc + lp > this.#literalBits || pb > 4) throw new FaultError('malformed', 'LZMA properties out of range');
    this.#wasm.properties(lc, lp, pb);
    this.#wasm.reset(lc + lp);
  }

  resetState({ lc, lp }: LzmaProperties): void {
    this.#wasm.reset(lc + lp);
  }

  resetDictionary(): void {
    const { output, input } = this.#wasm;
    this.#wasm.place(input.value, output.value, output.value, output.value);
  }

  /** Makes room for `length` more bytes: by growing while the dictionary asks for it, then by moving the window. */
  #room(length: number): void {
    const used = this.#wasm.output.value - this.#windowAt;
    if (used + length <= this.#capacity) return;
    const most = Math.min(this.#dictionary, MOST_WINDOW) + Math.max(this.#dictionary >> 1, 1 << 22);
    const wanted = used < this.#dictionary ? Math.min(Math.max(used + length, this.#capacity * 2), most) : most;
    if (wanted >= used + length) {
      this.#grow(wanted);
      return;
    }
    if (this.#capacity < most) this.#grow(most);
    const keep = Math.min(used, this.#dictionary);
    if (keep > MOST_WINDOW) throw new FaultError('over-budget', 'the LZMA dictionary is larger than 512 MiB');
    const shift = used - keep;
    this.#bytes.copyWithin(this.#windowAt, this.#windowAt + shift, this.#windowAt + used);
    const { input, history, origin } = this.#wasm;
    const start = Math.max(this.#windowAt, history.value - shift);
    this.#wasm.place(input.value, this.#windowAt + keep, start, (origin.value - shift) | 0);
  }

  #grow(capacity: number): void {
    if (capacity <= this.#capacity) return;
    const needed = this.#windowAt + capacity + SLACK;
    const missing = needed - this.#bytes.length;
    if (missing > 0) this.#wasm.memory.grow(Math.ceil(missing / PAGE));
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer);
    this.#capacity = this.#bytes.length - this.#windowAt - SLACK;
  }

  /** Bytes that stand for themselves. */
  copy(bytes: Uint8Array): void {
    this.#room(bytes.length);
    const { output, input, history, origin } = this.#wasm;
    this.#bytes.set(bytes, output.value);
    this.#wasm.place(input.value, output.value + bytes.length, history.value, origin.value);
  }

  /** One LZMA2 chunk: `packed` gives exactly `size` bytes, which are returned (a view until the next call). */
  chunk(packed: Uint8Array, size: number): Uint8Array {
    this.#room(size);
    this.#feed(packed);
    const { output } = this.#wasm;
    const from = output.value;
    this.#begin();
    const status = this.#wasm.decode(this.#inputAt + packed.length, from + size, from + size);
    this.#wasm.finish();
    if (status !== 0 || output.value !== from + size) throw broken(status);
    if (this.#wasm.input.value !== this.#inputAt + packed.length)
      throw new FaultError('malformed', 'an LZMA2 chunk does not use the bytes it has');
    return this.#bytes.subarray(from, output.value);
  }

  /** The last `length` bytes of the window. */
  last(length: number): Uint8Array {
    const end = this.#wasm.output.value;
    return this.#bytes.subarray(end - length, end);
  }

  #feed(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#inputAt);
    this.#bytes.fill(0, this.#inputAt + bytes.length, this.#inputAt + bytes.length + 32);
    const { output, history, origin } = this.#wasm;
    this.#wasm.place(this.#inputAt, output.value, history.value, origin.value);
  }

  #begin(): void {
    if (this.#bytes[this.#inputAt] !== 0)
      throw new FaultError('malformed', 'LZMA data does not start with a zero byte');
    this.#wasm.start();
  }

  /**
   * A whole LZMA stream, up to its end marker or, where `size` is known, until so much came out. Chunks are copies.
   * `lenient`: where the input or an end marker ends, so does the stream, and `size` is the most (blocks whose size only their maker knew).
   */
  *stream(
    source: ByteSource,
    size: number | undefined,
    lenient = false,
    chunkSize = 1 << 20,
  ): Generator<Uint8Array, void> {
    let left = size ?? Number.POSITIVE_INFINITY;
    let fed = this.#more(source);
    if (fed < 5) throw new FaultError('truncated', 'the LZMA data ends in its first bytes');
    this.#begin();
    for (;;) {
      const wanted = Math.min(chunkSize, left);
      this.#room(wanted + 273);
      const from = this.#wasm.output.value;
      const soft = from + wanted;
      const hard = left === wanted ? soft : soft + 273;
      let status = 0;
      for (;;) {
        const last = fed < 65_536;
        status = this.#wasm.decode(this.#inputAt + fed - (last ? 0 : 21), soft, hard);
        const beyond = this.#wasm.input.value > this.#inputAt + fed;
        if (status !== 1 && !beyond) break;
        if (last || beyond) {
          if (!lenient) throw new FaultError('truncated', 'the LZMA data ends too early');
          if (this.#wasm.output.value > from) yield this.#bytes.slice(from, this.#wasm.output.value);
          return;
        }
        source.position += this.#wasm.input.value - this.#inputAt;
        fed = this.#more(source);
      }
      const produced = this.#wasm.output.value - from;
      if (produced > 0) yield this.#bytes.slice(from, from + produced);
      left -= produced;
      if (status === 2) {
        if (size !== undefined && left > 0 && !lenient)
          throw new FaultError('malformed', 'the LZMA data ends before its size');
        break;
      }
      if (status !== 0) throw broken(status);
      if (left <= 0) {
        this.#marker(fed);
        break;
      }
    }
    this.#wasm.finish();
    source.position += this.#wasm.input.value - this.#inputAt;
  }

  #more(source: ByteSource): number {
    const bytes = source.peek(65_536);
    this.#feed(bytes);
    return bytes.length;
  }

  /** After the last byte an end marker may follow; it is read when it is there. */
  #marker(fed: number): void {
    if (this.#wasm.code.value === 0) return;
    const { input, output, history, origin } = this.#wasm;
    const before = input.value;
    const end = output.value;
    const status = this.#wasm.decode(this.#inputAt + fed, end + 1, end);
    if (status !== 2 || output.value !== end) this.#wasm.place(before, end, history.value, origin.value);
  }

  /** CRC-64 of bytes, carried on from `before` (eight bytes, little-endian); gives the same. */
  crc64(bytes: Uint8Array, before: Uint8Array): Uint8Array {
    if (this.#windowAt === 0) this.begin(4096, 4);
    this.#room(1 << 16);
    this.#bytes.set(before, 0);
    for (let at = 0; at < bytes.length; at += 65_536) {
      const part = bytes.subarray(at, at + 65_536);
      this.#bytes.set(part, this.#windowAt);
      this.#wasm.crc64(this.#windowAt, this.#windowAt + part.length);
    }
    return this.#bytes.slice(0, 8);
  }
}

function broken(status: number): FaultError {
  if (status === 1) return new FaultError('truncated', 'the LZMA data ends too early');
  if (status === 2) return new FaultError('malformed', 'an end marker amid LZMA data');
  return new FaultError(
    'malformed',
    status === 3 ? 'an LZMA match reaches before the start' : 'an LZMA match reaches beyond the end',
  );
}
