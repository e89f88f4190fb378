/** Reads one file once for all that want something of it: its bytes, its SHA-256, and where the words that were asked for stand. */
import { createHash } from 'node:crypto';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { Words } from '../../lib/words.ts';

/** Files up to this size are handed on as a whole; larger ones are looked through in pieces and read again by place. */
export const READ_WHOLE = 32 << 20;
/** Places of one word in one file that are kept. */
export const MOST_PLACES = 200_000;
/** Words are looked for in so many bytes of a file. */
export const MOST_SEARCHED = 1 << 30;
const PIECE = 4 << 20;

export interface FileRead {
  /** Absent for what is larger than is handed on. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  /** For each word that was found its number, how many places follow, and those. */
  readonly found: Uint32Array<ArrayBuffer>;
}

/** Throws a FaultError where there is less to read than the size says. */
export function readFile(content: Pick<Blob, 'size' | 'read'>, words: Words): FileRead {
  const hash = createHash('sha256');
  const places = new Map<number, number[]>();
  const search = (bytes: Uint8Array, base: number, end: number): void =>
    words.find(bytes, (word, at) => {
      if (at < end) keep(places, word, base + at);
    });
  if (content.size <= READ_WHOLE) {
    // An array of its own, which can be handed to another thread.
    const bytes = owned(content.read(0, content.size));
    if (bytes.length < content.size) throw shrunk(bytes.length, content.size);
    search(bytes, 0, bytes.length);
    return { bytes, sha256: hash.update(bytes).digest('hex'), found: flat(places) };
  }
  for (let base = 0; base < content.size; base += PIECE) {
    const bytes = content.read(base, PIECE + words.longest - 1);
    if (bytes.length < Math.min(PIECE, content.size - base)) throw shrunk(base + bytes.length, content.size);
    hash.update(bytes.subarray(0, PIECE));
    if (base < MOST_SEARCHED) search(bytes, base, PIECE);
  }
  return { sha256: hash.digest('hex'), found: flat(places) };
}

/** A file of a directory that somebody writes meanwhile: what was read of it stands for nothing. */
const shrunk = (have: number, size: number): FaultError =>
  new FaultError('truncated', `only ${have} of ${size} bytes could be read`);

function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes);
}

/** One more than are handed on, by which it is known that there are more. */
function keep(places: Map<number, number[]>, word: number, at: number): void {
  const list = places.get(word);
  if (list === undefined) places.set(word, [at]);
  else if (list.length <= MOST_PLACES) list.push(at);
}

function flat(places: ReadonlyMap<number, readonly number[]>): Uint32Array<ArrayBuffer> {
  let size = 0;
  for (const list of places.values()) size += list.length + 2;
  const found = new Uint32Array(size);
  let at = 0;
  for (const [word, list] of places) {
    found.set([word, list.length], at);
    found.set(list, at + 2);
    at += list.length + 2;
  }
  return found;
}
