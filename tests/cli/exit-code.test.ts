/** One row of the table of exit codes, one test. */
import { describe, expect, test } from 'vitest';
import { endingOf, type Judging } from '../../src/cli/exit-code.ts';
import { compareReports } from '../../src/core/assessment/diff.ts';
import type { Gap } from '../../src/core/model/fact.ts';
import type { Report } from '../../src/core/model/report.ts';
import {
  baseline,
  check,
  control,
  DOOR,
  endpoint,
  fact,
  gap,
  judge,
  LOCK,
  notGiven,
  ROOM,
  unit,
} from '../support/judge.ts';

const locked = check('doors/locked', { every: 'net.door', satisfies: { ok: true } });
const oiled = check('locks/oiled', { every: 'net.lock', satisfies: { ok: true } });
const rules = baseline([
  control('m', [unit('a', 'decide', [locked])]),
  control('r', [unit('a', 'decide', [oiled])], { obligation: 'recommended' }),
]);
const seen = (door: boolean, lock: boolean, gaps: readonly Gap[] = []): Report =>
  judge(rules, {
    facts: [fact(DOOR, endpoint(1), { ok: door, kind: 'd' }), fact(LOCK, endpoint(1), { ok: lock, kind: 'l' })],
    gaps,
  });
const timeout = gap([LOCK.name], 'tcp');
const absent = notGiven([LOCK.name], 'tcp', '--credentials');
const bug = gap([LOCK.name], 'tcp', { unseen: { kind: 'bug', message: 'TypeError' } });
const code = (report: Report, judging: Partial<Judging> = {}): number =>
  endingOf(report, { failOn: 'mandatory', strict: false, ...judging }).code;

test.each([
  ['all holds and all was seen', seen(true, true), {}, 0],
  ['a mandatory control fails', seen(false, true), {}, 1],
  ['a mandatory control fails beside a gap', seen(false, true, [timeout]), {}, 1],
  ['a recommended control fails', seen(true, false), {}, 0],
  ['a recommended control fails and counts', seen(true, false), { failOn: 'recommended' }, 1],
  ['a mandatory control fails and recommended ones count too', seen(false, true), { failOn: 'recommended' }, 1],
  ['a mandatory control fails and nothing counts', seen(false, true), { failOn: 'none' }, 0],
  ['nothing fails and something was not seen', seen(true, true, [timeout]), {}, 3],
  ['nothing fails and a bug of ours hid something', seen(true, true, [bug]), {}, 3],
  ['nothing fails and something was not given', seen(true, true, [absent]), {}, 0],
  ['strict, and a mandatory control passes', seen(true, true), { strict: true }, 0],
  ['stopped by the user, and nothing fails', seen(true, true), { interrupted: true }, 3],
  ['stopped by the user, and something fails', seen(false, true), { interrupted: true }, 1],
] satisfies [string, Report, Partial<Judging>, number][])('%s', (_, report, judging, expected) => {
  expect(code(report, judging)).toBe(expected);
});

test('strict: a mandatory control that is open makes 3, whatever left it open', () => {
  const open = judge(baseline([control('m', [unit('a', 'person')])]));
  expect(code(open)).toBe(0);
  expect(code(open, { strict: true })).toBe(3);
});

test.each([
  ['no mandatory control fails', seen(true, true), {}],
  [
    'no mandatory control fails; 1 mandatory control is open',
    judge(baseline([control('m', [unit('a', 'person')])])),
    {},
  ],
  ['1 mandatory control fails', seen(false, true, [timeout]), {}],
  ['2 mandatory or recommended controls fail', seen(false, false), { failOn: 'recommended' }],
  ['no mandatory control fails, but 1 thing tried and not seen', seen(true, true, [timeout]), {}],
  ['no failure counts (--fail-on none)', seen(false, true), { failOn: 'none' }],
  ['no mandatory control fails, but the run was stopped', seen(true, true), { interrupted: true }],
  [
    'no mandatory control fails, but 1 mandatory control not settled, which --strict asks for',
    judge(baseline([control('m', [unit('a', 'person')])])),
    { strict: true },
  ],
  [
    '1 control fails that did not; 1 check fails on something new',
    seen(false, true),
    { against: compareReports(seen(true, true), seen(false, true)) },
  ],
  [
    'nothing that counts got worse',
    seen(false, true, [timeout]),
    { against: compareReports(seen(false, true, [timeout]), seen(false, true, [timeout])) },
  ],
  [
    'nothing that counts got worse, but 1 thing newly not seen',
    seen(true, true, [timeout]),
    { against: compareReports(seen(true, true), seen(true, true, [timeout])) },
  ],
] satisfies [string, Report, Partial<Judging>][])('it says why: %s', (words, report, judging) => {
  const { because, details, code: ending } = endingOf(report, { failOn: 'mandatory', strict: false, ...judging });
  expect(because).toBe(words);
  // Only what made the run end as it did is told one by one.
  expect(details.length > 0).toBe('against' in judging && ending !== 0);
});

