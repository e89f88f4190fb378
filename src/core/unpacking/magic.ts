/** Finds the magics of all formats in one pass: a table of byte pairs says where to look closer. */
import type { Unpacker } from '../model/unpacker.ts';

/** A magic seen: a container of `unpacker` may start at `start`. */
export interface Candidate {
  readonly unpacker: Unpacker;
  readonly start: number;
}

interface Pattern {
  readonly unpacker: Unpacker;
  readonly bytes: readonly number[];
  readonly at: number;
  /** 0: the pair that was seen is the first of the magic; 1: the magic starts one byte after the pair does, or before it. */
  readonly shift: number;
}

/**
 * Looks at every second byte pair only. A magic of three bytes or more shows its first pair at even places and its
 * second at odd ones; one of two bytes is looked for at odd places by its first byte with any byte before it.
 */
export class MagicIndex {
  readonly #seen = new Uint8Array(65536);
  readonly #patterns: Pattern[][] = [[]];
  readonly #slots = new Uint16Array(65536);
  /** The largest distance from the start of a container to the end of its magic. */
  readonly reach: number;
  /** The length of the longest magic. */
  readonly longest: number;
  readonly starts: readonly Unpacker[];

  constructor(unpackers: readonly Unpacker[]) {
    let reach = 0;
    let longest = 2;
    for (const unpacker of unpackers) {
      for (const magic of unpacker.magic) {
        const at = magic.at ?? 0;
        if (magic.bytes.length < 2) throw new RangeError(`${unpacker.id}: a magic of one byte finds everything`);
        reach = Math.max(reach, at + magic.bytes.length);
        longest = Math.max(longest, magic.bytes.length);
        this.#add(unpacker, magic.bytes, at);
      }
    }
    this.reach = reach;
    this.longest = longest;
    this.starts = unpackers;
  }

  #add(unpacker: Unpacker, bytes: readonly number[], at: number): void {
    const [first = 0, second = 0, third] = bytes;
    this.#put(first | (second << 8), { unpacker, bytes, at, shift: 0 });
    if (third !== undefined) {
      this.#put(second | (third << 8), { unpacker, bytes, at, shift: -1 });
      return;
    }
    for (let before = 0; before < 256; before++) this.#put(before | (first << 8), { unpacker, bytes, at, shift: 1 });
  }

  #put(pair: number, pattern: Pattern): void {
    this.#seen[pair] = 1;
    let slot = this.#slots[pair] ?? 0;
    if (slot === 0) {
      slot = this.#patterns.push([]) - 1;
      this.#slots[pair] = slot;
    }
    this.#patterns[slot]?.push(pattern);
  }

  /**
   * Tells every magic that starts in bytes [from, to) of the chunk. `chunk` lies at `offset` of the blob and reaches
   * at least `longest` bytes beyond `to` unless the blob ends. Its `byteOffset` is even.
   */
  scan(chunk: Uint8Array, offset: number, from: number, to: number, found: (candidate: Candidate) => void): void {
    const pairs = new Uint16Array(chunk.buffer, chunk.byteOffset, chunk.length >> 1);
    const seen = this.#seen;
    const last = Math.min(pairs.length, (to >> 1) + 1);
    for (let index = from >> 1; index < last; index++) {
      const pair = pairs[index] as number;
      if (seen[pair] === 1) this.#look(chunk, offset, index * 2, pair, from, to, found);
    }
  }

  #look(
    chunk: Uint8Array,
    offset: number,
    place: number,
    pair: number,
    from: number,
    to: number,
    found: (candidate: Candidate) => void,
  ): void {
    for (const pattern of this.#patterns[this.#slots[pair] ?? 0] ?? []) {
      const start = place + pattern.shift;
      if (start < from || start >= to || !matches(chunk, start, pattern.bytes)) continue;
      const container = offset + start - pattern.at;
      if (container >= 0) found({ unpacker: pattern.unpacker, start: container });
    }
  }

  /** The formats whose magic lies where it would for a container that starts at the first byte. */
  *atStart(read: (offset: number, length: number) => Uint8Array): Generator<Unpacker> {
    for (const unpacker of this.starts) {
      for (const { bytes, at = 0 } of unpacker.magic) {
        if (matches(read(at, bytes.length), 0, bytes)) {
          yield unpacker;
          break;
        }
      }
    }
  }
}

function matches(chunk: Uint8Array, start: number, bytes: readonly number[]): boolean {
  if (start + bytes.length > chunk.length) return false;
  for (let index = 0; index < bytes.length; index++) if (chunk[start + index] !== bytes[index]) return false;
  return true;
}
