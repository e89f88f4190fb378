/** A whole declaration after the structure of public self-assessments: it lints, is written back by init, and is compared with the demo device. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CheckReport, Report } from '../../src/core/model/report.ts';
import { type DemoDevice, startDevice } from '../../src/demo/device.ts';
import { assay, type Desk, desk } from '../support/cli.ts';

const TEXT = readFileSync('fixtures/declarations/kestrel-one.yaml', 'utf8');
let at: Desk;
let device: DemoDevice | undefined;
beforeAll(() => {
  at = desk();
});
afterAll(() => at.clear());
afterEach(async () => {
  await device?.stop();
  device = undefined;
});

/** The declaration with the ports of a device in place of its own. */
const withPorts = ({ ports }: DemoDevice): string =>
  TEXT.replaceAll('443/tcp', `${ports['https']}/tcp`)
    .replaceAll('8883/tcp', `${ports['mqtts'] ?? ports['mqtt']}/tcp`)
    .replace('port: 443,', `port: ${ports['https']},`)
    .replace('port: 8883,', `port: ${ports['mqtts'] ?? ports['mqtt']},`);

async function scan(...argv: readonly string[]): Promise<Report> {
  await assay(['scan', ...argv, '--quiet', '--out', at.path('last.dossier'), '--report', `json=${at.path('r.json')}`]);
  return JSON.parse(readFileSync(at.path('r.json'), 'utf8')) as Report;
}
const dossier = (): string => at.path('last.dossier');
const checkOf = (report: Report, id: string): CheckReport => report.checks.find((one) => one.id === id)!;
const failing = (report: Report, id: string): readonly string[] =>
  checkOf(report, id)
    .results.filter(({ outcome }) => outcome === 'fail')
    .map(({ message }) => message);

describe('a whole declaration', () => {
  test('is without mistakes, and every table is filled', async () => {
    const { code, out } = await assay(['lint', 'fixtures/declarations/kestrel-one.yaml']);
    expect([code, out.trim()]).toEqual([0, '1 file: 0 mistakes, 0 notes']);
    expect(TEXT.match(/^ {2}\d+-\w+:$/gm)).toHaveLength(29);
  });

  test('with the names of the older edition loads as well', async () => {
    const older = TEXT.replaceAll('11-SecComMech', '11-ComMech')
      .replaceAll('15-PhyIntf', '15-Intf')
      .replaceAll('28-LogIntf', '28-ExtAPI');
    const { code, out } = await assay(['lint', at.file('older.yaml', older)]);
    expect(code).toBe(0);
    expect(out).toContain('without an answer in 11-ComMech: Resilience Measures');
  });

  test.each([
    ['11-SecComMech:', '11-SecCommMech:', "there is no IXIT table '11-SecCommMech' (did you mean '11-SecComMech'?)"],
    ['Brute Force Prevention:', 'Brute Force Protection:', "table 1-AuthMech has no field 'Brute Force Protection'"],
    ['provision: "5.1-4"', 'provision: "5.1-14"', "there is no provision '5.1-14'"],
    ['provision: "5.1-4"', 'provision: "5.1-3"', "provision '5.1-3' is answered twice"],
    ['5.0-1/5.0-1-1:', '5.0-1/5.0-1-9:', "no edition has a unit 'etsi-en-303-645/5.0-1/5.0-1-9'"],
    ['telemetry-collected: true', 'telemetry-colected: true', "no shipped baseline asks for 'telemetry-colected'"],
    ['through: [http]', 'through: [htpp]', 'must be one of http, ssh'],
    ['versions: [TLSv1.2,', 'versions: [TLSv12,', 'must be one of SSLv3, TLSv1'],
  ])('with %j as %j is told what is wrong, with line and column', async (right, wrong, message) => {
    const { out, err } = await assay(['lint', at.file('wrong.yaml', TEXT.replace(right, wrong))]);
    const line = `${out}${err}`.split('\n').find((one) => one.includes(message.split(' (')[0]!));
    expect(`${out}${err}`).toContain(message.split(' (')[0]);
    expect(line).toMatch(/wrong\.yaml:\d+:\d+/);
  });
});

