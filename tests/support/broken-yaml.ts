/** Broken YAML in bulk: shipped files and waivers, cut, with pieces put in, with words misspelt, and noise. The same in every run. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';

const samples = [
  'baselines/checks/tls.yaml',
  'baselines/uk-psti/2023.yaml',
  ...readdirSync('baselines/checks')
    .slice(0, 1)
    .map((name) => `baselines/checks/${name}`),
].map((path) => readFileSync(path, 'utf8').split('\n').slice(0, 60).join('\n'));
const WAIVERS =
  'waivers:\n  - { control: a/1, subject: x, kind: accepted-risk, reason: R, approvedBy: B, expires: 2030-01-01 }\n';

const cut = (text: string, at: number): string => text.slice(0, 1 + (at % text.length));
const insert = (text: string, at: number, piece: string): string => {
  const place = at % text.length;
  return text.slice(0, place) + piece + text.slice(place);
};
const misspell = (text: string, at: number): string => {
  const words = [...text.matchAll(/[a-zA-Z]{4,}(?=:)/g)];
  const word = words[at % Math.max(1, words.length)];
  return word === undefined
    ? `${text}\n]`
    : `${text.slice(0, word.index)}x${word[0]}${text.slice(word.index + word[0].length)}`;
};
const broken = fc
  .record({
    text: fc.constantFrom(...samples, WAIVERS),
    how: fc.constantFrom('cut', 'insert', 'misspell', 'noise'),
    at: fc.nat(100_000),
    piece: fc.oneof(
      fc.constantFrom(
        '\t',
        '{',
        ']',
        ': ',
        '- ',
        '&a ',
        '*a',
        '!!x ',
        '"',
        "'",
        '|\n',
        '\0',
        '%',
        '?',
        '<<: ',
        '__proto__: 1\n',
        '\n---\n',
        '\n',
        '.nan',
        '\u2028',
      ),
      fc.string({ maxLength: 12 }),
    ),
    noise: fc.string({ unit: 'binary', maxLength: 300 }),
  })
  .map(({ text, how, at, piece, noise }) => {
    if (how === 'cut') return cut(text, at);
    if (how === 'insert') return insert(text, at, piece);
    return how === 'misspell' ? misspell(text, at) : noise;
  });

/** So many texts. Not every edit breaks a file: a cut at the end of an entry, a space inside a title. */
export const brokenTexts = (count: number): readonly string[] => fc.sample(broken, { numRuns: count, seed: 645 });
