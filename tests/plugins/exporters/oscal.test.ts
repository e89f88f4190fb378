/** Proves the OSCAL exporter against NIST's schema, and that its references meet, nothing unseen is satisfied, hostile text is inert. */
import { expect, test } from 'vitest';
import type { Report } from '../../../src/core/model/report.ts';
import { oscal } from '../../../src/plugins/exporters/oscal/results.ts';
import { dossierOf } from '../../support/exporting.ts';
import {
  failingReport,
  hostileCharactersIn,
  hostileReport,
  mixedReport,
  officialSchema,
  WIDE,
} from '../../support/report.ts';

interface Reference {
  readonly 'observation-uuid'?: string;
  readonly 'risk-uuid'?: string;
}
interface Finding {
  readonly uuid: string;
  readonly props: readonly { readonly name: string; readonly value: string }[];
  readonly target: {
    readonly 'target-id': string;
    readonly status: { readonly state: string; readonly reason: string };
  };
  readonly 'related-observations'?: readonly Reference[];
  readonly 'related-risks'?: readonly Reference[];
}
interface Metadata {
  readonly parties?: readonly { readonly uuid: string; readonly name: string }[];
}
interface Observation {
  readonly uuid: string;
  readonly collected: string;
  readonly origins: readonly { readonly actors: readonly { readonly 'actor-uuid': string }[] }[];
  readonly subjects: readonly { readonly 'subject-uuid': string }[];
  readonly methods: readonly string[];
}
interface OneResult {
  readonly uuid: string;
  readonly start: string;
  readonly end: string;
  readonly observations?: readonly Observation[];
  readonly findings?: readonly Finding[];
  readonly risks?: readonly { readonly uuid: string; readonly status: string; readonly deadline?: string }[];
  readonly 'local-definitions': {
    readonly components: readonly { readonly uuid: string }[];
    readonly 'inventory-items'?: readonly { readonly uuid: string; readonly description: string }[];
  };
  readonly 'reviewed-controls': {
    readonly remarks?: string;
    readonly 'control-selections': readonly {
      readonly 'include-controls'?: readonly { readonly 'control-id': string }[];
      readonly 'exclude-controls'?: readonly { readonly 'control-id': string }[];
    }[];
  };
}

const valid = officialSchema('oscal-assessment-results-1.2.1');
const render = async (report: Report): Promise<string> => String(await oscal.render(await dossierOf(report), WIDE));
const resultsOf = (text: string): readonly OneResult[] =>
  (JSON.parse(text) as { 'assessment-results': { results: readonly OneResult[] } })['assessment-results'].results;

test.each([
  ['failing', failingReport],
  ['mixed', mixedReport],
  ['hostile', hostileReport],
])('a %s report is valid by the official schema', async (_, make) => {
  valid(JSON.parse(await render(make())));
  expect(valid.errors ?? []).toEqual([]);
});

test('a report in which nothing was seen, judged by nothing that applies, is valid', async () => {
  const report = failingReport();
  const bare: Report = {
    ...report,
    target: { name: '', state: 'unknown', devices: [], firmware: [], updates: [] },
    inputs: [],
    facts: [],
    checks: [],
    coverage: { gatherers: [], gaps: [], images: [] },
    assessments: report.assessments.map((assessment) => ({
      ...assessment,
      controls: assessment.controls.map((control) => ({ ...control, outcome: 'not-applicable', units: [] })),
    })),
  };
  const text = await render(bare);
  valid(JSON.parse(text));
  expect(valid.errors ?? []).toEqual([]);
  expect(resultsOf(text).flatMap(({ findings }) => findings ?? [])).toEqual([]);
});

test('the schema refuses an observation that says not when it was made', async () => {
  const log = JSON.parse(await render(failingReport())) as {
    'assessment-results': { results: { observations: { collected?: string }[] }[] };
  };
  delete log['assessment-results'].results[0]?.observations[0]?.collected;
  expect(valid(log)).toBe(false);
});

test('every reference meets something, and every UUID names one thing', async () => {
  const text = await render(mixedReport());
  for (const one of resultsOf(text)) {
    const observations = new Set((one.observations ?? []).map(({ uuid }) => uuid));
    const risks = new Set((one.risks ?? []).map(({ uuid }) => uuid));
    const subjects = new Set(
      [...one['local-definitions'].components, ...(one['local-definitions']['inventory-items'] ?? [])].map(
        ({ uuid }) => uuid,
      ),
    );
    for (const finding of one.findings ?? []) {
      for (const to of finding['related-observations'] ?? []) expect(observations).toContain(to['observation-uuid']);
      for (const to of finding['related-risks'] ?? []) expect(risks).toContain(to['risk-uuid']);
    }
    for (const { subjects: about } of one.observations ?? [])
      for (const subject of about) expect(subjects).toContain(subject['subject-uuid']);
  }
  const all = resultsOf(text).flatMap((one) => [
    one.uuid,
    ...[...(one.observations ?? []), ...(one.findings ?? []), ...(one.risks ?? [])].map(({ uuid }) => uuid),
  ]);
  expect(all.length).toBeGreaterThan(20);
  expect(new Set(all).size).toBe(all.length);
});

