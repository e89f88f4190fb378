/** Kleene's tables, in full. */
import { expect, test } from 'vitest';
import { allThree, anyThree, notThree, type Truth } from '../../../src/core/model/ternary.ts';

const ALL: readonly Truth[] = [true, false, 'unknown'];

test('denial turns over what is known', () => {
  expect(ALL.map(notThree)).toEqual([false, true, 'unknown']);
});
test('all of two', () => {
  expect(ALL.map((a) => ALL.map((b) => allThree([a, b])))).toEqual([
    [true, false, 'unknown'],
    [false, false, false],
    ['unknown', false, 'unknown'],
  ]);
  expect(allThree([])).toBe(true);
});
test('any of two', () => {
  expect(ALL.map((a) => ALL.map((b) => anyThree([a, b])))).toEqual([
    [true, true, true],
    [true, false, 'unknown'],
    [true, 'unknown', 'unknown'],
  ]);
  expect(anyThree([])).toBe(false);
});
