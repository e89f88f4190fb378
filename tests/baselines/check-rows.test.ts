/** What catalogues of checks ask for, row by row: a check that exists covers it, or it says why none does. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { openLibrary } from '../../src/core/baseline/library.ts';
import { words } from '../support/library.ts';
import { type Row, rowsPage } from '../support/rows-page.ts';

const library = await openLibrary(words);
const { evidence, rows } = parse(readFileSync('fixtures/catalogues/check-rows.yaml', 'utf8')) as {
  readonly evidence: { readonly [id: string]: Pick<Row, 'left'> };
  readonly rows: { readonly [id: string]: Row };
};

const baselines = await Promise.all(
  library.assets
    .filter(({ kind }) => kind === 'baseline')
    .map(({ id, version }) => library.baseline(`${id}@${version}`)),
);
/** The checks that units of this id cite. */
const cited = (unit: string): readonly string[] => [
  ...new Set(
    baselines.flatMap(({ controls }) =>
      controls.flatMap(({ units }) =>
        units.filter(({ id }) => id === unit).flatMap(({ checks }) => checks.map(({ id }) => id)),
      ),
    ),
  ),
];

test('every row of both catalogues is there', () => {
  expect([Object.keys(evidence).length, Object.keys(rows).length]).toEqual([68, 353]);
});

test('an evidence item has checks wherever a baseline asks for it, or says why it has none', () => {
  const wrong = Object.entries(evidence).filter(([id, { left }]) => (left === undefined) === (cited(id).length === 0));
  expect(wrong).toEqual([]);
});

test('a row has checks that exist, or says what is left', () => {
  const unknown = Object.entries(rows).flatMap(([id, { checks = [] }]) =>
    checks.filter((check) => !library.checks.has(check)).map((check) => `${id}: ${check}`),
  );
  expect(unknown).toEqual([]);
  const silent = Object.entries(rows).filter(([, { checks = [], left = '' }]) => checks.length === 0 && left === '');
  expect(silent).toEqual([]);
});

test('docs/what-is-checked.md says the same', async () => {
  const told = Object.entries(evidence).map(([id, row]): [string, Row] => [id, { ...row, checks: cited(id) }]);
  await expect(rowsPage(told, Object.entries(rows))).toMatchFileSnapshot('../../docs/what-is-checked.md');
});
