/** What renderers ask of a report: who cites a check, what counts, where a subject lies, names that last. */
import { describe, expect, test } from 'vitest';
import type { CheckReport, ControlReport, Report, Result } from '../../../src/core/model/report.ts';
import type { Subject } from '../../../src/core/model/target.ts';
import {
  baselineName,
  byCheck,
  citationPhrase,
  citationsOf,
  excerptOf,
  factsById,
  findingsOf,
  flagWords,
  gravestObligation,
  lastingName,
  MARK_WORDS,
  placeOf,
  reasonWords,
  resultLine,
  unitsOf,
} from '../../../src/core/model/telling.ts';
import { aFact, endpoint } from '../../support/facts.ts';

const control = (id: string, more: Partial<ControlReport> & { readonly cites: readonly string[] }): ControlReport => {
  const { cites, ...rest } = more;
  return {
    id,
    title: `Title ${id}`,
    obligation: 'mandatory',
    outcome: 'fail',
    reasons: [],
    basis: [],
    units: [{ id: `${id}-a`, mark: 'refute', outcome: 'fail', reasons: [], checks: cites }],
    ...rest,
  };
};
const result = (
  outcome: Result['outcome'],
  subject: Subject = { kind: 'target' },
  facts: readonly string[] = [],
): Result => ({
  subject,
  outcome,
  message: `${outcome} it is`,
  reasons: [],
  facts,
});
const check = (key: string, severity: CheckReport['severity'], results: readonly Result[]): CheckReport =>
  ({ key, id: key, severity, results }) as unknown as CheckReport;

const report = {
  assessments: [
    {
      baseline: { id: 'one', version: '1', title: 'One', level: 'high' },
      controls: [
        control('1', { cites: ['a', 'b'] }),
        control('2', { cites: ['a'], obligation: 'recommended' }),
        control('3', { cites: ['c'], outcome: 'not-applicable' }),
        control('4', { cites: ['c'], draft: true }),
      ],
    },
    {
      baseline: { id: 'two', version: '2', title: 'Two' },
      controls: [control('9', { cites: ['a', 'b'], obligation: 'advisory' })],
    },
  ],
  checks: [
    check('a', 'low', [result('fail'), result('pass'), result('fail')]),
    check('b', 'critical', [result('fail')]),
    check('b2', 'critical', [result('fail')]),
    check('c', 'critical', [result('fail')]),
  ],
  facts: [aFact('x', {})],
} as unknown as Report;

describe('citations', () => {
  test('name baseline, control and unit; what does not apply and drafts cite nothing', () => {
    const found = citationsOf(report);
    expect([...found.keys()]).toEqual(['a', 'b']);
    expect(found.get('a')?.map(({ baseline, control: id, unit, mark }) => [baseline, id, unit, mark])).toEqual([
      ['one@1:high', '1', '1-a', 'refute'],
      ['one@1:high', '2', '2-a', 'refute'],
      ['two@2', '9', '9-a', 'refute'],
    ]);
    expect(found.get('b')?.[0]).toMatchObject({ title: 'Title 1', obligation: 'mandatory', outcome: 'fail' });
    expect(citationPhrase(found.get('a') ?? [])).toBe('one 1 2, two 9');
    expect(citationPhrase([...(found.get('b') ?? []), ...(found.get('b') ?? [])])).toBe('one 1, two 9');
    expect(citationPhrase([])).toBe('');
  });

  test('units come with what they belong to', () => {
    expect(
      [...unitsOf(report)].map((one) => `${baselineName(one.assessment)} ${one.control.id} ${one.unit.id}`),
    ).toEqual(['one@1:high 1 1-a', 'one@1:high 2 2-a', 'one@1:high 3 3-a', 'one@1:high 4 4-a', 'two@2 9 9-a']);
  });

  test('the gravest obligation counts', () => {
    const of = (...list: readonly ControlReport['obligation'][]) =>
      gravestObligation(list.map((obligation) => ({ obligation })));
    expect(of('advisory', 'recommended', 'mandatory')).toBe('mandatory');
    expect(of('advisory', 'recommended')).toBe('recommended');
    expect(of('advisory')).toBe('advisory');
    expect(of()).toBe('advisory');
  });
});

test('findings come by severity then key, of the outcome asked for, and only where a control rests on them', () => {
  const found = findingsOf(report, 'fail');
  expect(found.map(({ check: { key }, obligation }) => [key, obligation])).toEqual([
    ['b', 'mandatory'],
    ['a', 'mandatory'],
    ['a', 'mandatory'],
  ]);
  expect(found[0]?.citations).toHaveLength(2);
  expect(findingsOf(report, 'pass').map(({ check: { key } }) => key)).toEqual(['a']);
  expect(findingsOf(report, 'error')).toEqual([]);
  const same = {
    ...report,
    checks: [...report.checks].reverse().map((one) => ({ ...one, severity: 'info' as const })),
  };
  expect(findingsOf(same, 'fail').map(({ check: { key } }) => key)).toEqual(['a', 'a', 'b']);
});

test('findings of one check come together, where the first of them stands', () => {
  const found = findingsOf(report, 'fail');
  const mixed = [found[1], found[0], found[2]].filter((one) => one !== undefined);
  expect(byCheck(mixed).map(({ check: { key }, list }) => [key, list])).toEqual([
    ['a', [found[1], found[2]]],
    ['b', [found[0]]],
  ]);
  expect(byCheck([])).toEqual([]);
});

