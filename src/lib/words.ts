/** Finds many words in bytes in one pass: a table of byte pairs says where to look closer. */

interface Place {
  readonly word: number;
  readonly bytes: Uint8Array;
  /** How far before the pair that was seen the word begins: 0 or 1; -1 where its second byte is the word's first. */
  readonly before: number;
}

/**
 * Looks at every second pair of bytes only: a word of three bytes or more shows its first pair at even places and its
 * second at odd ones; one of two bytes is looked for at odd places by its first byte with any byte before it. Throws a
 * RangeError for a single byte.
 */
export class Words {
  readonly #slots = new Uint16Array(65_536);
  readonly #places: Place[][] = [[]];
  /** 1 for a pair of one byte twice that some word may show with the same pair before and behind it. */
  readonly #inRuns = new Uint8Array(65_536);

  /** Each word one byte a character. */
  constructor(words: readonly string[]) {
    for (const [word, text] of words.entries()) {
      const bytes = Buffer.from(text, 'latin1');
      const [first = 0, second = 0, third] = bytes;
      if (bytes.length < 2) throw new RangeError(`"${text}" is too short to be looked for`);
      this.#put(first | (second << 8), { word, bytes, before: 0 });
      if (third !== undefined) this.#put(second | (third << 8), { word, bytes, before: 1 });
      else for (let any = 0; any < 256; any += 1) this.#put(any | (first << 8), { word, bytes, before: -1 });
    }
  }

  #put(pair: number, place: Place): void {
    if (this.#slots[pair] === 0) this.#slots[pair] = this.#places.push([]) - 1;
    this.#places[this.#slots[pair] ?? 0]?.push(place);
    const { bytes, before } = place;
    const around = bytes.subarray(Math.max(0, before - 2), before + 4);
    if (around.every((byte) => byte === (pair & 0xff) && byte === pair >> 8)) this.#inRuns[pair] = 1;
  }

  /** Tells the index and the place of every word; those of one word in order. */
  find(bytes: Uint8Array, found: (word: number, at: number) => void): void {
    if (bytes.length < 2) return;
    // Pairs are read two bytes at a time, which only even addresses allow.
    const skipped = bytes.byteOffset & 1;
    const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + skipped, (bytes.length - skipped) >> 1);
    const slots = this.#slots;
    // The byte that is skipped may begin a word of two.
    if (skipped === 1) this.#look(bytes, -1, (bytes[0] ?? 0) << 8, found);
    for (let index = 0; index < pairs.length; index += 1) {
      const pair = pairs[index] as number;
      if (slots[pair] === 0) continue;
      // Padding: nothing begins or ends in the midst of a run of one byte but what is such a run.
      if (pair === pairs[index - 1] && pair === pairs[index + 1] && isTwice(pair) && this.#inRuns[pair] === 0) continue;
      this.#look(bytes, index * 2 + skipped, pair, found);
    }
  }

  #look(bytes: Uint8Array, at: number, pair: number, found: (word: number, at: number) => void): void {
    for (const place of this.#places[this.#slots[pair] ?? 0] ?? []) {
      const start = at - place.before;
      if (start >= 0 && isAt(bytes, start, place.bytes)) found(place.word, start);
    }
  }
}

const isTwice = (pair: number): boolean => pair >> 8 === (pair & 0xff);

function isAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  if (at + word.length > bytes.length) return false;
  for (let i = 0; i < word.length; i += 1) if (bytes[at + i] !== word[i]) return false;
  return true;
}