test('every result covers the time in which its observations were made', async () => {
  const report = failingReport();
  const late = { ...report, assessedAt: report.facts.map(({ observedAt }) => observedAt).toSorted()[0] ?? '' };
  const facts = late.facts.map((fact, at) => (at === 3 ? { ...fact, observedAt: '2027-01-01T00:00:00.000Z' } : fact));
  for (const { start, end, observations } of resultsOf(await render({ ...late, facts })))
    for (const { collected } of observations ?? []) {
      expect(collected >= start).toBe(true);
      expect(collected <= end).toBe(true);
    }
});

test('two images of one name in two folders are two items, and each observation is of its own', async () => {
  const report = failingReport();
  const [image] = report.target.firmware;
  if (image === undefined) throw new Error('the fixture has no image');
  const { path } = image;
  const moved = JSON.parse(JSON.stringify(report).replaceAll(path, `old/${path}`)) as Report;
  const both = { ...moved.target, firmware: [...moved.target.firmware, { ...image, path: `new/${path}` }] };
  for (const one of resultsOf(await render({ ...moved, target: both }))) {
    const items = one['local-definitions']['inventory-items'] ?? [];
    expect(items.map(({ description }) => description)).toEqual([`firmware old/${path}`, `firmware new/${path}`]);
    const about = new Set((one.observations ?? []).flatMap(({ subjects }) => subjects.map((to) => to['subject-uuid'])));
    expect(about).toContain(items[0]?.uuid);
    expect(about).not.toContain(items[1]?.uuid);
  }
});

test('what somebody attested has that person for its origin', async () => {
  const report = JSON.parse(JSON.stringify(mixedReport())) as Report;
  const [unit] = report.assessments[0]?.controls[0]?.units ?? [];
  Object.assign(unit ?? {}, { attestation: { verdict: 'pass', by: 'Ada', on: '2026-11-01' } });
  const text = await render(report);
  expect(valid(JSON.parse(text)), JSON.stringify(valid.errors)).toBe(true);
  const { metadata } = (JSON.parse(text) as { 'assessment-results': { metadata: Metadata } })['assessment-results'];
  const people = new Map((metadata.parties ?? []).map(({ uuid, name }) => [uuid, name]));
  const attested = resultsOf(text)
    .flatMap((one) => one.observations ?? [])
    .filter(({ methods }) => methods.includes('INTERVIEW'));
  expect(attested.map(({ origins }) => people.get(origins[0]?.actors[0]?.['actor-uuid'] ?? ''))).toEqual(['Ada']);
});

test('only a pass is satisfied, and a failure is told as one', async () => {
  const report = mixedReport();
  const states = resultsOf(await render(report)).flatMap(({ findings }) =>
    (findings ?? []).map(({ props, target }) => {
      const outcome = props.find(({ name }) => name === 'outcome')?.value;
      return `${outcome} ${target.status.state} ${target.status.reason}`;
    }),
  );
  expect(new Set(states)).toEqual(
    new Set([
      'fail not-satisfied fail',
      'inconclusive not-satisfied other',
      'waived not-satisfied other',
      'error not-satisfied other',
      ...(states.some((one) => one.startsWith('pass')) ? ['pass satisfied pass'] : []),
    ]),
  );
});

test('a control that does not apply is excluded and told, not judged', async () => {
  const report = mixedReport();
  const away = report.assessments.flatMap(({ controls }) => controls).filter((one) => one.outcome === 'not-applicable');
  expect(away.length).toBeGreaterThan(0);
  const results = resultsOf(await render(report));
  const excluded = results.flatMap((one) =>
    one['reviewed-controls']['control-selections'].flatMap((selection) => selection['exclude-controls'] ?? []),
  );
  expect(excluded).toHaveLength(away.length);
  const judged = results.flatMap(({ findings }) => (findings ?? []).map(({ target }) => target['target-id']));
  expect(judged.filter((id) => excluded.some((one) => one['control-id'] === id))).toEqual([]);
  expect(results.map((one) => one['reviewed-controls'].remarks ?? '').join()).toContain('was declared absent');
});

test('a waived failure is an approved deviation with a deadline; any other failure is an open risk', async () => {
  const risks = resultsOf(await render(mixedReport())).flatMap((one) => one.risks ?? []);
  expect(new Set(risks.map(({ status }) => status))).toEqual(new Set(['open', 'deviation-approved']));
  for (const { status, deadline } of risks)
    expect(deadline).toBe(status === 'open' ? undefined : '2026-12-31T23:59:59Z');
});

test('hostile text is inert and bounded', async () => {
  const values: string[] = [];
  JSON.parse(await render(hostileReport()), (_, value: unknown) => {
    if (typeof value === 'string') values.push(value);
    return value;
  });
  expect(values.flatMap(hostileCharactersIn)).toEqual([]);
  expect(Math.max(...values.map((value) => value.length))).toBeLessThan(20_000);
  const marked = values.filter((value) => value.includes('script') && value.includes('\\<'));
  expect(marked.length).toBeGreaterThan(10);
});

test('the same report gives the same bytes', async () => {
  expect(await render(mixedReport())).toBe(await render(mixedReport()));
});
