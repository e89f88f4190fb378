/** How far the shipped baselines reach, and that the page which tells it is up to date. */
import { expect, test } from 'vitest';
import { openLibrary } from '../../src/core/baseline/library.ts';
import type { Baseline } from '../../src/core/model/baseline.ts';
import { coveragePage, reachOf } from '../support/coverage-page.ts';
import { words } from '../support/library.ts';

const library = await openLibrary(words);
const shipped = library.assets.filter(({ kind }) => kind === 'baseline');
const baselines: readonly Baseline[] = await Promise.all(
  shipped.map(({ id, version }) => library.baseline(`${id}@${version}`)),
);
const named = (id: string) => baselines.find((one) => `${one.id}@${one.version}` === id)?.controls ?? [];

test('docs/coverage.md says what the baselines say', async () => {
  expect(baselines).toHaveLength(11);
  await expect(`${coveragePage(baselines)}\n`.replace(/\n+$/, '\n')).toMatchFileSnapshot('../../docs/coverage.md');
});

test('what a person has to do is said wherever checks do not settle it', () => {
  const silent = baselines.flatMap((one) =>
    one.controls.flatMap((control) =>
      control.units
        .filter((unit) => unit.mark !== 'decide' && (unit.work ?? '').length < 20)
        .map((unit) => `${one.id}/${control.id}/${unit.id}`),
    ),
  );
  expect(silent).toEqual([]);
});

test.each(['etsi-en-303-645@2.1.1', 'etsi-en-303-645@3.1.3'])(
  'in %s nothing is decided without a person: an ICS that leaves a provision out has no reason that a check could miss',
  (id) => {
    const decided = named(id).filter((control) => reachOf(control) === 'decided');
    expect(decided.map((control) => control.id)).toEqual([]);
  },
);

test('signatures are never shown to be demanded by the device: 2.1.1 and 5.3-10 are refuted at most', () => {
  const signing = [
    ...named('xiaomi-consumer-iot@2021-12').filter(({ id }) => id === '2.1.1'),
    ...named('etsi-en-303-645@2.1.1').filter(({ id }) => id === '5.3-10'),
    ...named('etsi-en-303-645@3.1.3').filter(({ id }) => id === '5.3-10'),
  ];
  expect(signing).toHaveLength(3);
  expect(signing.flatMap(({ units }) => units.map(({ mark }) => mark))).not.toContain('decide');
});

test('that a password or key is its unit’s own is never decided from one unit', () => {
  const unique = [
    'accounts/no-shared-password',
    'accounts/no-shared-service-password',
    'credentials/differ-between-units',
  ];
  const deciding = baselines.flatMap((one) =>
    one.controls.flatMap((control) =>
      control.units.filter(({ mark, checks }) => mark === 'decide' && checks.some(({ id }) => unique.includes(id))),
    ),
  );
  expect(deciding).toEqual([]);
});
