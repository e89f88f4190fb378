/** Proves the formats of pipelines (CSV, GitLab, GitHub, Markdown): their shape, and that foreign text in them is text alone. */
import { describe, expect, test } from 'vitest';
import type { Reporter } from '../../../src/core/model/renderer.ts';
import type { Report } from '../../../src/core/model/report.ts';
import { csv } from '../../../src/plugins/reporters/csv.ts';
import { github } from '../../../src/plugins/reporters/github.ts';
import { gitlab } from '../../../src/plugins/reporters/gitlab.ts';
import { markdown } from '../../../src/plugins/reporters/markdown.ts';
import { failingReport, hostileCharactersIn, hostileReport, mixedReport, WIDE } from '../../support/report.ts';

const render = (reporter: Reporter, report: Report): string => String(reporter.render(report, WIDE));

describe.each([csv, github, gitlab, markdown])('$id', (reporter) => {
  test('hostile text leaves no control character and no megabyte', () => {
    const text = render(reporter, hostileReport());
    expect(hostileCharactersIn(text.replaceAll('\r\n', '\n'))).toEqual([]);
    expect(text.length).toBeLessThan(1_000_000);
  });

  test('the same report gives the same bytes', () => {
    expect(render(reporter, mixedReport())).toBe(render(reporter, mixedReport()));
  });
});

/** RFC 4180, read by a reader of our own: rows of cells. */
function cellsOf(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, cell = '', end = ''] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

describe('CSV', () => {
  test('every row has as many cells as the head, and every unit has a row', () => {
    const [head = [], ...rows] = cellsOf(render(csv, hostileReport()));
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([head.length]));
    for (const { baseline, controls } of failingReport().assessments) {
      for (const control of controls) {
        for (const unit of control.units) {
          expect(rows.some((row) => row[0] === baseline.id && row[3] === control.id && row[8] === unit.id)).toBe(true);
        }
      }
    }
  });

  test('no cell is a formula to a spreadsheet', () => {
    const formulas = cellsOf(render(csv, hostileReport()))
      .flat()
      .filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell));
    expect(formulas).toEqual([]);
    expect(render(csv, hostileReport())).toContain("'=cmd|");
  });
});

interface Issue {
  readonly description: string;
  readonly check_name: string;
  readonly fingerprint: string;
  readonly severity: string;
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
}

describe('GitLab', () => {
  const issues = (report: Report): readonly Issue[] => JSON.parse(render(gitlab, report)) as Issue[];

  test('what fails is listed with everything that GitLab demands, once', () => {
    const list = issues(failingReport());
    const failing = failingReport().checks.flatMap((check) =>
      check.results.filter(({ outcome }) => outcome === 'fail'),
    );
    expect(list).toHaveLength(failing.length);
    expect(new Set(list.map(({ fingerprint }) => fingerprint)).size).toBe(list.length);
    for (const issue of list) {
      expect(['info', 'minor', 'major', 'critical', 'blocker']).toContain(issue.severity);
      expect(issue.location.lines.begin).toBeGreaterThan(0);
      expect(issue.location.path).not.toBe('');
    }
  });

  test('what is waived is not listed', () => {
    const waived = issues(mixedReport()).filter(({ check_name }) => check_name === 'keys/no-private-key');
    expect(waived).toEqual([]);
    expect(issues(failingReport()).some(({ check_name }) => check_name === 'keys/no-private-key')).toBe(true);
  });
});

describe('GitHub', () => {
  test('every line is one command, and foreign text makes none', () => {
    for (const line of render(github, hostileReport()).trimEnd().split('\n')) {
      expect(line).toMatch(/^::(error|warning|notice) title=[^:]*::[^\r\n]*$/);
    }
    expect(render(github, hostileReport())).not.toMatch(/^::error::owned/m);
  });

  test('a failure is annotated at its line, and each baseline has its verdict', () => {
    const text = render(github, failingReport());
    expect(text).toContain('file=insecure.bin!squashfs/etc/shadow,line=1::');
    expect(text).toMatch(/^::notice title=uk-psti@2023::fail: mandatory 1 fail, 0 pass, 1 open$/m);
  });

  test('a check has one annotation, however many subjects fail it', () => {
    const report = failingReport();
    const many: Report = {
      ...report,
      checks: report.checks.map((check) => ({
        ...check,
        results: check.results.flatMap((one) => (one.outcome === 'fail' ? [one, one, one] : [one])),
      })),
    };
    const annotations = (one: Report): number => render(github, one).match(/^::(error|warning) /gm)?.length ?? 0;
    expect(annotations(many)).toBe(annotations(report));
    expect(render(github, many)).toContain(' (and 2 more) (');
  });

  test('a waiver that no longer does anything is a warning, one that is used is none', () => {
    const waiver = {
      control: 'uk-psti/PSTI-1',
      kind: 'accepted-risk',
      reason: 'x',
      approvedBy: 'y',
      expires: '2025-01-31',
    } as const;
    const text = render(github, {
      ...failingReport(),
      waivers: (['used', 'expired', 'unused'] as const).map((state) => ({ waiver, state })),
    });
    expect(text.match(/^::warning title=waiver [^\n]*/gm)).toEqual([
      '::warning title=waiver expired::uk-psti/PSTI-1: until 2025-01-31, by y: x',
      '::warning title=waiver unused::uk-psti/PSTI-1: until 2025-01-31, by y: x',
    ]);
  });

  test('a gap is a warning', () => {
    expect(render(github, mixedReport())).toMatch(/^::warning title=2 things tried and not seen::.*no answer in 3 s/m);
  });
});

describe('Markdown', () => {
  test('no foreign character is markup, link, mention or HTML', () => {
    const text = render(markdown, hostileReport());
    expect(text).not.toMatch(/<(?!br>|\/?details>|\/?summary>|\/?sub>)/);
    expect(text).not.toMatch(/\]\(|@everyone|`|\{\{/);
    for (const line of text.split('\n').filter((one) => one.startsWith('| '))) {
      expect([6, 8]).toContain(line.split('|').length - 1);
    }
  });

  test('the verdict comes first and every failing check is a row', () => {
    const text = render(markdown, failingReport());
    expect(text).toMatch(/^## ❌ fail: insecure\.bin\n/);
    const failing = failingReport().checks.filter(({ outcome }) => outcome === 'fail');
    for (const check of failing) expect(text).toContain(`| ${check.severity} | ${check.title} |`);
    expect(text).toContain(`### What fails (${failing.length})`);
  });

  test('what was tried and not seen is told', () => {
    expect(render(markdown, mixedReport())).toContain('no answer in 3 s');
  });
});
