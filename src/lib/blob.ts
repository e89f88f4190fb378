/** Random access to bytes that may be larger than memory: a file, a part of one, or an array. */
import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * Bytes that can be read at any place. Reads are synchronous (local files sit in the page cache) and clamp at the end:
 * `read(size, n)` gives an empty array, never an error, so a parser of hostile bytes needs one length check only.
 */
export interface Blob {
  readonly size: number;
  /** At most `length` bytes from `offset`; fewer at the end. The array may be a view: do not write to it. */
  read(offset: number, length: number): Uint8Array;
  /** As `read`, into an array of the caller's: gives the number of bytes. Spares a large read the garbage. */
  readInto?(into: Uint8Array, offset: number): number;
  /** As `readInto`, by another thread: the caller works on what it has meanwhile. */
  readLater?(into: Uint8Array, offset: number): Promise<number>;
  /** The part [start, end), clamped; shares the bytes. */
  slice(start: number, end?: number): Blob;
  /** Where the bytes lie on disk, so that a worker thread can read them itself. Absent for bytes in memory. */
  readonly origin?: { readonly path: string; readonly offset: number };
}

/** Bytes as text, one character a byte. */
export function textIn(blob: Blob, from: number, length: number): string {
  const bytes = blob.read(from, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** A file kept open until `close`. */
export interface FileBlob extends Blob {
  close(): void;
}

const readAsync = promisify(read);
const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(Math.trunc(value) || 0, low), high);

/** The bytes of an array as a Blob; slices are views. */
export function memoryBlob(bytes: Uint8Array): Blob {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(clamp(offset, 0, bytes.length), clamp(offset + length, 0, bytes.length)),
    slice: (start, end = bytes.length) =>
      memoryBlob(bytes.subarray(clamp(start, 0, bytes.length), clamp(end, 0, bytes.length))),
  };
}

/** The part [start, end) of an open file. */
export function descriptorBlob(descriptor: number, path: string, start: number, end: number): Blob {
  const size = Math.max(0, end - start);
  const fill = (into: Uint8Array, from: number): number => {
    let have = 0;
    while (have < into.length) {
      const got = readSync(descriptor, into, have, into.length - have, start + from + have);
      if (got === 0) break;
      have += got;
    }
    return have;
  };
  return {
    size,
    origin: { path, offset: start },
    read(offset, length) {
      const from = clamp(offset, 0, size);
      const into = Buffer.allocUnsafe(clamp(length, 0, size - from));
      return new Uint8Array(into.buffer, into.byteOffset, fill(into, from));
    },
    readInto: (into, offset) => {
      const from = clamp(offset, 0, size);
      return fill(into.subarray(0, clamp(into.length, 0, size - from)), from);
    },
    readLater: async (into, offset) => {
      const from = clamp(offset, 0, size);
      const room = clamp(into.length, 0, size - from);
      let have = 0;
      while (have < room) {
        const { bytesRead } = await readAsync(descriptor, into, have, room - have, start + from + have);
        if (bytesRead === 0) break;
        have += bytesRead;
      }
      return have;
    },
    slice: (from, to = size) =>
      descriptorBlob(descriptor, path, start + clamp(from, 0, size), start + clamp(to, 0, size)),
  };
}

/** Opens a file for random access; throws what `openSync` throws. */
export function openBlob(path: string): FileBlob {
  const descriptor = openSync(path, 'r');
  const blob = descriptorBlob(descriptor, path, 0, fstatSync(descriptor).size);
  return { ...blob, close: () => closeSync(descriptor) };
}

/** As `chunksOf`, but each chunk is gone when the next is asked for: for digests and sums, which keep nothing. */
export function* passingChunks(blob: Blob, chunk = 1 << 20): Generator<Uint8Array> {
  if (blob.readInto === undefined) {
    yield* chunksOf(blob, chunk);
    return;
  }
  const into = new Uint8Array(Math.min(chunk, blob.size));
  for (let at = 0; at < blob.size; ) {
    const had = blob.readInto(into, at);
    if (had === 0) return;
    yield into.subarray(0, had);
    at += had;
  }
}

/** As `passingChunks`, and the next chunk is read by another thread while this one is worked on. */
export async function* chunksAhead(blob: Blob, chunk = 2 << 20): AsyncGenerator<Uint8Array> {
  const { readLater } = blob;
  if (readLater === undefined || blob.size <= chunk) {
    yield* passingChunks(blob, chunk);
    return;
  }
  const [one, other] = [new Uint8Array(chunk), new Uint8Array(chunk)];
  let coming = readLater(one, 0);
  try {
    for (let at = 0, into = one; at < blob.size; ) {
      const had = await coming;
      if (had === 0) return;
      const here = into.subarray(0, had);
      at += had;
      into = into === one ? other : one;
      if (at < blob.size) coming = readLater(into, at);
      yield here;
    }
  } finally {
    // Nobody may close the file under a thread that reads it.
    await coming.catch(() => 0);
  }
}

/** The bytes in chunks of at most `chunk` bytes, in order. */
export function* chunksOf(blob: Blob, chunk = 1 << 20): Generator<Uint8Array> {
  for (let at = 0; at < blob.size; at += chunk) {
    const part = blob.read(at, chunk);
    if (part.length === 0) return;
    yield part;
  }
}
