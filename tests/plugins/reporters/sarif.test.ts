/** Proves the SARIF reporter against the OASIS schema: kinds, levels, fingerprints, suppressions, places, hostile text. */
import type { Log, Result, Run } from 'sarif';
import { expect, test } from 'vitest';
import type { Report } from '../../../src/core/model/report.ts';
import { sarif } from '../../../src/plugins/reporters/sarif.ts';
import {
  failingReport,
  hostileCharactersIn,
  hostileReport,
  mixedReport,
  officialSchema,
  WIDE,
} from '../../support/report.ts';

const valid = officialSchema('sarif-2.1.0');
const render = (report: Report): string => String(sarif.render(report, WIDE));
const runOf = (report: Report): Run => (JSON.parse(render(report)) as Log).runs[0] as Run;
const resultsOf = (run: Run): readonly Result[] => run.results ?? [];

test.each([
  ['failing', failingReport],
  ['mixed', mixedReport],
  ['hostile', hostileReport],
])('a %s report is valid by the official schema', (_, make) => {
  valid(JSON.parse(render(make())));
  expect(valid.errors ?? []).toEqual([]);
});

test('the schema refuses a log whose result has no message', () => {
  const log = JSON.parse(render(failingReport())) as { runs: { results: { message?: unknown }[] }[] };
  delete log.runs[0]?.results[0]?.message;
  expect(valid(log)).toBe(false);
});

test('every failing result of a mandatory control is an error at its place in the image', () => {
  const run = runOf(failingReport());
  const shadow = resultsOf(run).find((one) => one.ruleId === 'accounts/no-known-password' && one.kind === 'fail');
  expect(shadow).toMatchObject({
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'insecure.bin!squashfs/etc/shadow' },
          region: { startLine: 1 },
        },
      },
    ],
  });
  const rule = run.tool.driver.rules?.[shadow?.ruleIndex ?? -1];
  expect(rule?.id).toBe('accounts/no-known-password');
  expect(rule?.help?.text).toContain('Take the hash out of the image');
  expect(rule?.properties?.tags).toContain('external/cwe/cwe-521');
});

test('code scanning gets what fails and nothing else: it takes whatever it gets for an alert', () => {
  for (const make of [failingReport, mixedReport]) {
    const told = resultsOf(runOf(make()));
    const failing = make().checks.flatMap(({ results }) =>
      results.filter(({ outcome, waiver }) => outcome === 'fail' || waiver?.instead === 'fail'),
    );
    expect(told.length).toBeGreaterThan(3);
    expect(told).toHaveLength(failing.length);
    expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(['fail']));
  }
});

test('every result has a relative path and a line, without which an upload is refused', () => {
  const report = failingReport();
  const [check] = report.checks;
  if (check === undefined) throw new Error('the fixture has no check');
  const subjects = [
    { kind: 'target' },
    { kind: 'host', host: '2001:db8::1' },
    { kind: 'ports', host: '192.0.2.1', transport: 'udp', ports: '1-9' },
    { kind: 'endpoint', host: '2001:db8::1', port: 443, transport: 'tcp' },
    { kind: 'region', image: 'fw.bin', start: 64, end: 80 },
    { kind: 'update', update: 'a b.zip' },
  ] as const;
  const results = subjects.map((subject) => ({
    subject,
    outcome: 'fail' as const,
    message: 'it fails',
    reasons: [],
    facts: [],
  }));
  const told = resultsOf(
    runOf({
      ...report,
      checks: report.checks.map((one) => ({ ...one, results: one === check ? results : one.results })),
    }),
  );
  const places = told.filter(({ ruleId }) => ruleId === check.key).map(({ locations }) => locations?.[0]);
  expect(places.map((place) => place?.physicalLocation?.artifactLocation?.uri)).toEqual([
    'insecure.bin',
    'device/2001%3Adb8%3A%3A1',
    'device/192.0.2.1',
    'device/2001%3Adb8%3A%3A1/tcp/443',
    'fw.bin',
    'a%20b.zip',
  ]);
  for (const place of places) expect(place?.physicalLocation?.region?.startLine).toBe(1);
  expect(places[4]?.properties).toEqual({ byteOffset: 64, byteLength: 16 });
});

test('a waiver is an accepted suppression of a failure', () => {
  const waived = resultsOf(runOf(mixedReport())).filter(({ suppressions }) => suppressions !== undefined);
  expect(waived).toHaveLength(1);
  expect(waived[0]).toMatchObject({
    kind: 'fail',
    level: 'error',
    suppressions: [{ kind: 'external', status: 'accepted', justification: expect.stringContaining('Ada') }],
  });
});

