/** Proves the HTML reporter: one file that loads nothing, runs only its own script, tells every control, and keeps foreign text inert. */
import { createHash } from 'node:crypto';
import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/core/model/report.ts';
import { page } from '../../../src/plugins/reporters/html/page.ts';
import { failingReport, hostileCharactersIn, hostileReport, mixedReport, WIDE } from '../../support/report.ts';

const render = (report: Report): string => String(page.render(report, WIDE));

describe.each([
  ['failing', failingReport],
  ['mixed', mixedReport],
  ['hostile', hostileReport],
])('the page of a %s report', (_, make) => {
  const document = load(render(make()));

  test('allows its own style and script by digest, and no other source', () => {
    const policy = document('meta[http-equiv="Content-Security-Policy"]').attr('content') ?? '';
    const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src ${digest(document('script').text())};`);
    expect(policy).toContain(`style-src ${digest(document('style').text())};`);
    expect(policy).not.toContain('unsafe');
  });

  test('holds one script, no handler, no foreign link and nothing to load', () => {
    expect(document('script')).toHaveLength(1);
    expect(document('img, iframe, object, embed, link, form, [src], [style]')).toHaveLength(0);
    const attributes = document('*')
      .toArray()
      .flatMap((element) => ('attribs' in element ? Object.keys(element.attribs) : []));
    expect(attributes.filter((name) => name.startsWith('on'))).toEqual([]);
    document('a').each((__, link) => expect(document(link).attr('href')).toMatch(/^#/));
  });

  test('has one main heading, labelled fields, unique ids, and every link an end', () => {
    expect(document('h1')).toHaveLength(1);
    document('input, select').each((__, field) => expect(document(field).closest('label')).toHaveLength(1));
    const ids = document('[id]')
      .toArray()
      .map((element) => document(element).attr('id'));
    expect(new Set(ids).size).toBe(ids.length);
    document('a').each((__, link) => expect(ids).toContain(document(link).attr('href')?.slice(1)));
    document('svg[role="img"]').each((__, image) => expect(document(image).attr('aria-label')).toBeTruthy());
    document('svg:not([role="img"])').each((__, image) => expect(document(image).attr('aria-hidden')).toBe('true'));
  });
});

test('every control of every baseline is told with its outcome', () => {
  const document = load(render(mixedReport()));
  for (const { controls } of mixedReport().assessments) {
    for (const control of controls) {
      const own = document('details').filter((__, one) =>
        document(one).children('summary').text().includes(`${control.id} ${control.title}`),
      );
      expect(own.attr('data-outcome'), control.id).toBe(control.outcome);
    }
  }
});

test('a failure shows its subject, its fact and its remedy', () => {
  const document = load(render(failingReport()));
  const check = document('details').filter((__, one) => document(one).text().includes('accounts/no-known-password'));
  expect(check.first().text()).toContain('insecure.bin!squashfs/etc/shadow');
  expect(check.first().text()).toContain('account.password-');
  expect(check.first().text()).toContain('Take the hash out of the image');
});

test('hostile text leaves no control character and no megabyte', () => {
  const text = render(hostileReport());
  expect(hostileCharactersIn(text)).toEqual([]);
  expect(text.length).toBeLessThan(3_000_000);
});

test('the same report gives the same bytes', () => {
  expect(render(mixedReport())).toBe(render(mixedReport()));
});

test('the matrix names a control once, as one that is decided where any of its units is', () => {
  const report = failingReport();
  const key = 'accounts/no-known-password';
  const assessments = report.assessments.map((assessment) => {
    const [control, ...others] = assessment.controls;
    const [unit] = control?.units ?? [];
    if (control === undefined || unit === undefined) throw new Error('the fixture has no control');
    const units = (['refute', 'decide'] as const).map((mark) => ({ ...unit, id: mark, mark, checks: [key] }));
    return { ...assessment, controls: [{ ...control, outcome: 'fail' as const, units }, ...others] };
  });
  const document = load(render({ ...report, assessments }));
  const row = document('.matrix tbody tr').filter((_, one) => document(one).find('th').text() === key);
  const cells = row
    .find('td')
    .toArray()
    .map((one) => document(one).text().split(', '));
  for (const [at, { controls }] of assessments.entries())
    expect((cells[at + 1] ?? []).filter((name) => name.startsWith(controls[0]?.id ?? '-'))).toEqual([controls[0]?.id]);
});
