/** Finds many words in bytes in one pass: a table of byte pairs says where to look closer. */

interface Place {
  readonly word: number;
  readonly bytes: Uint8Array;
  /** How far before the pair that was seen the word begins; -1 where its second byte is the word's first. */
  readonly before: number;
}

/**
 * Looks at every second pair of bytes only: of a word of three bytes or more two pairs that follow one another are looked
 * for, one of which stands at an even place; those are taken that are rarest in files. One of two bytes is looked for at
 * odd places by its first byte with any byte before it. Throws a RangeError for a single byte.
 */
export class Words {
  readonly #slots = new Uint16Array(65_536);
  /** 1 for a pair that has a slot: a table that stays near. */
  readonly #known = new Uint8Array(65_536);
  readonly #places: Place[][] = [[]];
  /** 1 for a pair of one byte twice that some word may show with the same pair before and behind it. */
  readonly #inRuns = new Uint8Array(65_536);

  /** Bytes of the longest word; 1 where there is none. */
  readonly longest: number;

  /** Each word one byte a character. */
  constructor(words: readonly string[]) {
    this.longest = words.reduce((most, { length }) => Math.max(most, length), 1);
    for (const [word, text] of words.entries()) {
      const bytes = Buffer.from(text, 'latin1');
      if (bytes.length < 2) throw new RangeError(`"${text}" is too short to be looked for`);
      const at = rarest(bytes);
      const [first = 0, second = 0, third] = bytes.subarray(at);
      // In a run of one byte both pairs are the same, and the earlier place is told first.
      if (third !== undefined) this.#put(second | (third << 8), { word, bytes, before: at + 1 });
      this.#put(first | (second << 8), { word, bytes, before: at });
      if (third === undefined)
        for (let any = 0; any < 256; any += 1) this.#put(any | (first << 8), { word, bytes, before: -1 });
    }
  }

  #put(pair: number, place: Place): void {
    if (this.#slots[pair] === 0) this.#slots[pair] = this.#places.push([]) - 1;
    this.#places[this.#slots[pair] ?? 0]?.push(place);
    this.#known[pair] = 1;
    const { bytes, before } = place;
    const around = bytes.subarray(Math.max(0, before - 2), before + 4);
    if (around.every((byte) => byte === (pair & 0xff) && byte === pair >> 8)) this.#inRuns[pair] = 1;
  }

  /** Tells the index and the place of every word; those of one word in order. */
  find(bytes: Uint8Array, found: (word: number, at: number) => void): void {
    if (bytes.length < 2) return;
    // Bytes are read four at a time, which only some addresses allow.
    const skipped = bytes.byteOffset & 1;
    const aligned = skipped + ((bytes.byteOffset + skipped) & 2);
    // The byte that is skipped may begin a word of two.
    if (skipped === 1) this.#look(bytes, -1, (bytes[0] ?? 0) << 8, found);
    this.#pairs(bytes, skipped, aligned, found);
    if (aligned >= bytes.length) return;
    const count = (bytes.length - aligned) >> 3;
    const fours = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, count * 2);
    const known = this.#known;
    for (let index = 0; index < fours.length; index += 2) {
      const [one, other] = [fours[index] as number, fours[index + 1] as number];
      // biome-ignore lint/style/noNonNullAssertion: every pair has its entry
      if ((known[one & 0xffff]! | known[one >>> 16]! | known[other & 0xffff]! | known[other >>> 16]!) === 0) continue;
      const at = aligned + index * 4;
      this.#pairs(bytes, at, at + 8, found);
    }
    this.#pairs(bytes, aligned + count * 8, bytes.length, found);
  }

  /** Looks at the pairs from one place to another. */
  #pairs(bytes: Uint8Array, from: number, to: number, found: (word: number, at: number) => void): void {
    for (let at = from; at < to && at + 1 < bytes.length; at += 2) {
      const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
      const pair = first | (second << 8);
      if (this.#known[pair] === 0 || (first === second && this.#isInRun(bytes, at, pair))) continue;
      this.#look(bytes, at, pair, found);
    }
  }

  /** Padding: nothing begins or ends in the midst of a run of one byte but what is such a run. */
  #isInRun(bytes: Uint8Array, at: number, pair: number): boolean {
    if (this.#inRuns[pair] === 1) return false;
    const byte = bytes[at];
    return bytes[at - 1] === byte && bytes[at - 2] === byte && bytes[at + 2] === byte && bytes[at + 3] === byte;
  }

  #look(bytes: Uint8Array, at: number, pair: number, found: (word: number, at: number) => void): void {
    for (const place of this.#places[this.#slots[pair] ?? 0] ?? []) {
      const start = at - place.before;
      if (start >= 0 && isAt(bytes, start, place.bytes)) found(place.word, start);
    }
  }
}

/** Where the two pairs of a word begin that are met least by chance. */
function rarest(word: Uint8Array): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (let at = 0; at + 2 < word.length; at += 1) {
    const [first, second, third] = [at, at + 1, at + 2].map((place) => frequency(word[place] ?? 0)) as [
      number,
      number,
      number,
    ];
    const met = first * second + second * third;
    if (met < least) [best, least] = [at, met];
  }
  return best;
}

const COMMON = new Set(Buffer.from('etaoinsrlcd'));

/** Roughly how often a byte stands in programs and texts, in thousandths. */
function frequency(byte: number): number {
  if (byte === 0) return 200;
  if (byte === 0xff) return 30;
  if (byte === 0x20 || COMMON.has(byte)) return 25;
  if (byte >= 0x61 && byte <= 0x7a) return 8;
  if (byte < 0x10 || byte === 0x2d || byte === 0x3d || byte === 0x5f || byte === 0x2e) return 10;
  return byte >= 0x30 && byte <= 0x5a ? 5 : 3;
}

function isAt(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  if (at + word.length > bytes.length) return false;
  for (let i = 0; i < word.length; i += 1) if (bytes[at + i] !== word[i]) return false;
  return true;
}
