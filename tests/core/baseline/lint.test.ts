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
