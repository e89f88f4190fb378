/** The worked cases of the promise, end to end: what must fail, what must stay open, what must not be drawn into it. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CheckReport, ControlReport, Report } from '../../src/core/model/report.ts';
import { startDevice } from '../../src/demo/device.ts';
import { telnet } from '../../src/demo/telnet.ts';
import { assay, type Desk, desk } from '../support/cli.ts';
import { tarOf } from '../support/tar.ts';

let at: Desk;
const stops: (() => Promise<unknown>)[] = [];
beforeAll(() => {
  at = desk();
});
afterAll(() => at.clear());
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function scan(...argv: readonly string[]): Promise<{ code: number; report: Report }> {
  const { code } = await assay(['scan', ...argv, '--quiet', '--report', `json=${at.path('r.json')}`]);
  return { code, report: JSON.parse(readFileSync(at.path('r.json'), 'utf8')) as Report };
}
const checkOf = (report: Report, id: string): CheckReport => report.checks.find((one) => one.id === id)!;
const controlOf = (report: Report, id: string): ControlReport =>
  report.assessments.flatMap(({ controls }) => controls).find((one) => one.id === id)!;

function listen(server: Server): Promise<number> {
  stops.push(() => new Promise<void>((done) => server.close(() => done())));
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}

const accounts = [
  ...['bin/', 'etc/', 'sbin/', 'lib/', 'usr/', 'dev/', 'proc/'].map((name) => ({ name, type: '5', mode: 0o755 })),
  { name: 'bin/sh', content: 'x', mode: 0o755 },
  { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\n' },
  { name: 'etc/shadow', content: 'root:!:19000:0:99999:7:::\n', mode: 0o600 },
  { name: 'etc/inittab', content: '::sysinit:/etc/init.d/rcS\n' },
];

test('a camera with TLS 1.2 and Telnet open fails what asks for protected communication', {
  timeout: 60_000,
}, async () => {
  const device = await startDevice({ hardened: true, identity: '', now: new Date() });
  stops.push(() => device.stop());
  const port = await listen(telnet({ root: 'own-secret-of-this-unit' }));
  const { code, report } = await scan(
    '127.0.0.1',
    '--ports',
    `${device.ports['https']},${port}`,
    '--baseline',
    'etsi-en-303-645',
  );
  expect(controlOf(report, '5.5-1').outcome).toBe('fail');
  expect(code).toBe(1);
});

test('a device with no listener is open, never not-applicable and never a pass', async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise<void>((done) => server.close(() => done()));
  stops.length = 0;
  const { report } = await scan('127.0.0.1', '--ports', `${port}`, '--baseline', 'etsi-en-303-645');
  expect(controlOf(report, '5.5-1').outcome).toBe('inconclusive');
  expect(report.assessments[0]?.counts.pass).toBe(0);
});

test('a corrupt zip beside the root file system leaves the account checks of the root decided', async () => {
  const zip = Buffer.concat([
    Buffer.from('PK\u0003\u0004\u0014\u0000\u0000\u0000\u0008\u0000', 'latin1'),
    Buffer.alloc(3000, 0x5a),
  ]);
  const image = Buffer.concat([tarOf(accounts), Buffer.alloc(4096, 0xff), zip]);
  const { report } = await scan(at.file('fw.bin', image), '--baseline', 'xiaomi-consumer-iot:high');
  const empty = checkOf(report, 'accounts/no-empty-password');
  expect([empty.outcome, empty.reasons]).toEqual(['pass', []]);
  expect(report.coverage.gaps.some((gap) => gap.area === 'image')).toBe(true);
});

test('code for a signal processor under /lib/firmware fails no check of programs', async () => {
  const dsp = Buffer.alloc(128);
  dsp.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  dsp.writeUInt16LE(2, 16);
  dsp.writeUInt16LE(164, 18);
  dsp.writeUInt16LE(32, 42);
  const image = tarOf([
    ...accounts,
    { name: 'lib/firmware/', type: '5' },
    { name: 'lib/firmware/dsp.elf', content: dsp },
  ]);
  const { report } = await scan(at.file('dsp.tar', image), '--baseline', 'xiaomi-consumer-iot');
  for (const id of ['binaries/position-independent', 'binaries/no-executable-stack', 'binaries/stack-protector']) {
    expect([id, checkOf(report, id).outcome]).not.toContain('fail');
  }
});

test('a run without --credentials that sees all it planned ends with 0 or 1, not 3', { timeout: 60_000 }, async () => {
  const device = await startDevice({ hardened: true, identity: '', now: new Date() });
  stops.push(() => device.stop());
  const { code } = await scan('127.0.0.1', '--ports', `${device.ports['https']}`, '--baseline', 'uk-psti');
  expect([0, 1]).toContain(code);
});

test('two baselines that ask the same check with other parameters keep two outcomes', { timeout: 60_000 }, async () => {
  const device = await startDevice({ hardened: true, identity: '', now: new Date() });
  stops.push(() => device.stop());
  const ours = (floor: string, id: string): string =>
    at.file(
      `${id}.yaml`,
      `id: ${id}\nversion: "1"\nrevision: "1"\ntitle: ours\ncontrols:\n  - { id: "1", title: floor, text: floor, obligation: mandatory, applies: always, units: [{ id: a, mark: decide, checks: [{ check: tls/no-legacy-version, params: { floor: ${floor} } }] }] }\n`,
    );
  const { report } = await scan(
    '127.0.0.1',
    '--ports',
    `${device.ports['https']}`,
    '--baseline',
    ours('TLSv1.2', 'low-floor'),
    '--baseline',
    ours('TLSv1.3', 'high-floor'),
  );
  const outcomes = report.checks
    .filter((one) => one.id === 'tls/no-legacy-version')
    .map((one) => [one.parameters['floor'], one.outcome]);
  expect(outcomes).toContainEqual(['TLSv1.3', 'fail']);
  expect(outcomes.find(([floor]) => floor === 'TLSv1.2')?.[1]).not.toBe('fail');
});
