/** One test for all: no shipped document has a mistake of shape, word, reference or reach. */
import { describe, expect, test } from 'vitest';
import { openLibrary } from '../../src/core/baseline/library.ts';
import { lintFile } from '../../src/core/baseline/lint.ts';
import { told, words } from '../support/library.ts';

const library = await openLibrary(words);
const files = library.assets.filter(({ kind }) => kind !== 'knowledge').map(({ file }) => file);

describe('shipped documents', () => {
  test('there are checks and baselines', () => {
    expect(files.length).toBeGreaterThan(15);
  });

  test.each(files)('%s is without mistakes', async (file) => {
    expect((await lintFile(file, library)).problems.map(told)).toEqual([]);
  });
});

test('every check is cited by a control of some baseline', async () => {
  const cited = new Set<string>();
  for (const { kind, id, version } of library.assets) {
    if (kind !== 'baseline') continue;
    const { controls } = await library.baseline(`${id}@${version}`);
    for (const { units } of controls) for (const { checks } of units) for (const check of checks) cited.add(check.id);
  }
  expect([...library.checks.keys()].filter((id) => !cited.has(id))).toEqual([]);
});
