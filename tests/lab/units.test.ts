/** Two units of a model, and one unit before and after a reset: real dropbear and nginx at addresses of their own, with keys in common and without. */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProductDifference } from '../../src/cli/product-diff.ts';
import type { Fact, Gap } from '../../src/core/model/fact.ts';
import type { Report } from '../../src/core/model/report.ts';
import { assay } from '../support/cli.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const [dropbear, nginx] = [program('dropbear'), program('nginx')];
const missing = ['dropbear', 'dropbearkey', 'nginx', 'openssl'].filter((name) => program(name) === undefined);

let lab: Lab;
let ports: { readonly ssh: number; readonly tls: number };
const file = (name: string): string => join(lab.folder, name);

/** Keys of SSH and TLS by that name, made once. */
function makeKeys(name: string): void {
  for (const type of ['rsa', 'ed25519'])
    execFileSync('dropbearkey', ['-t', type, '-f', file(`${name}.${type}`)], { stdio: 'ignore' });
  const wanted = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', `/CN=${name}`, '-days', '30'];
  const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-nodes'];
  const run = spawnSync('openssl', ['req', '-x509', ...wanted, ...out], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
}

async function answers(host: string, port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host, () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${host}:${port}`);
}

async function startSsh(host: string, name: string): Promise<ChildProcess> {
  const keys = ['rsa', 'ed25519'].flatMap((type) => ['-r', file(`${name}.${type}`)]);
  const place = ['-p', `${host}:${ports.ssh}`, '-P', file(`${host}.pid`)];
  const child = await lab.start(dropbear!, ['-F', '-E', ...place, ...keys]);
  await answers(host, ports.ssh);
  return child;
}

/** A unit at an address, with keys by name. */
async function unit(host: string, ssh: string, tls: string): Promise<string> {
  await startSsh(host, ssh);
  await startTls(host, tls);
  return host;
}

async function startTls(host: string, tls: string): Promise<void> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${file(one)};`);
  const site = `listen ${host}:${ports.tls} ssl; ssl_certificate ${file(`${tls}.pem`)}; ssl_certificate_key ${file(`${tls}.key`)};`;
  writeFileSync(
    file(`${host}.conf`),
    `daemon off; pid ${file(`${host}.nginx`)}; events {} http { access_log off; ${temporary.join(' ')} server { ${site} } }`,
  );
  await lab.start(nginx!, ['-p', lab.folder, '-c', file(`${host}.conf`), '-e', 'stderr']);
  await answers(host, ports.tls);
}

