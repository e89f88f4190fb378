/** The SSH probes against a server of Node's own making and against peers that misbehave. */
import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  netService,
  sshAlgorithm,
  sshAuthentication,
  sshHostKey,
  sshProtocol,
  sshTerrapin,
} from '../../../../src/facts/index.ts';
import { sshAlgorithms } from '../../../../src/plugins/probes/ssh/algorithms.ts';
import { sshAuthenticationProbe } from '../../../../src/plugins/probes/ssh/authentication.ts';
import { sshDhGroups } from '../../../../src/plugins/probes/ssh/dh-groups.ts';
import { sshHostKeys } from '../../../../src/plugins/probes/ssh/host-keys.ts';
import { listen, ODD_PEERS } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const service = (port: number) => aFact(netService, endpoint(port), { protocol: 'ssh', transport: 'tcp', tls: false });

describe('an ssh2 server with an RSA key', () => {
  let port = 0;
  let server: InstanceType<typeof ssh2.Server>;
  let openToNone = false;
  let guardsRoot = false;
  beforeAll(async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    server = new ssh2.Server({ hostKeys: [privateKey], ident: 'camera-1.2' }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (attempt) => {
        if (openToNone) attempt.accept();
        else attempt.reject([guardsRoot && attempt.username === 'root' ? 'publickey' : 'password']);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  test('versions, algorithms with ratings and Terrapin are told', async () => {
    const run = await runProbe(sshAlgorithms, { known: [service(port)] });
    expect(run.gaps).toEqual([]);
    expect(run.of(sshProtocol)).toEqual([{ versions: ['2'], software: 'camera-1.2', banner: 'SSH-2.0-camera-1.2' }]);
    const names = run.of(sshAlgorithm).map((one) => `${one.kind} ${one.name} ${one.rating}`);
    expect(names).toContain('kex curve25519-sha256 good');
    expect(names).toContain('host-key ssh-rsa weak');
    expect(names.filter((name) => name.includes('kex-strict') || name.includes('ext-info'))).toEqual([]);
    expect(run.of(sshTerrapin)).toHaveLength(1);
  });

  test('its host key is fetched once, with size and SPKI', async () => {
    const first = await runProbe(sshAlgorithms, { known: [service(port)] });
    const run = await runProbe(sshHostKeys, { known: first.facts });
    expect(run.gaps).toEqual([]);
    expect(run.of(sshHostKey)).toMatchObject([
      { type: 'ssh-rsa', bits: 2048, spki: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  test('methods are asked without a login, and an open server is told', async () => {
    const first = await runProbe(sshAlgorithms, { known: [service(port)] });
    openToNone = false;
    const closed = await runProbe(sshAuthenticationProbe, { known: first.facts });
    expect(closed.of(sshAuthentication)).toMatchObject([
      { methods: ['password'], password: true, noneAccepted: false },
    ]);
    guardsRoot = true;
    const guarded = await runProbe(sshAuthenticationProbe, { known: first.facts });
    expect(guarded.of(sshAuthentication)).toMatchObject([{ password: true, user: 'assay-nobody' }]);
    openToNone = true;
    const open = await runProbe(sshAuthenticationProbe, { known: first.facts });
    expect(open.of(sshAuthentication)).toMatchObject([{ noneAccepted: true }]);
  });
});

test('a version 1 server is named, and its algorithms are left open', async () => {
  const peer = await listen((socket) => socket.write('SSH-1.5-old\n'));
  const run = await runProbe(sshAlgorithms, { known: [service(peer.port)] });
  expect(run.of(sshProtocol)).toMatchObject([{ versions: ['1'], software: 'old' }]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'unsupported' }, facts: ['ssh.algorithm', 'ssh.terrapin'] }]);
  await peer.stop();
});

test.concurrent.each(Object.keys(ODD_PEERS))('a peer that %s leaves a gap and no fact', async (what) => {
  const peer = await listen(ODD_PEERS[what]!);
  const started = Date.now();
  const algorithm = aFact(sshAlgorithm, endpoint(peer.port), {
    kind: 'kex',
    name: 'diffie-hellman-group-exchange-sha256',
    rating: 'good',
    weaknesses: [],
  });
  const key = { ...algorithm, data: { ...algorithm.data, kind: 'host-key' as const, name: 'ssh-ed25519' } };
  const runs = await Promise.all([
    runProbe(sshAlgorithms, { known: [service(peer.port)] }),
    runProbe(sshHostKeys, { known: [key] }),
    runProbe(sshAuthenticationProbe, { known: [algorithm] }),
  ]);
  for (const run of runs) {
    expect(run.facts.filter((fact) => fact.type !== 'ssh.protocol')).toEqual([]);
    expect(run.gaps.length).toBeGreaterThan(0);
    for (const gap of run.gaps) expect(gap.unseen.kind).not.toBe('bug');
  }
  expect(Date.now() - started).toBeLessThan(12_000);
  await peer.stop();
});

test('without a group exchange on offer no group is asked for', async () => {
  const algorithm = aFact(sshAlgorithm, endpoint(1), {
    kind: 'kex',
    name: 'curve25519-sha256',
    rating: 'good',
    weaknesses: [],
  });
  const run = await runProbe(sshDhGroups, { known: [algorithm] });
  expect(run).toMatchObject({ facts: [], gaps: [] });
});
