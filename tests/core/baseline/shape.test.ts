/** Mistakes of shape: each kind in our words, at its place, with the nearest known word. */
import { describe, expect, test } from 'vitest';
import { type DocumentKind, shapeProblems } from '../../../src/core/baseline/shape.ts';
import { told, yaml } from '../../support/library.ts';

const mistakes = async (kind: DocumentKind, text: string): Promise<readonly string[]> =>
  (await shapeProblems(kind, await yaml(text))).map(told);

const CONTROL = '{ id: "1", title: T, text: X, obligation: mandatory, units: [{ id: a, mark: person, work: W }] }';
const baseline = (control: string, more = ''): string =>
  `id: std\nversion: "1"\ntitle: S\n${more}controls:\n  - ${control}\n`;
const check = (more: string): string =>
  `checks:\n  - { id: a/b, title: T, severity: low, remediation: R, expect: { none: x.y }, examples: [{ outcome: pass, facts: [] }, { outcome: fail, facts: [] }]${more} }\n`;

describe('a baseline', () => {
  test('of the right shape has no mistakes', async () => {
    expect(await mistakes('baseline', baseline(CONTROL))).toEqual([]);
  });
  test.each([
    ['a list', 'levels: high\n', ["4:1 'levels' needs 'defaultLevel' beside it", '4:9 levels: must be a list']],
    ['a mapping', 'controls: [a]\n', ['4:12 controls[0]: must be a mapping']],
    ['text', 'publisher: [a]\n', ['4:12 publisher: must be text']],
    ['text in quotes', 'publisher: 5\n', ['4:12 publisher: must be text (put it in quotes: "5")']],
    ['nothing empty', 'publisher: ""\n', ['4:12 publisher: must not be empty']],
  ])('%s is asked for', async (_, line, expected) => {
    const text = baseline(CONTROL, line.startsWith('controls') ? '' : line);
    expect(
      await mistakes('baseline', line.startsWith('controls') ? text.replace(/controls:[\s\S]*$/, line) : text),
    ).toEqual(expected);
  });
  test('a word that is not known stands at its key, with the nearest or with all that are', async () => {
    expect(await mistakes('baseline', baseline(CONTROL, 'publsher: A\n'))).toEqual([
      "4:1 'publsher' is not known here (did you mean 'publisher'?)",
    ]);
    const [far = ''] = await mistakes('baseline', baseline(CONTROL, 'zzzzzzzzzz: A\n'));
    expect(far).toMatch(/^4:1 'zzzzzzzzzz' is not known here \(known here: .*\bcontrols\b.*\)$/);
  });
  test('what stands wrong in two ways of one kind is told once', async () => {
    const told_ = await mistakes('baseline', baseline(CONTROL.replace('id: "1"', 'id: [1]')));
    expect(told_).toEqual([...new Set(told_)]);
    expect(told_.length).toBeGreaterThan(0);
  });
  test('an applicability that has none of its forms says so', async () => {
    const [one = ''] = await mistakes(
      'baseline',
      baseline(CONTROL.replace('text: X', 'text: X, applies: { none: [a] }')),
    );
    expect(one).toMatch(/^5:\d+ controls\[0\]\.applies/);
  });
  test('at most a hundred are told', async () => {
    const controls = Array.from({ length: 150 }, () => '  - { id: "1", titel: T }\n').join('');
    expect(
      (await mistakes('baseline', `id: std\nversion: "1"\ntitle: S\ncontrols:\n${controls}`)).length,
    ).toBeLessThanOrEqual(100);
  });
});

describe('checks', () => {
  test('of the right shape have no mistakes, and conditions are left to their own compiler', async () => {
    expect(await mistakes('checks', check(''))).toEqual([]);
    expect(await mistakes('checks', check(', appliesWhen: { nonsense: 3 }'))).toEqual([]);
    expect(await mistakes('checks', check('').replace('{ none: x.y }', '{ nonsense: 3 }'))).toEqual([]);
  });
  test('an id that is no id says what it should look like', async () => {
    const [one = ''] = await mistakes('checks', check('').replace('a/b', 'AB'));
    expect(one).toMatch(/^2:\d+ checks\[0\]\.id: does not look like \^/);
  });
  test('a severity that is none', async () => {
    expect(await mistakes('checks', check('').replace('severity: low', 'severity: lwo'))).toEqual([
      "2:36 checks[0].severity: must be one of critical, high, medium, low, info (did you mean 'low'?)",
    ]);
  });
  test('an empty list of examples', async () => {
    const [one = ''] = await mistakes('checks', check('').replace(/examples: \[.*\]/, 'examples: []'));
    expect(one).toMatch(/checks\[0\]\.examples: needs at least \d/);
  });
});

describe('waivers and declarations', () => {
  test('a kind that is none, a missing reason, a day that is none', async () => {
    const waiver = (more: string): string => `waivers:\n  - { control: a/1, approvedBy: B, ${more} }\n`;
    expect(await mistakes('waivers', waiver('kind: risk, reason: R, expires: 2030-01-01'))).toEqual([
      '2:42 waivers[0].kind: must be one of accepted-risk, false-positive',
    ]);
    expect(await mistakes('waivers', waiver('kind: accepted-risk, expires: 2030-01-01'))).toEqual([
      "2:5 waivers[0]: 'reason' is missing",
    ]);
    expect(await mistakes('waivers', waiver('kind: accepted-risk, reason: R, expires: soon'))).toContainEqual(
      expect.stringMatching(/^2:\d+ waivers\[0\]\.expires: the calendar has no day 'soon'$/),
    );
  });
  test('a truth that is none', async () => {
    const [one = ''] = await mistakes('declaration', 'updates: { signed: maybe }\n');
    expect(one).toBe('1:20 updates.signed: must be true or false');
  });
  test('a port that is none', async () => {
    const [one = ''] = await mistakes('declaration', 'listeners:\n  - { port: https, transport: tcp }\n');
    expect(one).toBe('2:13 listeners[0].port: must be a whole number');
    expect(await mistakes('declaration', 'listeners:\n  - { port: 70000, transport: tcp }\n')).toHaveLength(1);
  });
  test('what is no mapping at all', async () => {
    expect((await mistakes('declaration', '- a\n'))[0]).toBe('1:1 must be a mapping');
  });
});