describe('against an older report', () => {
  const against = (before: Report, after: Report): number => code(after, { against: compareReports(before, after) });
  test('an old failure does not count, a new one does', () => {
    expect(against(seen(false, true), seen(false, true))).toBe(0);
    expect(against(seen(true, true), seen(false, true))).toBe(1);
  });
  test('a control that failed already counts when more subjects fail, and not when as many do by other names', () => {
    const failing = (...ports: readonly number[]): Report =>
      judge(rules, { facts: ports.map((port) => fact(DOOR, endpoint(port), { ok: false, kind: 'd' })) });
    expect(against(failing(1), failing(1, 2))).toBe(1);
    expect(against(failing(1, 2), failing(1))).toBe(0);
    expect(against(failing(1), failing(2))).toBe(0);
  });
  describe('a failing subject that is new counts, although another one of its check is gone', () => {
    const rooms = baseline([
      control('m', [unit('a', 'decide', [check('rooms/ok', { every: 'file.room', satisfies: { ok: true } })])]),
    ]);
    const failing = (...files: readonly (readonly [string, object])[]): Report =>
      judge(rooms, {
        facts: files.map(([path, data]) => fact(ROOM, { kind: 'file', path }, { ok: false, kind: 'r', ...data })),
      });
    test.each([
      ['another file', '/bin/a', '/bin/b', {}, {}, 1],
      ['another file of the same shape', '/bin/a', '/sbin/b', {}, {}, 1],
      ['the same file in another folder', '/bin/a', '/usr/bin/a', {}, {}, 0],
      ['the same file of another version', '/lib/libx-1.2.so', '/lib/libx-1.10.so', {}, {}, 0],
      ['the same file with another build number', '/www/main.0a1b2c3d.js', '/www/main.9f8e7d6c5b.js', {}, {}, 0],
      [
        'the same key by another name',
        '/etc/a.pem',
        '/etc/b.pem',
        { spki: 'aa' },
        { spki: 'aa', file: '/etc/b.pem' },
        0,
      ],
      ['another key by another name', '/etc/a.pem', '/etc/b.pem', { spki: 'aa' }, { spki: 'bb' }, 1],
    ] as const)('%s', (_, was, is, before, after, expected) => {
      const [old, fresh] = [failing([`fw!s${was}`, before]), failing([`fw!s${is}`, after])];
      expect(against(old, fresh)).toBe(expected);
      expect(compareReports(old, fresh).grown.map(({ subjects }) => subjects)).toEqual(
        expected === 0 ? [] : [[`fw!s${is}`]],
      );
    });
    test('one that is gone excuses one that is new, and no more', () => {
      const old = failing(['fw!s/bin/a', {}]);
      expect(against(old, failing(['fw!s/usr/bin/a', {}], ['fw!s/sbin/a', {}]))).toBe(1);
      expect(against(old, failing(['fw!s/bin/a', {}], ['fw!s/usr/bin/a', {}]))).toBe(1);
    });
  });
  test('an image that got another file name is no change', () => {
    const image = (name: string): Report =>
      judge(
        baseline([
          control('m', [unit('a', 'decide', [check('rooms/ok', { every: 'file.room', satisfies: { ok: true } })])]),
        ]),
        {
          facts: [fact(ROOM, { kind: 'file', path: `${name}!squashfs/etc/x` }, { ok: false, kind: 'r' })],
          gaps: [gap([ROOM.name], 'image', { scope: { kind: 'file', path: `${name}!squashfs/bin/y` } })],
        },
      );
    const { results, gaps } = compareReports(image('fw-1.bin'), image('fw-2.bin'));
    expect([results.appeared, results.gone, gaps.appeared, gaps.gone]).toEqual([[], [], [], []]);
  });
  test('a second region that is not understood is a new gap, although the first one was one already', () => {
    const torn = (...starts: readonly number[]): Report =>
      judge(rules, {
        gaps: starts.map((start) =>
          gap([LOCK.name], 'tcp', { scope: { kind: 'region', image: 'fw.bin', start, end: start + 9 } }),
        ),
      });
    expect(compareReports(torn(0), torn(0, 64)).gaps.appeared).toHaveLength(1);
    expect(compareReports(torn(0, 64), torn(32)).gaps.appeared).toEqual([]);
  });
  test('--strict asks that what was settled still is, and no more', () => {
    const person = judge(baseline([control('m', [unit('a', 'person')])]));
    const settled = judge(baseline([control('m', [unit('a', 'person')])]), {
      statements: {
        features: {},
        attestations: [{ unit: 'house/m/a', verdict: 'pass', by: 'A. Tester', on: '2026-05-01' }],
      },
    });
    const strictly = (before: Report, after: Report): number =>
      code(after, { strict: true, against: compareReports(before, after) });
    expect(strictly(person, person)).toBe(0);
    expect(strictly(settled, person)).toBe(3);
    expect(against(settled, person)).toBe(0);
  });
  test('an old gap does not count, a new one does', () => {
    expect(against(seen(true, true, [timeout]), seen(true, true, [timeout]))).toBe(0);
    expect(against(seen(true, true), seen(true, true, [timeout]))).toBe(3);
  });
});
