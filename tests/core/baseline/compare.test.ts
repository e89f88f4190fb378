/** What differs between two editions of a baseline, told by control. */
import { describe, expect, test } from 'vitest';
import { compareBaselines, inWords } from '../../../src/core/baseline/compare.ts';
import type { Applicability, Baseline } from '../../../src/core/model/baseline.ts';
import { baseline, check, control, unit } from '../../support/judge.ts';

const locked = () => check('doors/locked', { every: 'net.door', satisfies: { ok: true } });
const quiet = () => check('rooms/quiet', { none: 'file.room', where: { ok: false } });
const editionOne = (): Baseline =>
  baseline(
    [
      control('1', [unit('1a', 'decide', [locked()]), unit('1b', 'person')]),
      control('2', [unit('2a', 'decide', [locked()])]),
      control('4', [unit('4a', 'person')], { obligation: 'recommended' }),
    ],
    { version: '1' },
  );
const changed = (second: Baseline) => compareBaselines(editionOne(), second).changed.map(({ changes }) => changes);
const edition = (controls: Baseline['controls']): Baseline => baseline(controls, { version: '2', level: 'high' });

describe('two editions', () => {
  test('a control that came, one that went, those that stayed', () => {
    const first = editionOne();
    const second = edition([...first.controls.slice(0, 2), control('3', [], { title: 'New' })]);
    expect(compareBaselines(first, second)).toEqual({
      before: 'house@1',
      after: 'house@2:high',
      added: [{ control: '3', title: 'New' }],
      removed: [{ control: '4', title: first.controls[2]?.title }],
      changed: [],
      same: 2,
    });
  });

  test('what a control asks otherwise, member by member', () => {
    const first = editionOne();
    const [, two] = first.controls;
    if (two === undefined) throw new Error('there are three');
    const applies: Applicability = {
      any: [{ feature: 'ip' }, { all: [{ feature: 'radio' }, { not: { feature: 'car' } }] }],
    };
    const other = {
      ...two,
      title: 'Other',
      text: 'Other.',
      status: 'M C (3)',
      applies,
      draft: true,
      deemedBy: ['std/1'],
    };
    expect(changed(edition([{ ...other, obligation: 'advisory' }]))).toEqual([
      [
        `title: ${two.title} → Other`,
        'obligation: mandatory → advisory',
        'status: none → M C (3)',
        'applies: always → ip or (radio and not car)',
        'draft: no → yes',
        'deemed by: none → std/1',
        'text: worded otherwise',
      ],
    ]);
    expect(compareBaselines(edition([other]), first).changed[0]?.changes).toContain('deemed by: std/1 → none');
  });

  test('units that came, went, judge otherwise or by other checks', () => {
    const [one] = editionOne().controls;
    if (one === undefined) throw new Error('there are three');
    const moved = { ...unit('1a', 'refute', [quiet()]), work: 'Look.' };
    expect(changed(edition([{ ...one, units: [moved, unit('1c', 'person')] }]))).toEqual([
      [
        'units: +1c',
        'units: −1b',
        'unit 1a: decide → refute',
        'unit 1a: checks +rooms/quiet −doors/locked',
        'unit 1a: work: worded otherwise',
      ],
    ]);
  });

  test('a baseline and itself differ in nothing', () => {
    const first = editionOne();
    expect(compareBaselines(first, first)).toMatchObject({ added: [], removed: [], changed: [], same: 3 });
  });
});

test('an applicability in words', () => {
  expect(inWords({ always: true })).toBe('always');
  expect(inWords({ not: { any: [{ feature: 'a' }, { feature: 'b' }] } })).toBe('not (a or b)');
});
