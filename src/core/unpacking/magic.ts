/** Finds the magics of all formats in one pass. */
import { Words } from '../../lib/words.ts';
import type { Unpacker } from '../model/unpacker.ts';

/** A magic seen: a container of `unpacker` may start at `start`. */
export interface Candidate {
  readonly unpacker: Unpacker;
  readonly start: number;
}

interface Place {
  readonly unpacker: Unpacker;
  /** Distance from the start of the container to the magic. */
  readonly at: number;
}

export class MagicIndex {
  readonly #words: Words;
  /** By the number of the word. */
  readonly #places: Place[] = [];
  /** The largest distance from the start of a container to the end of its magic. */
  readonly reach: number;
  /** The length of the longest magic. */
  readonly longest: number;
  readonly starts: readonly Unpacker[];

  constructor(unpackers: readonly Unpacker[]) {
    let reach = 0;
    let longest = 2;
    const words: string[] = [];
    for (const unpacker of unpackers) {
      for (const { bytes, at = 0 } of unpacker.magic) {
        reach = Math.max(reach, at + bytes.length);
        longest = Math.max(longest, bytes.length);
        words.push(Buffer.from(bytes).toString('latin1'));
        this.#places.push({ unpacker, at });
      }
    }
    this.#words = new Words(words);
    this.reach = reach;
    this.longest = longest;
    this.starts = unpackers;
  }

  /**
   * Tells every magic that starts in the first `to` bytes of the chunk. `chunk` lies at `offset` of the blob and reaches
   * at least `longest` bytes beyond `to` unless the blob ends.
   */
  scan(chunk: Uint8Array, offset: number, to: number, found: (candidate: Candidate) => void): void {
    this.#words.find(chunk, (word, at) => {
      const place = this.#places[word];
      if (place === undefined || at >= to) return;
      const start = offset + at - place.at;
      if (start >= 0) found({ unpacker: place.unpacker, start });
    });
  }

  /** The formats whose magic lies where it would for a container that starts at the first byte. */
  *atStart(read: (offset: number, length: number) => Uint8Array): Generator<Unpacker> {
    for (const unpacker of this.starts) {
      for (const { bytes, at = 0 } of unpacker.magic) {
        const seen = read(at, bytes.length);
        if (seen.length === bytes.length && bytes.every((byte, index) => seen[index] === byte)) {
          yield unpacker;
          break;
        }
      }
    }
  }
}
