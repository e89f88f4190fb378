/** Proves the TS 103 701 skeleton and the PSTI draft: verdicts as judged, every unit there, nothing invented, hostile text inert. */
import { expect, test } from 'vitest';
import type { Report } from '../../../src/core/model/report.ts';
import { UsageError } from '../../../src/lib/fault.ts';
import { psti } from '../../../src/plugins/exporters/psti/statement.ts';
import { skeleton } from '../../../src/plugins/exporters/ts-103-701/skeleton.ts';
import { dossierOf } from '../../support/exporting.ts';
import { failingReport, hostileCharactersIn, hostileReport, mixedReport, WIDE } from '../../support/report.ts';

const skeletonOf = async (report: Report): Promise<string> => String(skeleton.render(await dossierOf(report), WIDE));
const statementOf = async (report: Report, declaration?: object): Promise<string> =>
  String(
    psti.render(await dossierOf(report, declaration === undefined ? {} : { declaration: { ...declaration } }), WIDE),
  );

test('every test group, case and unit that was judged stands in the report with its verdict', async () => {
  const report = failingReport();
  const page = await skeletonOf(report);
  const controls = report.assessments.find(({ baseline }) => baseline.id === 'etsi-en-303-645')?.controls ?? [];
  expect(controls.length).toBeGreaterThan(3);
  const words = { pass: 'PASS', fail: 'FAIL', inconclusive: 'INCONCLUSIVE' } as { [outcome: string]: string };
  for (const control of controls) {
    expect(page).toContain(`### Test group ${control.id}: `);
    for (const unit of control.units) {
      expect(page).toContain(`| ${unit.id} | ${words[unit.outcome]} |`);
      expect(page).toContain(`#### Test case ${unit.id} (`);
    }
  }
  expect(page).toContain('by TS 103 701 V2.1.1 (2025-05)');
  expect(page).toMatch(/\((conceptual|functional)\): FAIL/);
});

test('the units of edition 2.1.1 are told under their case, which passes only when all do', async () => {
  const report = failingReport();
  const unit = (id: string, outcome: 'pass' | 'inconclusive') =>
    ({
      id,
      title: 'Assessment on the device',
      mark: 'decide',
      outcome,
      reasons: [],
      checks: [],
      work: 'Look.',
    }) as const;
  const of = (last: 'pass' | 'inconclusive'): Report => ({
    ...report,
    assessments: report.assessments.map((one) => ({
      ...one,
      baseline: { ...one.baseline, version: one.baseline.id === 'etsi-en-303-645' ? '2.1.1' : one.baseline.version },
      controls: one.controls
        .slice(0, 1)
        .map((control) => ({ ...control, units: [unit('5.5-1-2a', 'pass'), unit('5.5-1-2b', last)] })),
    })),
  });
  expect(await skeletonOf(of('inconclusive'))).toContain('#### Test case 5.5-1-2 (functional): INCONCLUSIVE');
  expect(await skeletonOf(of('pass'))).toContain('#### Test case 5.5-1-2 (functional): PASS');
});

test('a waiver is no verdict of a test', async () => {
  const report = mixedReport();
  const waiver = { reason: 'later', approvedBy: 'Ada', expires: '2026-12-31', instead: 'fail' } as const;
  const assessments = report.assessments.map((one) => ({
    ...one,
    controls: one.controls.map((control) => ({ ...control, outcome: 'waived' as const, waiver })),
  }));
  expect(await skeletonOf({ ...report, assessments })).toContain(
    'INCONCLUSIVE (a waiver of Ada until 2026-12-31 is no verdict; else fail)',
  );
});

test('what nobody gave is missing in both, and no declaration is worded above an open requirement', async () => {
  expect(await skeletonOf(failingReport())).toContain('| Test laboratory | *missing* |');
  const page = await statementOf(failingReport());
  for (const field of ['Product: batch', 'Manufacturer: name', 'Manufacturer: address', 'Signature', 'Date of issue'])
    expect(page).toContain(`| ${field} | **MISSING** |`);
  expect(page).toMatch(/## Declaration of compliance\n\n\*\*MISSING\*\*: these fail: PSTI-1\./);
  expect(page).not.toContain('speaks against it');
});

test('what the declaration says stands in the statement', async () => {
  const report = failingReport();
  const named = { ...report, target: { ...report.target, product: { maker: 'Demo Ltd', model: 'Cam' } } };
  const page = await statementOf(named, { support: { until: '2031-12-31' } });
  expect(page).toContain('| Manufacturer: name | Demo Ltd |');
  expect(page).toContain('first supplied | until 2031-12-31; the length: **MISSING** |');
});

test('without their baseline both say so', async () => {
  const dossier = await dossierOf({ ...failingReport(), assessments: [] });
  expect(() => skeleton.render(dossier, WIDE)).toThrow(UsageError);
  expect(() => psti.render(dossier, WIDE)).toThrow(UsageError);
});

test('hostile text is inert and bounded in both', async () => {
  for (const page of [await skeletonOf(hostileReport()), await statementOf(hostileReport())]) {
    expect(hostileCharactersIn(page)).toEqual([]);
    expect(page).not.toMatch(/<script|<img|\]\(javascript/);
    expect(page.length).toBeLessThan(400_000);
  }
});

test('the same dossier gives the same bytes', async () => {
  expect(await skeletonOf(mixedReport())).toBe(await skeletonOf(mixedReport()));
  expect(await statementOf(mixedReport())).toBe(await statementOf(mixedReport()));
});
