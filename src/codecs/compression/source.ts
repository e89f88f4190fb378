/** Reading compressed bytes in order, and the bounds that every decoder keeps. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';

/** What a stream may grow to. */
export interface Bounds {
  /** At most so many bytes come out; 16 GiB unless said. */
  readonly output?: number;
  /** At most so many bytes come out for each byte that went in; 1000 unless said. */
  readonly ratio?: number;
  /** Of gzip: refuses what a reader ignores, for whoever must know that every byte counts. */
  readonly exact?: boolean;
}

/** Decoded chunks, in order; the return value is the number of compressed bytes that were read. Throws FaultError. */
export type Decoded = Generator<Uint8Array, number>;

const CACHE = 1 << 18;
const NOTHING = new Uint8Array(0);
/** Small streams may exceed the ratio by this much: a header is no bomb. */
const FREE = 1 << 24;

/** A place in a Blob that only goes forward, read through a small cache. */
export class ByteSource {
  readonly #blob: Blob;
  #cache: Uint8Array = NOTHING;
  #cacheAt = 0;
  position: number;

  constructor(blob: Blob, position = 0) {
    this.#blob = blob;
    this.position = position;
  }

  /** Up to `length` bytes from here, without going on; fewer only at the end. At most 256 KiB. */
  peek(length: number): Uint8Array {
    const at = this.position - this.#cacheAt;
    if (at >= 0 && at + length <= this.#cache.length) return this.#cache.subarray(at, at + length);
    this.#cache = this.#blob.read(this.position, Math.max(CACHE, length));
    this.#cacheAt = this.position;
    return this.#cache.subarray(0, length);
  }

  /** Exactly `length` bytes; throws when there are fewer. */
  take(length: number): Uint8Array {
    const bytes = this.peek(length);
    if (bytes.length < length) throw new FaultError('truncated', 'the compressed data ends too early');
    this.position += length;
    return bytes;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  get ended(): boolean {
    return this.peek(1).length === 0;
  }
}

/** Counts what comes out against what went in; throws when a bound is passed. */
export class Guard {
  readonly #limit: number;
  readonly #ratio: number;
  output = 0;

  constructor(bounds: Bounds = {}) {
    this.#limit = bounds.output ?? 2 ** 34;
    this.#ratio = bounds.ratio ?? 1000;
  }

  add(length: number, consumed: number): void {
    this.output += length;
    if (this.output > this.#limit) throw new FaultError('over-budget', `more than ${this.#limit} bytes come out`);
    if (this.output > FREE + consumed * this.#ratio)
      throw new FaultError('over-budget', `more than ${this.#ratio} bytes come out for each byte of input`);
  }
}

/** All chunks as one array; throws when there are more than `limit` bytes. */
export function collect(decoded: Decoded, limit: number): { readonly bytes: Uint8Array; readonly consumed: number } {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const step = decoded.next();
    if (step.done === true) return { bytes: joined(chunks, size), consumed: step.value };
    size += step.value.length;
    if (size > limit) throw new FaultError('over-budget', `more than ${limit} bytes come out`);
    chunks.push(step.value);
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