describe('a declaration that nobody has filled in', () => {
  test('answers nothing: whatever listens, nothing contradicts it', { timeout: 60_000 }, async () => {
    device = await startDevice({
      hardened: false,
      identity: readFileSync('fixtures/demo/server.pem', 'utf8'),
      now: new Date(),
    });
    const blank = at.file('blank.yaml', (await assay(['init'])).out);
    expect(await assay(['lint', blank])).toMatchObject({ code: 0 });
    const report = await scan(
      ...['127.0.0.1', '--ports', Object.values(device.ports).join(','), '--declaration', blank],
      ...['--firmware', 'fixtures/demo/insecure.bin', '--baseline', 'etsi-en-303-645'],
    );
    const declared = report.checks.filter(({ id }) => id.startsWith('declared/'));
    expect(declared.length).toBeGreaterThan(3);
    expect(declared.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)).toEqual([]);
    // A placeholder would be handed in as the product's name.
    expect(report.target.product ?? {}).toEqual({});
  });

  test.each(['listeners', 'accounts', 'cryptography'])('its example of %s is sound', async (member) => {
    const text = (await assay(['init'])).out.replace(`# ${member}: [`, `${member}: [`);
    expect(text).toMatch(new RegExp(`^${member}: \\[`, 'm'));
    const { code, out } = await assay(['lint', at.file('example.yaml', text)]);
    expect([code, out.trim()]).toEqual([0, '1 file: 0 mistakes, 0 notes']);
  });
});

describe('declared and observed', () => {
  test('the hardened device keeps what is declared', { timeout: 60_000 }, async () => {
    device = await startDevice({ hardened: true, identity: '', now: new Date() });
    const ports = Object.values(device.ports).join(',');
    const declaration = at.file('kept.yaml', withPorts(device));
    const report = await scan(
      '127.0.0.1',
      '--ports',
      ports,
      '--declaration',
      declaration,
      '--baseline',
      'etsi-en-303-645',
    );
    for (const id of ['declared/no-undeclared-listener', 'declared/cryptography', 'declared/logins']) {
      const { results, reasons } = checkOf(report, id);
      const ours = results.filter(({ subject }) => subject.kind === 'endpoint');
      expect([id, ours.map(({ outcome }) => outcome)]).toEqual([id, ['pass', 'pass']]);
      // The other ports were not asked for: that is said, and nothing else is open.
      expect(reasons).toEqual(['not-given']);
    }
    expect(checkOf(report, 'declared/support-period').outcome).toBe('pass');
  });

  test('the faulty device and its image contradict it: listeners, protection, cryptography, accounts', {
    timeout: 60_000,
  }, async () => {
    const identity = readFileSync('fixtures/demo/server.pem', 'utf8');
    device = await startDevice({ hardened: false, identity, now: new Date() });
    const { https, http, telnet, ssh, mqtt } = device.ports;
    const declaration = at.file(
      'broken.yaml',
      withPorts(device)
        .replace('listeners:', 'listeners:\n  - { port: 9, transport: tcp, protocol: discard }')
        .replace('account: admin', 'account: owner'),
    );
    const report = await scan(
      ...['127.0.0.1', '--ports', [https, http, telnet, ssh, mqtt, 9].join(','), '--credentials'],
      ...['--firmware', 'fixtures/demo/insecure.bin', '--declaration', declaration],
      ...['--baseline', 'etsi-en-303-645', '--baseline', 'nist-ir-8425'],
    );
    expect(failing(report, 'declared/no-undeclared-listener')).toHaveLength(3);
    expect(failing(report, 'declared/listeners').join()).toContain('mqtts');
    const seen = report.facts
      .filter(({ type }) => type === 'agreement.cryptography')
      .map(({ data }) => data as { readonly topic: string; readonly agrees: boolean; readonly observed: string });
    const versions = seen.filter(({ topic }) => topic === 'tls-version');
    const old = versions.filter(({ agrees }) => !agrees).map(({ observed }) => observed);
    expect(new Set(old)).toEqual(new Set(['TLSv1', 'TLSv1.1']));
    expect(seen.some(({ topic, agrees }) => topic === 'tls-suite' && !agrees)).toBe(true);
    expect(failing(report, 'declared/accounts').join()).toContain('root');
    expect(failing(report, 'declared/logins').join()).toContain('telnet');
    expect(failing(report, 'declared/taken-logins').join()).toContain('admin');
    // What init writes down of it is without mistakes, and agrees with what it was written from.
    const { out } = await assay(['init', '--from', dossier()]);
    const written = at.file('written.yaml', out);
    expect(await assay(['lint', written])).toMatchObject({ code: 0 });
    for (const line of [`port: ${https}, transport: tcp, protocol: "https"`, 'account: "root"', 'versions: ["TLSv1"'])
      expect(out).toContain(line);
    const again = await scan(
      ...['127.0.0.1', '--ports', [https, http, telnet, ssh, mqtt].join(','), '--credentials'],
      ...['--firmware', 'fixtures/demo/insecure.bin', '--declaration', written, '--baseline', 'nist-ir-8425'],
    );
    const all = ['declared/listeners', 'declared/cryptography', 'declared/accounts', 'declared/taken-logins'];
    expect(all.map((id) => failing(again, id))).toEqual([[], [], [], []]);
    const { results } = checkOf(report, 'declared/listeners');
    expect(results.filter(({ message }) => /\b9\/tcp/.test(message)).map(({ outcome }) => outcome)).not.toContain(
      'pass',
    );
  });
});
