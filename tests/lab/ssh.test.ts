/** SSH probes against real servers, next to ssh-audit. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  netService,
  sshAlgorithm,
  sshAuthentication,
  sshDhGroup,
  sshHostKey,
  sshProtocol,
  sshTerrapin,
} from '../../src/facts/index.ts';
import { sshAlgorithms } from '../../src/plugins/probes/ssh/algorithms.ts';
import { sshAuthenticationProbe } from '../../src/plugins/probes/ssh/authentication.ts';
import { sshDhGroups } from '../../src/plugins/probes/ssh/dh-groups.ts';
import { sshHostKeys } from '../../src/plugins/probes/ssh/host-keys.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const sshd = program('sshd');
const dropbear = program('dropbear');
const audit = program('ssh-audit');

const CONFIGURATIONS: Record<string, string[]> = {
  default: [],
  legacy: [
    'KexAlgorithms +diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1',
    'Ciphers +3des-cbc,aes128-cbc',
    'MACs +hmac-md5,hmac-sha1-96',
    'HostKeyAlgorithms +ssh-rsa',
    'PasswordAuthentication yes',
  ],
  modern: [
    'KexAlgorithms curve25519-sha256',
    'Ciphers aes256-gcm@openssh.com',
    'MACs hmac-sha2-512-etm@openssh.com',
    'HostKeyAlgorithms ssh-ed25519',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
  ],
};

async function look(port: number): Promise<Run & { keys: Run; groups: Run; logins: Run }> {
  const service = aFact(netService, endpoint(port), { protocol: 'ssh', transport: 'tcp', tls: false });
  const first = await runProbe(sshAlgorithms, { known: [service] });
  const known = [service, ...first.facts];
  return {
    ...first,
    keys: await runProbe(sshHostKeys, { known }),
    groups: await runProbe(sshDhGroups, { known }),
    logins: await runProbe(sshAuthenticationProbe, { known }),
  };
}

interface Audited {
  kex: { algorithm: string }[];
  key: { algorithm: string; keysize?: number }[];
  enc: { algorithm: string }[] | string[];
  mac: { algorithm: string }[] | string[];
  fingerprints: { type: string; hash: string; hash_alg?: string }[];
}
const audited = (port: number): Audited => {
  const run = spawnSync(audit!, ['-j', '-p', String(port), '127.0.0.1'], { encoding: 'utf8' });
  return JSON.parse(run.stdout) as Audited;
};
const byName = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const nameOf = (entry: string | { algorithm: string }): string => (typeof entry === 'string' ? entry : entry.algorithm);
const ours = (run: Run, kind: string): string[] =>
  run
    .of(sshAlgorithm)
    .filter((one) => one.kind === kind)
    .map((one) => one.name)
    .sort(byName);

function compare(run: Run, keys: Run, peer: Audited): void {
  const pseudo = /^(ext-info|kex-strict|kexguess2)/;
  expect(ours(run, 'kex')).toEqual(
    peer.kex
      .map(nameOf)
      .filter((name) => !pseudo.test(name))
      .sort(byName),
  );
  expect(ours(run, 'host-key')).toEqual(peer.key.map(nameOf).sort(byName));
  expect(ours(run, 'cipher')).toEqual(peer.enc.map(nameOf).sort(byName));
  expect(ours(run, 'mac')).toEqual(peer.mac.map(nameOf).sort(byName));
  const prints = new Set(keys.of(sshHostKey).map((key) => key.fingerprint.replace('SHA256:', '')));
  for (const print of peer.fingerprints.filter((one) => one.hash_alg !== 'MD5'))
    expect([...prints]).toContain(print.hash.replace('SHA256:', ''));
  for (const key of peer.key.filter((one) => one.keysize !== undefined)) {
    const mine = keys
      .of(sshHostKey)
      .find((one) => one.type === key.algorithm || (/rsa/.test(key.algorithm) && one.type === 'ssh-rsa'));
    expect(mine?.bits).toBe(key.keysize);
  }
}

describe.skipIf(sshd === undefined || audit === undefined)('OpenSSH', () => {
  let lab: Lab;
  const runs: Record<string, Awaited<ReturnType<typeof look>>> = {};
  const peers: Record<string, Audited> = {};
  const at = (name: string): Awaited<ReturnType<typeof look>> => runs[name]!;
  beforeAll(async () => {
    lab = openLab();
    for (const [type, bits] of [
      ['rsa', '2048'],
      ['ecdsa', '384'],
      ['ed25519', '256'],
    ] as const)
      execFileSync('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-f', join(lab.folder, `host-${type}`)]);
    spawnSync('mkdir', ['-p', '/run/sshd']);
    for (const [name, lines] of Object.entries(CONFIGURATIONS)) {
      const port = await freePort();
      const file = join(lab.folder, `${name}.conf`);
      const keys = name === 'modern' ? ['ed25519'] : ['rsa', 'ecdsa', 'ed25519'];
      writeFileSync(
        file,
        [
          `Port ${port}`,
          'ListenAddress 127.0.0.1',
          'UsePAM no',
          'MaxStartups 100',
          'PidFile none',
          ...keys.map((key) => `HostKey ${join(lab.folder, `host-${key}`)}`),
          ...lines,
          '',
        ].join('\n'),
      );
      await lab.start(sshd!, ['-D', '-e', '-f', file], port);
      runs[name] = await look(port);
      peers[name] = audited(port);
    }
  });
  afterAll(() => lab.stop());

  test.each(Object.keys(CONFIGURATIONS))('the %s configuration tells what ssh-audit tells', (name) => {
    expect(runs[name]!.gaps).toEqual([]);
    compare(runs[name]!, runs[name]!.keys, peers[name]!);
  });
  test('host keys of all three kinds are shown with their sizes and an SPKI', () => {
    const keys = at('default').keys.of(sshHostKey);
    expect(keys.map((key) => `${key.type} ${key.bits}`).sort(byName)).toEqual([
      'ecdsa-sha2-nistp384 384',
      'ssh-ed25519 256',
      'ssh-rsa 2048',
    ]);
    for (const key of keys) expect(key.spki).toMatch(/^[0-9a-f]{64}$/);
  });
  test('OpenSSH names its software and speaks version 2 only', () => {
    expect(at('default').of(sshProtocol)).toMatchObject([
      { versions: ['2'], software: expect.stringMatching(/^OpenSSH_/) },
    ]);
  });
  test('no algorithm of a current OpenSSH is unknown to the table', () => {
    for (const name of Object.keys(CONFIGURATIONS))
      expect(
        runs[name]!.of(sshAlgorithm)
          .filter((one) => one.rating === 'unknown')
          .map((one) => one.name),
      ).toEqual([]);
  });
  test('group exchange gives no group below 2048 bits', () => {
    const groups = at('legacy').groups.of(sshDhGroup);
    expect(groups.length).toBeGreaterThan(0);
    expect(Math.min(...groups.map((group) => group.bits))).toBeGreaterThanOrEqual(2048);
  });
  test('key-only and password configurations are told apart', () => {
    expect(at('modern').logins.of(sshAuthentication)).toMatchObject([
      { methods: ['publickey'], password: false, noneAccepted: false },
    ]);
    expect(at('legacy').logins.of(sshAuthentication)).toMatchObject([{ password: true, noneAccepted: false }]);
  });
  test('a server with a post-quantum exchange only shows its host key, and its login methods are left open', async () => {
    const port = await freePort();
    const file = join(lab.folder, 'post-quantum.conf');
    const lines = [`Port ${port}`, 'ListenAddress 127.0.0.1', 'UsePAM no', 'PidFile none'];
    lines.push(`HostKey ${join(lab.folder, 'host-ed25519')}`, 'KexAlgorithms sntrup761x25519-sha512@openssh.com', '');
    writeFileSync(file, lines.join('\n'));
    await lab.start(sshd!, ['-D', '-e', '-f', file], port);
    const run = await look(port);
    expect(run.keys.of(sshHostKey)).toMatchObject([{ type: 'ssh-ed25519', bits: 256 }]);
    expect(run.logins.gaps).toMatchObject([{ unseen: { kind: 'unsupported' } }]);
  });
  test('strict key exchange decides Terrapin', () => {
    for (const name of Object.keys(CONFIGURATIONS)) {
      const [terrapin] = runs[name]!.of(sshTerrapin);
      const exposed = name !== 'modern' && !terrapin!.strictKex;
      expect(terrapin!.vulnerable).toBe(exposed);
    }
  });
});

const badKeys = join(process.env['ASSAY_CORPUS'] ?? '../shared/corpus', 'creds/ssh-badkeys/host');

describe.skipIf(sshd === undefined || !existsSync(badKeys))('publicly known host keys', () => {
  test('an RSA and a DSA key of the lists are named', async () => {
    const names: string[] = [];
    for (const file of ['Cisco_RV315W_dsa.key', 'Alice_1121_rsa.key']) {
      const server = new ssh2.Server({ hostKeys: [readFileSync(join(badKeys, file))] }, (client) =>
        client.on('error', () => {}),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const run = await look((server.address() as { port: number }).port);
      for (const key of run.keys.of(sshHostKey)) names.push(`${key.type} ${key.known}`);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    expect(names).toEqual([
      'ssh-dss Cisco RV315W Wireless-N VPN Router (House of Keys)',
      'ssh-rsa ADB DRGA115 (House of Keys)',
    ]);
  });
});

describe.skipIf(dropbear === undefined || audit === undefined)('dropbear', () => {
  let lab: Lab;
  let run: Awaited<ReturnType<typeof look>>;
  let peer: Audited;
  beforeAll(async () => {
    lab = openLab();
    const port = await freePort();
    const key = join(lab.folder, 'key');
    execFileSync('dropbearkey', ['-t', 'rsa', '-s', '1024', '-f', key], { stdio: 'ignore' });
    await lab.start(dropbear!, ['-F', '-E', '-p', `127.0.0.1:${port}`, '-r', key, '-P', join(lab.folder, 'pid')], port);
    run = await look(port);
    peer = audited(port);
  });
  afterAll(() => lab.stop());
  test('a key that it offers and does not have is held back, and leaves nothing open', async () => {
    const port = await freePort();
    const key = join(lab.folder, 'ed25519');
    execFileSync('dropbearkey', ['-t', 'ed25519', '-f', key], { stdio: 'ignore' });
    const place = ['-p', `127.0.0.1:${port}`, '-P', join(lab.folder, 'pid-ed25519')];
    await lab.start(dropbear!, ['-F', '-E', ...place, '-r', key], port);
    const alone = await look(port);
    expect(alone.keys.gaps).toEqual([]);
    expect(alone.keys.of(sshHostKey)).toMatchObject([{ type: 'ssh-ed25519' }]);
  });
  test('it tells what ssh-audit tells, with a small RSA key', () => {
    expect([...run.gaps, ...run.keys.gaps, ...run.logins.gaps]).toEqual([]);
    compare(run, run.keys, peer);
    expect(run.keys.of(sshHostKey)).toMatchObject([{ type: 'ssh-rsa', bits: 1024 }]);
    expect(run.logins.of(sshAuthentication)).toMatchObject([{ password: true }]);
  });
});
