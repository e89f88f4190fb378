/** What lint tells of mistakes in checks, baselines and waivers, each at its place. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lintDocument } from '../../../src/core/baseline/lint.ts';
import { aLibrary, blocksOf, told, yaml } from '../../support/library.ts';

interface Parts {
  readonly expect?: string;
  readonly appliesWhen?: string;
  readonly params?: string;
  readonly title?: string;
  readonly examples?: readonly string[];
}
const PASS = '{ outcome: pass, facts: [{ tls.protocol: { version: TLSv1.2, accepted: true } }] }';
const FAIL = '{ outcome: fail, facts: [{ tls.protocol: { version: TLSv1, accepted: true } }] }';

/** One check; its expectation stands on line 5, its examples from line 9 on. */
const check = (parts: Parts): string => `checks:
  - id: a/b
    title: ${parts.title ?? 'T'}
    severity: low
    expect: ${parts.expect ?? '{ every: tls.protocol, where: { accepted: true }, satisfies: { version: { tlsAtLeast: TLSv1.2 } } }'}
    remediation: R
    params: ${parts.params ?? '{}'}
    examples:
${(parts.examples ?? [PASS, FAIL]).map((one) => `      - ${one}\n`).join('')}${parts.appliesWhen === undefined ? '' : `    appliesWhen: ${parts.appliesWhen}\n`}`;

const lint = async (text: string): Promise<{ problems: readonly string[]; notes: readonly string[] }> => {
  const { problems, notes } = await lintDocument(await yaml(text), await aLibrary({}));
  return { problems: problems.map(told), notes: notes.map(told) };
};

describe('a check', () => {
  test('without mistakes has none', async () => {
    expect(await lint(check({}))).toEqual({ problems: [], notes: [] });
  });

  const cases: readonly [string, Parts, string][] = [
    [
      'an unknown fact',
      { expect: '{ none: tls.protcol }' },
      "5:21 there is no fact 'tls.protcol' (did you mean 'tls.protocol'?)",
    ],
    [
      'an unknown member',
      { expect: '{ none: tls.protocol, where: { acepted: true } }' },
      "5:44 the fact has no member 'acepted' (did you mean 'accepted'?)",
    ],
    [
      'an unknown keyword',
      { expect: '{ none: tls.protocol, where: { version: { tlsAtleast: TLSv1 } } }' },
      "5:55 'tlsAtleast' is no keyword of conditions (did you mean 'tlsAtLeast'?)",
    ],
    [
      'an unknown parameter',
      { expect: '{ none: tls.protocol, where: { accepted: { $param: flor } } }', params: '{ floor: true }' },
      "there is no parameter 'flor' (did you mean 'floor'?)",
    ],
    ['an idle parameter', { params: '{ floor: TLSv1 }' }, "7:15 parameter 'floor' is not used by any condition"],
    [
      'a placeholder of no parameter',
      { title: 'T {flor}', params: '{ floor: TLSv1 }' },
      "'{flor}' is no parameter of this check (parameters: floor)",
    ],
    [
      'a condition that can never fail',
      { expect: '{ none: tls.protocol, where: { accepted: { not: [true, false] } } }' },
      "5:13 check 'a/b' can never fail",
    ],
    [
      'a condition that can never pass',
      { expect: '{ some: tls.protocol, where: { accepted: { not: [true, false] } } }' },
      "5:13 check 'a/b' can never pass",
    ],
    ['a count without a bound', { expect: '{ count: tls.protocol, min: 0 }' }, "5:13 check 'a/b' can never fail"],
    [
      'an example that does not hold',
      { examples: [PASS, FAIL.replace('fail', 'pass'), FAIL] },
      '10:20 the example should be pass, and the check says fail',
    ],
    [
      'an example with an unknown fact',
      { examples: [PASS, FAIL, '{ outcome: pass, facts: [{ tls.protcol: {} }] }'] },
      "there is no fact 'tls.protcol' (did you mean 'tls.protocol'?)",
    ],
    [
      'an example with an impossible value',
      { examples: [PASS, FAIL, '{ outcome: pass, facts: [{ tls.protocol: { version: TLS } }] }'] },
      '"TLS" is not a value of \'version\'',
    ],
    ['no failing example', { examples: [PASS, PASS] }, "8:5 check 'a/b' has no fail example"],
    [
      'a pass that needs no sight',
      { expect: '{ any: [{ count: tls.group, max: 5, min: 0 }, { count: tls.protocol, min: 0 }] }' },
      'with nothing seen the check must be inconclusive, and it says pass',
    ],
  ];
  test.each(cases)('%s is told', async (_, parts, message) => {
    expect((await lint(check(parts))).problems).toContainEqual(expect.stringContaining(message));
  });

  test('a none over attempts without appliesWhen is noted', async () => {
    const parts = {
      expect: '{ none: login.default, where: { accepted: true } }',
      examples: [
        '{ outcome: pass, facts: [{ login.surface: {} }] }',
        '{ outcome: fail, facts: [{ login.surface: {} }, { login.default: { accepted: true } }] }',
      ],
    };
    expect((await lint(check(parts))).notes[0]).toContain('passes where nothing was tried');
    expect(await lint(check({ ...parts, appliesWhen: '{ some: login.surface }' }))).toEqual({
      problems: [],
      notes: [],
    });
  });

  test('the examples of the how-to are without mistakes', async () => {
    const [text = ''] = blocksOf(readFileSync('docs/writing-a-check.md', 'utf8'));
    expect(await lint(text)).toEqual({ problems: [], notes: [] });
  });
});

