/** Many words in one pass: the same places as one search for each word. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Words } from '../../src/lib/words.ts';
import '../support/property.ts';

const WORDS = [
  'ab',
  'aa',
  'aba',
  'abab',
  'bba',
  '\0ab',
  'aaaa',
  'ab\xff',
  'b\0\0',
  '\0\0\0\0b',
  'b\xff\xff\xff\xff',
  'bb\xff',
];

function bySearch(bytes: Buffer): string[] {
  return WORDS.flatMap((text, word) => {
    const places: string[] = [];
    for (let at = bytes.indexOf(text, 0, 'latin1'); at !== -1; at = bytes.indexOf(text, at + 1, 'latin1'))
      places.push(`${word}@${at}`);
    return places;
  }).sort((a, b) => a.localeCompare(b));
}

test('every place of every word, wherever the bytes lie', () => {
  const letter = fc.constantFrom(0x61, 0x62, 0, 0xff);
  const runs = fc.array(fc.tuple(letter, fc.constantFrom(1, 1, 1, 2, 3, 9)), { maxLength: 30 });
  fc.assert(
    fc.property(runs, fc.integer({ min: 0, max: 3 }), (parts, start) => {
      const bytes = Buffer.concat(parts.map(([code, times]) => Buffer.alloc(times, code))).subarray(start);
      const found: string[] = [];
      new Words(WORDS).find(bytes, (word, at) => found.push(`${word}@${at}`));
      expect(found.sort((a, b) => a.localeCompare(b))).toEqual(bySearch(bytes));
    }),
  );
});

test('the places of one word are told in order, in runs too', () => {
  for (const start of [0, 1, 2, 3])
    for (const word of ['aa', 'aaa', 'aaaa']) {
      const places: number[] = [];
      new Words([word]).find(Buffer.alloc(40, 'a').subarray(start), (_, at) => places.push(at));
      expect(places).toEqual(Array.from({ length: 40 - start - word.length + 1 }, (_, at) => at));
    }
});

test('a single byte is refused', () => {
  expect(() => new Words(['abc', 'a'])).toThrow('too short');
});
