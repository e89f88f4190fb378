/**
 * Two units in a network of their own, where every port of both can be seen: keys that differ are told as that, keys in common
 * as shared, and nothing is told while one of the two does not answer.
 */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fact } from '../../src/core/model/fact.ts';
import type { Report } from '../../src/core/model/report.ts';
import { type Lab, openLab, program } from '../support/process.ts';

const [dropbear, nginx] = [program('dropbear'), program('nginx')];
const missing = ['dropbear', 'dropbearkey', 'nginx', 'openssl', 'ip', 'nsenter'].filter((name) => !program(name));
if (spawnSync('unshare', ['-n', 'true']).status !== 0) missing.push('root');

let lab: Lab;
let network: ChildProcess;
const file = (name: string): string => join(lab.folder, name);
const within = (...command: readonly string[]): readonly string[] => ['-n', '-t', `${network.pid}`, ...command];

function makeKeys(name: string): void {
  for (const type of ['rsa', 'ed25519'])
    execFileSync('dropbearkey', ['-t', type, '-f', file(`${name}.${type}`)], { stdio: 'ignore' });
  const wanted = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', `/CN=${name}`, '-days', '30'];
  const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...wanted, ...out], { stdio: 'ignore' });
}

/** A unit at an address: SSH on 22 and HTTPS on 443, with keys by name. */
async function unit(host: string, ssh: string, tls: string): Promise<void> {
  const keys = ['rsa', 'ed25519'].flatMap((type) => ['-r', file(`${ssh}.${type}`)]);
  const place = ['-p', `${host}:22`, '-P', file(`${host}.pid`)];
  await lab.start('nsenter', within(dropbear!, '-F', '-E', ...place, ...keys));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${file(one)};`);
  const site = `listen ${host}:443 ssl; ssl_certificate ${file(`${tls}.pem`)}; ssl_certificate_key ${file(`${tls}.key`)};`;
  writeFileSync(
    file(`${host}.conf`),
    `daemon off; pid ${file(`${host}.nginx`)}; events {} http { access_log off; ${temporary.join(' ')} server { ${site} } }`,
  );
  await lab.start('nsenter', within(nginx!, '-p', lab.folder, '-c', file(`${host}.conf`), '-e', file(`${host}.log`)));
  await listens(`${host}:22`, `${host}:443`);
}

async function listens(...places: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const seen = spawnSync('nsenter', within('ss', '-Hltn'), { encoding: 'utf8' }).stdout;
    if (places.every((place) => seen.includes(` ${place} `))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${places.join(' and ')}`);
}

interface Scanned {
  readonly code: number | null;
  readonly report: Report;
  readonly shared: readonly unknown[];
}

/** The whole command, as a user types it. */
function scan(name: string, ...hosts: readonly string[]): Scanned {
  const devices = hosts.flatMap((host) => ['--device', host]);
  const to = ['--out', file(name), '--report', `json=${file(`${name}.json`)}`, '--quiet'];
  const command = [process.execPath, 'bin/assay.js', 'scan', ...devices, '--ports', 'all', '--pace', 'fast', ...to];
  const run = spawnSync('nsenter', within(...command), { encoding: 'utf8' });
  const lines = readFileSync(join(file(name), 'facts.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean);
  const facts = lines.map((line) => JSON.parse(line) as Fact);
  return {
    code: run.status,
    report: JSON.parse(readFileSync(file(`${name}.json`), 'utf8')) as Report,
    shared: facts.filter(({ type }) => type === 'key.shared').map(({ data }) => data),
  };
}

const outcomeOf = ({ report }: Scanned): unknown =>
  report.checks.find(({ id }) => id === 'certificates/differ-between-units')?.outcome;

describe.skipIf(missing.length > 0)(`units apart (missing: ${missing.join(' ') || 'nothing'})`, () => {
  beforeAll(async () => {
    lab = openLab();
    network = await lab.start('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 900']);
    for (let tries = 0; tries < 200 && !lab.said(network).includes('up'); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    for (const name of ['one', 'two']) makeKeys(name);
    await unit('127.0.0.11', 'one', 'one');
    await unit('127.0.0.12', 'two', 'two');
    await unit('127.0.0.13', 'one', 'two');
  });
  afterAll(() => lab.stop());

  test('keys and certificates that differ, every port of both seen: told as not shared', () => {
    const hosts = ['127.0.0.11', '127.0.0.12'];
    const scanned = scan('differ', ...hosts);
    const told = (what: string, value: string) => expect.objectContaining({ what, shared: false, value, hosts });
    expect(scanned.shared).toHaveLength(3);
    expect(scanned.shared).toContainEqual(told('ssh-host-key', '4 different on 2 units'));
    expect(scanned.shared).toContainEqual(told('tls-key', '2 different on 2 units'));
    expect(scanned.shared).toContainEqual(told('tls-certificate', '2 different on 2 units'));
    expect(outcomeOf(scanned)).toBe('pass');
  });

  test('host keys in common are told as shared, beside certificates that differ', () => {
    const hosts = ['127.0.0.11', '127.0.0.13'];
    const scanned = scan('equal', ...hosts);
    expect(scanned.shared).toContainEqual(expect.objectContaining({ what: 'ssh-host-key', shared: true, hosts }));
    expect(scanned.shared).toContainEqual(expect.objectContaining({ what: 'tls-key', shared: false, hosts }));
    expect(outcomeOf(scanned)).toBe('fail');
  });

  test('with one of them away nothing is told, and the check stays open', () => {
    // Nothing of that network leads there.
    const scanned = scan('away', '127.0.0.11', '10.79.0.1');
    expect(scanned.shared).toEqual([]);
    expect(outcomeOf(scanned)).toBe('inconclusive');
    expect(scanned.code).not.toBe(0);
  });

  test('two units that differ say nothing of a third that is away', () => {
    const scanned = scan('third', '127.0.0.11', '127.0.0.12', '10.79.0.1');
    expect(scanned.shared).toEqual([]);
    expect(outcomeOf(scanned)).toBe('inconclusive');
  });

  test('addresses that listen nowhere are no units whose keys differ', () => {
    const scanned = scan('closed', '127.0.0.11', '127.0.0.14');
    expect(scanned.shared).toEqual([]);
    // All was seen, and there is nothing to compare; it passes nobody.
    expect(outcomeOf(scanned)).toBe('not-applicable');
  });
});
