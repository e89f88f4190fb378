/** One test for all: every example of every shipped check holds, and hiding the facts of a pass leaves it open. */
import { expect, test } from 'vitest';
import { runExamples } from '../../src/core/baseline/examples.ts';
import { openLibrary } from '../../src/core/baseline/library.ts';
import { told, words } from '../support/library.ts';

const library = await openLibrary(words);

test('there are checks, each with an example that passes and one that fails', () => {
  expect(library.checks.size).toBeGreaterThan(100);
  for (const { id, raw } of library.checks.values()) {
    const outcomes = raw.examples.map((example) => example.outcome);
    expect(outcomes, id).toEqual(expect.arrayContaining(['pass', 'fail']));
  }
});

test('every example holds', () => {
  const broken = [...library.checks.values()].flatMap((source) =>
    runExamples(source, library.vocabulary).map((problem) => `${source.document.file}:${told(problem)}`),
  );
  expect(broken).toEqual([]);
});