async function gather(
  name: string,
  ...hosts: readonly string[]
): Promise<{ readonly facts: readonly Fact[]; readonly gaps: readonly Gap[] }> {
  const devices = hosts.flatMap((host) => ['--device', host]);
  const only = ['--only', 'keys/shared-between-units'];
  const said = await assay([
    'gather',
    ...devices,
    '--ports',
    `${ports.ssh},${ports.tls}`,
    ...only,
    '--quiet',
    '--out',
    file(name),
  ]);
  expect(said.err).toBe('');
  const lines = <T>(of: string): readonly T[] =>
    readFileSync(join(file(name), `${of}.jsonl`), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  return { facts: lines('facts'), gaps: lines('gaps') };
}

const sharing = (facts: readonly Fact[]): readonly unknown[] =>
  facts.filter(({ type }) => type === 'key.shared').map(({ data }) => data);

describe.skipIf(missing.length > 0)(`units (missing: ${missing.join(' ') || 'nothing'})`, () => {
  beforeAll(async () => {
    lab = openLab();
    ports = { ssh: await freePort(), tls: await freePort() };
    for (const name of ['one', 'two', 'three']) makeKeys(name);
  });
  afterAll(() => lab.stop());

  test('a host key that two units share is told, by a TLS key that they do not share', async () => {
    const hosts = [await unit('127.0.79.1', 'one', 'one'), await unit('127.0.79.2', 'one', 'two')];
    const { facts } = await gather('shared', ...hosts);
    expect(sharing(facts)).toContainEqual(expect.objectContaining({ what: 'ssh-host-key', shared: true, hosts }));
  }, 60_000);

  test('of two units with keys of their own nothing shared is told', async () => {
    const hosts = [await unit('127.0.79.3', 'one', 'one'), await unit('127.0.79.4', 'two', 'two')];
    const { facts, gaps } = await gather('own', ...hosts);
    expect(sharing(facts)).toEqual([]);
    // That they share none at all rests on having seen every port of both.
    const open = gaps
      .filter((gap) => gap.facts.includes('key.shared'))
      .map(({ unseen }) => ('flag' in unseen ? unseen.flag : ''));
    expect(open).toContain('--ports all');
  }, 60_000);

  test('two addresses that share everything may be one unit: nothing is told but that', async () => {
    const hosts = [await unit('127.0.79.5', 'one', 'one'), await unit('127.0.79.6', 'one', 'one')];
    const { facts, gaps } = await gather('same', ...hosts);
    expect(sharing(facts)).toEqual([]);
    expect(
      gaps.filter(({ source }) => source === 'keys/shared-between-units').map(({ unseen }) => unseen.message),
    ).toContainEqual(expect.stringMatching(/two units or two addresses of one/));
  }, 60_000);

  test('a reset that makes a new host key and keeps the certificate shows in the difference of two dossiers', async () => {
    const host = '127.0.79.7';
    await startTls(host, 'three');
    const before = await startSsh(host, 'one');
    await gather('before', host);
    const ended = new Promise((resolve) => before.once('exit', resolve));
    before.kill();
    await ended;
    await startSsh(host, 'two');
    await gather('after', host);
    const said = await assay(['diff', file('before'), file('after'), '--json']);
    const { product } = JSON.parse(said.out) as { product: ProductDifference };
    expect(product.things.map(({ kind }) => kind)).toEqual(['Keys on the network']);
    const [{ changed, appeared, gone } = { changed: [], appeared: [], gone: [] }] = product.things;
    expect([appeared, gone]).toEqual([[], []]);
    expect(changed.map(({ what }) => what)).toEqual([`ssh-ed25519 of ${ports.ssh}/tcp`, `ssh-rsa of ${ports.ssh}/tcp`]);
    for (const { before: was, after: now } of changed) expect(now).not.toBe(was);
  }, 60_000);

  test.skipIf(spawnSync('unshare', ['-m', 'true']).status !== 0)(
    'a name of two units: one is looked at and told, and nothing that speaks of all of them passes',
    async () => {
      // Weak keys of the other unit would not be seen: it serves what the first does not.
      await startTls('127.0.79.9', 'one');
      await startTls('127.0.79.10', 'two');
      writeFileSync(file('hosts'), '127.0.79.9 camera.test\n127.0.79.10 camera.test\n');
      const report = file('named.json');
      const command = ['bin/assay.js', 'scan', '--device', 'camera.test', '--ports', `${ports.tls}`, '--quiet'];
      const inside = `mount --bind ${file('hosts')} /etc/hosts && exec "$@"`;
      const args = ['-m', 'sh', '-c', inside, 'sh', process.execPath, ...command];
      const run = spawnSync('unshare', [...args, '--out', file('named'), '--report', `json=${report}`], {
        encoding: 'utf8',
      });
      expect(run.stderr).toBe('');
      const { checks, coverage } = JSON.parse(readFileSync(report, 'utf8')) as Report;
      const [address = ''] = readFileSync(join(file('named'), 'facts.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"net.host"'))
        .map((line) => (JSON.parse(line) as Fact<{ readonly address: string }>).data.address);
      expect(['127.0.79.9', '127.0.79.10']).toContain(address);
      const other = address === '127.0.79.9' ? '127.0.79.10' : '127.0.79.9';
      const flags = coverage.gaps.map(({ unseen }) => ('flag' in unseen ? unseen.flag : ''));
      expect(flags).toContain(`--device ${other}`);
      const passed = checks.filter(
        ({ id, outcome }) => outcome === 'pass' && /^(tls|certificates|services|ssh|http)\//.test(id),
      );
      // That one endpoint speaks a current version is seen, whatever the others do.
      expect(passed.map(({ id }) => id)).toEqual(['tls/current-version']);
    },
    60_000,
  );
});