test('severities stand in their order', () => {
  const grades = ['info', 'low', 'medium', 'high', 'critical'] as const;
  const graded = {
    ...report,
    assessments: [{ baseline: { id: 'one', version: '1', title: 'One' }, controls: [control('1', { cites: grades })] }],
    checks: grades.map((grade) => check(grade, grade, [result('fail')])),
  } as unknown as Report;
  expect(findingsOf(graded, 'fail').map(({ check: { key } }) => key)).toEqual([...grades].reverse());
});

test('an option is told with what it takes, marks and reasons in words', () => {
  expect(
    ['--declaration', '--device', '--firmware', '--update', '--update-url', '--key', '--credentials'].map(flagWords),
  ).toEqual([
    '--declaration FILE',
    '--device HOST',
    '--firmware FILE',
    '--update FILE',
    '--update-url URL',
    '--key FILE',
    '--credentials',
  ]);
  expect(MARK_WORDS).toEqual({
    decide: 'checks decide it',
    refute: 'checks can only fail it',
    person: 'for a person',
  });
  expect(reasonWords(['gap', 'not-given', 'unattested', 'unrefuted'])).toBe(
    'could not be seen, something was not given, a person must look, nothing found against it',
  );
  expect(reasonWords([])).toBe('');
});

describe('an excerpt of evidence', () => {
  const piece = (bytes: Uint8Array | string, more: { readonly size?: number; readonly offset?: number } = {}) => {
    const held = Buffer.from(bytes);
    return excerptOf({ sha256: 'a', mediaType: 't', size: held.length, ...more, excerpt: held.toString('base64') });
  };
  test('text stands as harmless lines, beside its bytes in hex', () => {
    expect(piece('root:x\r\n\tdaemon\n')).toEqual({
      text: ['root:x', '  daemon'],
      hex: ['00000000  72 6f 6f 74 3a 78 0d 0a  09 64 61 65 6d 6f 6e 0a  |root:x...daemon.|'],
      bytes: 16,
      cut: false,
    });
    expect(piece('one\ntwo')?.text).toEqual(['one', 'two']);
    expect(piece('one\n\ntwo\n')?.text).toEqual(['one', '', 'two']);
    expect(piece('a\u202eb')?.text).toEqual(['a\\u202eb']);
  });
  test('bytes that are no text stand in hex alone, from their offset', () => {
    expect(piece(Uint8Array.of(0, 255), { offset: 0x40 })).toMatchObject({
      text: [],
      hex: [expect.stringMatching(/^00000040 {2}00 ff /)],
      bytes: 2,
    });
  });
  test('what is not all of it is cut, and no more than 256 bytes are shown', () => {
    expect(piece('abc', { size: 4 })).toMatchObject({ bytes: 3, cut: true });
    expect(piece('x'.repeat(300))).toMatchObject({ bytes: 256, cut: true, text: ['x'.repeat(256)] });
    expect(piece('x'.repeat(256))).toMatchObject({ bytes: 256, cut: false });
  });
  test('there is none where none was kept', () => {
    expect(excerptOf({ sha256: 'a', mediaType: 't', size: 3 })).toBeUndefined();
  });
});

test('a line names its subject, is harmless and no longer than asked', () => {
  expect(resultLine(result('fail'))).toBe('fail it is');
  expect(resultLine(result('fail', endpoint(22)))).toBe('192.0.2.1:22/tcp: fail it is');
  expect(resultLine(result('fail', { kind: 'file', path: 'a\u001b[31m' }))).toBe('a\\x1b[31m: fail it is');
  expect(resultLine(result('fail'), 4)).toBe('fail…');
});

describe('places', () => {
  const place = (...wheres: readonly (string | undefined)[]) => {
    const facts = wheres.map((where) => ({ ...aFact('x', {}), ...(where === undefined ? {} : { where }) }));
    const ids = facts.map(({ id }) => id);
    return placeOf(result('fail', { kind: 'target' }, ['gone', ...ids]), new Map(facts.map((fact) => [fact.id, fact])));
  };
  test.each([
    [['line 3'], { line: 3 }],
    [['line 12 of the file'], { line: 12 }],
    [['offset 0x40'], { offset: 64 }],
    [['offset 64'], { offset: 64 }],
    [[undefined, 'line 9', 'line 4'], { line: 9 }],
    [['line 0', 'offset 0'], { offset: 0 }],
    [['in line 3'], {}],
    [['line 3rd'], {}],
    [['at offset 64'], {}],
    [['offset 0xzz'], {}],
    [['line 1234567890'], {}],
    [[], {}],
  ])('%j lie at %j', (wheres, expected) => {
    expect(place(...wheres)).toEqual(expected);
  });
  test('facts are found by their id', () => {
    expect([...factsById(report).keys()]).toEqual(report.facts.map(({ id }) => id));
  });
});

describe('names that last from release to release', () => {
  const names: readonly [Subject, string][] = [
    [{ kind: 'file', path: 'fw-1.2.bin!squashfs/etc/shadow' }, '!squashfs/etc/shadow'],
    [{ kind: 'file', path: 'fw-1.2.bin!uimage!squashfs/etc/passwd#12' }, '!uimage!squashfs/etc/passwd'],
    [{ kind: 'file', path: 'tree/etc/a!b' }, 'tree/etc/a!b'],
    [{ kind: 'file', path: '/etc/x#1/y' }, '/etc/x#1/y'],
    [{ kind: 'image', image: 'fw-1.2.bin' }, 'image'],
    [{ kind: 'region', image: 'fw-1.2.bin', start: 0, end: 1 }, 'image'],
    [{ kind: 'update', update: 'fw-1.2.raucb' }, 'update'],
    [endpoint(22), '192.0.2.1:22/tcp'],
  ];
  test.each(names)('%j is %s', (subject, name) => {
    expect(lastingName(subject)).toBe(name);
  });
});