test('fingerprints are unique, and stay when lines move and the image is renamed', () => {
  const before = resultsOf(runOf(failingReport()));
  const moved = JSON.stringify(failingReport())
    .replaceAll('insecure.bin!', 'release-2.bin!')
    .replaceAll(/"where":"line \d+/g, '"where":"line 77')
    .replaceAll(/#\d+"/g, '#77"');
  const after = resultsOf(runOf(JSON.parse(moved) as Report));
  const prints = (list: readonly Result[]) => list.map((one) => one.partialFingerprints?.['assayCheckAndSubject/v1']);
  expect(new Set(prints(before)).size).toBe(before.length);
  expect(prints(after)).toEqual(prints(before));
  expect(after.map(({ guid }) => guid)).toEqual(before.map(({ guid }) => guid));
  // The one that code scanning reads.
  expect(after.map((one) => one.partialFingerprints?.['primaryLocationLineHash'])).toEqual(prints(after));
});

test('paths stay from edition to edition, which code scanning asks for, and files stay apart', () => {
  const named = (...names: readonly string[]): Report => {
    const text = JSON.stringify(failingReport()).replaceAll('insecure.bin', names[0] ?? '');
    const report = JSON.parse(text) as Report;
    const others = names.slice(1).map((path) => ({ path, sha256: '0'.repeat(64), size: 1 }));
    return { ...report, target: { ...report.target, firmware: [...report.target.firmware, ...others] } };
  };
  const pathsOf = (report: Report): readonly string[] => [
    ...new Set(
      resultsOf(runOf(report)).map(
        ({ locations }) => locations?.[0]?.physicalLocation?.artifactLocation?.uri?.split('!')[0] ?? '',
      ),
    ),
  ];
  const plain = ['cam.bin'];
  for (const name of ['cam-1.4.2.bin', 'cam_v3.bin', 'cam-2026-11-30.bin', 'cam-1.4.3-rc1.bin', 'cam.bin'])
    expect(pathsOf(named(name)), name).toEqual(plain);
  expect(pathsOf(named('cam-ar71xx.bin'))).toEqual(['cam-ar71xx.bin']);
  expect(pathsOf(named('slot-1.bin', 'slot-2.bin'))).toEqual(['slot-1.bin']);
  // A directory has no exclamation mark behind its name.
  const folder = JSON.parse(
    JSON.stringify(failingReport())
      .replaceAll('insecure.bin!squashfs', 'root-1.2')
      .replaceAll('insecure.bin', 'root-1.2'),
  ) as Report;
  expect(new Set(pathsOf(folder).map((path) => path.split('/')[0]))).toEqual(new Set(['root']));
  const artifacts = runOf(named('cam-1.4.2.bin')).artifacts ?? [];
  expect(artifacts.map(({ location, description }) => [location?.uri, description?.text])).toEqual([
    ['cam.bin', 'cam-1.4.2.bin'],
  ]);
});

test('alerts have a category of their own only by the name of a product, which no release changes', () => {
  const report = failingReport();
  const called = (name: string) => runOf({ ...report, target: { ...report.target, name } }).automationDetails;
  expect(called(report.target.firmware[0]?.path ?? '')).toBeUndefined();
  expect(called('Cam 2')).toEqual({ id: 'assay/Cam%202/' });
});

test('gaps and bugs are notifications, and a bug is no successful execution', () => {
  const [invocation] = runOf(mixedReport()).invocations ?? [];
  expect(invocation?.executionSuccessful).toBe(false);
  expect(invocation?.toolExecutionNotifications?.map(({ level }) => level)).toEqual(['warning', 'error']);
  expect(invocation?.toolExecutionNotifications?.[0]?.message.text).toContain(
    '[2001:db8::1]:443/tcp: no answer in 3 s',
  );
});

test('hostile text is inert and bounded', () => {
  const log = render(hostileReport());
  const values: string[] = [];
  JSON.parse(log, (_, value: unknown) => {
    if (typeof value === 'string') values.push(value);
    return value;
  });
  expect(values.flatMap(hostileCharactersIn)).toEqual([]);
  expect(Math.max(...values.map((value) => value.length))).toBeLessThan(8000);
});

test('the same report gives the same bytes', () => {
  expect(render(mixedReport())).toBe(render(mixedReport()));
});
