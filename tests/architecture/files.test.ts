/** Holds every file to the house rules that no linter of ours knows: length, first line, one default of names. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folders = ['src', 'tests', 'scripts', 'bench'];
const sources = folders
  .flatMap((folder) => {
    try {
      return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`);
    } catch {
      return [];
    }
  })
  .filter((path) => /\.(ts|js)$/.test(path) && !path.includes('__golden__'));

const textOf = (path: string): string => readFileSync(path, 'utf8');

test('sources were found', () => {
  expect(sources.length).toBeGreaterThan(50);
});

test('no file is longer than 400 lines', () => {
  const long = sources
    .map((path) => ({ path, lines: textOf(path).split('\n').length - 1 }))
    .filter((one) => one.lines > 400);
  expect(long).toEqual([]);
});

test('every file under src begins by saying in one sentence what it does', () => {
  const mute = sources.filter((path) => path.startsWith('src/') && !textOf(path).startsWith('/**'));
  expect(mute).toEqual([]);
});
