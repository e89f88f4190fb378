/** Proves the JUnit reporter: one suite for each baseline, one case for each control, outcomes where pipelines look for them. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { endingOf } from '../../../src/cli/exit-code.ts';
import type { Report } from '../../../src/core/model/report.ts';
import { junit } from '../../../src/plugins/reporters/junit.ts';
import { failingReport, hostileCharactersIn, hostileReport, mixedReport, WIDE } from '../../support/report.ts';

interface Case {
  readonly name: string;
  readonly failure?: { readonly message: string; readonly type: string; readonly '#text': string };
  readonly error?: { readonly message: string; readonly type: string };
  readonly skipped?: unknown;
  readonly 'system-out'?: string;
}
interface Suite {
  readonly name: string;
  readonly tests: string;
  readonly failures: string;
  readonly errors: string;
  readonly skipped: string;
  readonly testcase: readonly Case[];
}

const render = (report: Report): string => String(junit.render(report, WIDE));
function suitesOf(report: Report): readonly Suite[] {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    isArray: (name) => name === 'testcase' || name === 'testsuite',
  });
  return (parser.parse(render(report)) as { testsuites: { testsuite: readonly Suite[] } }).testsuites.testsuite;
}
const caseOf = (suite: Suite | undefined, id: string): Case | undefined =>
  suite?.testcase.find(({ name }) => name.startsWith(`${id} `));

test.each([
  ['failing', failingReport],
  ['mixed', mixedReport],
  ['hostile', hostileReport],
])('a %s report is well-formed, and its counts are those of its cases', (_, make) => {
  expect(XMLValidator.validate(render(make()))).toBe(true);
  for (const suite of suitesOf(make())) {
    const count = (member: keyof Case): string => String(suite.testcase.filter((one) => member in one).length);
    expect(suite.tests).toBe(String(suite.testcase.length));
    expect([suite.failures, suite.errors, suite.skipped]).toEqual([count('failure'), count('error'), count('skipped')]);
  }
});

test('every control of every baseline is a case, named by its id', () => {
  const names = suitesOf(failingReport())
    .slice(0, -1)
    .map(({ name, testcase }) => [name, testcase.map((one) => one.name.split(' ')[0])]);
  expect(names).toEqual(
    failingReport().assessments.map(({ baseline, controls }) => [
      `${baseline.id}@${baseline.version}${baseline.level === undefined ? '' : `:${baseline.level}`}`,
      controls.map(({ id }) => id),
    ]),
  );
});

test('a failure tells subject and remedy', () => {
  const one = caseOf(suitesOf(failingReport())[0], '4.1.1');
  expect(one?.failure?.type).toBe('mandatory');
  expect(one?.failure?.['#text']).toContain('insecure.bin!squashfs/etc/lighttpd/server.pem');
  expect(one?.failure?.['#text']).toContain('mend: Make the key at first boot');
});

test('what was tried and not seen is an error, what a person must settle is skipped, and neither is a pass', () => {
  const [suite] = suitesOf(failingReport());
  expect(caseOf(suitesOf(mixedReport())[1], '5.3-10')?.error?.type).toBe('not-seen');
  expect(caseOf(suite, '1.1.2')).toMatchObject({
    skipped: '',
    'system-out': expect.stringContaining('a person must look'),
  });
  for (const { controls } of failingReport().assessments) {
    const passes = controls.filter(({ outcome }) => outcome === 'pass').map(({ id }) => id);
    const quiet = suitesOf(failingReport())
      .slice(0, -1)
      .flatMap(({ testcase }) => testcase)
      .filter((one) => !('failure' in one || 'error' in one || 'skipped' in one));
    expect(quiet.map(({ name }) => name.split(' ')[0])).toEqual(expect.arrayContaining(passes));
    expect(quiet).toHaveLength(1);
  }
});

test('a case is red where the exit code is', () => {
  const red = (report: Report): boolean =>
    suitesOf(report).some(({ failures, errors }) => Number(failures) + Number(errors) > 0);
  const report = failingReport();
  const only = (
    wanted: Report['assessments'][number]['controls'][number],
    gaps: Report['coverage']['gaps'],
  ): Report => ({
    ...report,
    assessments: report.assessments.slice(0, 1).map((one) => ({ ...one, controls: [wanted] })),
    coverage: { ...report.coverage, gaps },
  });
  const failing = report.assessments.flatMap(({ controls }) => controls).find(({ outcome }) => outcome === 'fail');
  const gap = mixedReport().coverage.gaps.find(({ unseen }) => unseen.kind === 'timeout');
  if (failing === undefined || gap === undefined) throw new Error('the fixture lacks a failure or a gap');
  for (const obligation of ['mandatory', 'recommended', 'advisory'] as const) {
    for (const gaps of [[], [gap]]) {
      const made = only({ ...failing, obligation }, gaps);
      expect(red(made)).toBe(endingOf(made, { failOn: 'mandatory', strict: false }).code !== 0);
    }
  }
  // What was seen and could not be told leaves a control open for a gap, and no gap in the coverage.
  for (const obligation of ['mandatory', 'recommended'] as const) {
    for (const gaps of [[], [gap]]) {
      const made = only({ ...failing, obligation, outcome: 'inconclusive', reasons: ['gap'] }, gaps);
      const { code } = endingOf(made, { failOn: 'mandatory', strict: false });
      expect(code).toBe(obligation === 'mandatory' || gaps.length > 0 ? 3 : 0);
      expect(red(made)).toBe(code !== 0);
    }
  }
  const advised = caseOf(suitesOf(only({ ...failing, obligation: 'advisory' }, []))[0], failing.id);
  expect(advised?.['system-out']).toMatch(/^fail.*advisory/);
});

test('a waiver is skipped and says who, why and until when', () => {
  const one = caseOf(suitesOf(mixedReport())[0], '4.1.1');
  expect(one).toMatchObject({ skipped: '', 'system-out': expect.stringMatching(/until 2026-12-31 by Ada: replaced/) });
});

test('hostile text holds no control character and stays bounded', () => {
  const xml = render(hostileReport());
  expect(hostileCharactersIn(xml)).toEqual([]);
  expect(xml).not.toContain('<script>alert(1)</script>]]>]]>');
  expect(xml.length).toBeLessThan(2_000_000);
});

test('the same report gives the same bytes in every time zone', () => {
  expect(render(failingReport())).toBe(render(failingReport()));
  expect(render(failingReport())).not.toContain('timestamp=');
});