test('a control without units is a mistake', async () => {
  const text =
    'id: a\nversion: "1"\ntitle: T\ncontrols:\n  - { id: "1", title: T, text: X, obligation: mandatory, units: [] }\n';
  expect((await lint(text)).problems).toEqual(['5:65 controls[0].units: needs at least 1']);
});

test('a waiver without subject is noted', async () => {
  const text = 'waivers:\n  - { control: a/1, kind: accepted-risk, reason: R, approvedBy: B, expires: 2030-01-01 }\n';
  expect((await lint(text)).notes[0]).toBe('2:5 the waiver of a/1 names no subject: it covers everything');
});

describe('what other documents name', () => {
  const std = `id: std
version: "1"
title: Standard
controls:
  - { id: "1", title: T, text: X, obligation: mandatory, applies: { all: [radio, { not: battery }] }, units: [{ id: 1-a, mark: person, work: Look. }] }
`;
  const tables = `tables:
  - number: 1
    names: { old: 11-OldMech, new: 11-NewMech }
    fields:
      - { name: ID, editions: [old, new] }
      - { name: Reason, editions: [new] }
`;
  const lintBeside = async (text: string): Promise<{ problems: readonly string[]; notes: readonly string[] }> => {
    const library = await aLibrary({
      checks: [check({})],
      baselines: [std, std.replace('id: std', 'id: etsi-en-303-645')],
      knowledge: { 'ixit-tables': tables },
    });
    const { problems, notes } = await lintDocument(await yaml(text), library);
    return { problems: problems.map(told), notes: notes.map(told) };
  };

  test('a waiver that has expired is told as that, on the day after its last', async () => {
    const text = `waivers:
  - { control: std/1, kind: accepted-risk, reason: R, approvedBy: B, expires: 2030-01-01 }
`;
    const library = await aLibrary({ checks: [check({})], baselines: [std] });
    const notesOn = async (day: string) => (await lintDocument(await yaml(text), library, day)).notes.map(told);
    expect(await notesOn('2030-01-01')).toEqual(['2:5 the waiver of std/1 names no subject: it covers everything']);
    expect(await notesOn('2030-01-02')).toEqual(['2:79 the waiver of std/1 expired on 2030-01-01: it covers nothing']);
  });
  test('a waiver of a control, check or baseline that there is not', async () => {
    const waiver = (control: string, more = ''): string =>
      `  - { control: ${control}, subject: x, kind: accepted-risk, reason: R, approvedBy: B, expires: 2030-01-01${more} }\n`;
    const text = `waivers:\n${waiver('std/1')}${waiver('std/2')}${waiver('stb/1')}${waiver('std/1', ', check: "a/c{c=d}"')}`;
    expect(await lintBeside(text)).toEqual({
      problems: ["3:16 no edition has a control 'std/2' (did you mean 'std/1'?)"],
      notes: [
        "4:16 no shipped baseline is called 'stb' (did you mean 'std'?)",
        "5:110 no shipped check is called 'a/c' (did you mean 'a/b'?)",
      ],
    });
  });

  test('a control that is deemed by one that there is not, and a feature that nobody knows', async () => {
    const control = (id: string, more: string): string =>
      `  - { id: "${id}", title: T, text: X, obligation: mandatory, units: [{ id: a, mark: refute, checks: [a/b] }], ${more} }\n`;
    const text = `id: ours\nversion: "1"\ntitle: T\ncontrols:\n${control('1', 'deemedBy: [std/1, std/9, ours/2, ours/3, other/1], applies: { any: [radio, raido] }')}${control('2', 'applies: { not: battery }')}`;
    const { problems, notes } = await lintBeside(text);
    expect(problems.map((one) => one.replace(/^\S+ /, ''))).toEqual([
      "there is no control 'std/9' (did you mean 'std/1'?)",
      "there is no control 'ours/3' (did you mean 'ours/1'?)",
    ]);
    expect(notes.map((one) => one.replace(/^\S+ /, ''))).toEqual([
      "unit 'a' can only be refuted by its checks, and says no work for a person",
      "no shipped baseline knows the feature 'raido' (did you mean 'radio'?)",
      "unit 'a' can only be refuted by its checks, and says no work for a person",
    ]);
  });

  test('what a row leaves empty is told by the edition that it fills best', async () => {
    const both = `tables:
  - number: 2
    names: { old: 2-Same, new: 2-Same }
    fields:
      - { name: ID, editions: [old, new] }
      - { name: First, editions: [old] }
      - { name: Second, editions: [old, new] }
      - { name: Third, editions: [new] }
      - { name: Fourth, editions: [new] }
`;
    const library = await aLibrary({ knowledge: { 'ixit-tables': both } });
    const notesOf = async (row: string) =>
      (await lintDocument(await yaml(`ixit:\n  2-Same:\n    - { ${row} }\n`), library)).notes.map(told);
    expect(await notesOf('ID: A, First: x, Second: y')).toEqual([]);
    expect(await notesOf('ID: A, Second: y, Third: z, Fourth: z')).toEqual([]);
    expect(await notesOf('ID: A, First: "", Second: y')).toEqual(['3:7 without an answer in 2-Same: First']);
    expect(await notesOf('ID: A, First: ~, Second: []')).toEqual(['3:7 without an answer in 2-Same: First, Second']);
    expect(await notesOf('ID: A, First: 0, Second: false')).toEqual([]);
    expect(await notesOf('ID: A, Third: z')).toEqual(['3:7 without an answer in 2-Same: First, Second']);
  });

  test('without tables of the IXIT every one is unknown, and what is no list or row has nothing to tell', async () => {
    const library = await aLibrary({});
    const lintOf = async (text: string) => (await lintDocument(await yaml(text), library)).problems.map(told);
    expect(await lintOf('ixit:\n  1-Any: []\n')).toEqual(["2:3 there is no IXIT table '1-Any'"]);
    expect(await lintOf('features: {}\n')).toEqual([]);
  });

  test('tables, fields, provisions, units and features of a declaration', async () => {
    const text = `features: { radio: true, battry: true }
ics:
  - { provision: "1", support: "Y" }
  - { provision: "2", support: "Y" }
  - { provision: "1", support: "N" }
ixit:
  11-NewMech:
    - { ID: A, Reason: because }
    - { ID: B }
    - { ID: C, Raeson: because, Reason: [] }
  11-NweMech: []
  11-OldMech:
    - { ID: D }
attestations:
  std/1/1-a: { verdict: pass, by: A, on: 2026-01-01 }
  std/1/1-b: { verdict: pass, by: A, on: 2026-01-01 }
  ours/1/1-a: { verdict: pass, by: A, on: 2026-01-01 }
`;
    expect(await lintBeside(text)).toEqual({
      problems: [
        "4:18 there is no provision '2'",
        "5:18 provision '1' is answered twice",
        "10:16 table 11-NewMech has no field 'Raeson' (did you mean 'Reason'?)",
        "11:3 there is no IXIT table '11-NweMech' (did you mean '11-NewMech'?)",
        "16:3 no edition has a unit 'std/1/1-b' (did you mean 'std/1/1-a'?)",
      ],
      notes: [
        "1:26 no shipped baseline asks for 'battry' (did you mean 'battery'?)",
        '9:7 without an answer in 11-NewMech: Reason',
        '10:7 without an answer in 11-NewMech: Reason',
        "17:3 no shipped baseline has a unit 'ours/1/1-a'",
      ],
    });
  });
});
