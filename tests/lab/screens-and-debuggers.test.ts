/** VNC by TigerVNC and the remote protocol by gdbserver: found by behaviour, looked into, and named as nmap names them. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  debugAccess,
  loginDefault,
  loginOpen,
  loginSurface,
  loginThrottling,
  netPort,
  netService,
  vncSecurity,
} from '../../src/facts/index.ts';
import { credentialsSurfaces } from '../../src/plugins/probes/credentials/surfaces.ts';
import { credentialsVnc } from '../../src/plugins/probes/credentials/vnc.ts';
import { debugAccessProbe } from '../../src/plugins/probes/debug/access.ts';
import { netServices } from '../../src/plugins/probes/net/services.ts';
import { vncSecurityProbe } from '../../src/plugins/probes/vnc/security.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const vnc = program('tigervncpasswd') === undefined ? undefined : program('Xtigervnc');
const gdbserver = program('gdbserver');

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.stop());

const recognise = (port: number): Promise<Run> =>
  runProbe(netServices, { known: [aFact(netPort, endpoint(port), { transport: 'tcp', port })] });
const nmap = (port: number): string => {
  const args = ['-sT', '-sV', '-Pn', '-n', '-p', String(port), '-oX', '-', '127.0.0.1'];
  const { stdout } = spawnSync('nmap', args, { encoding: 'utf8', timeout: 120_000 });
  return /<service name="([^"]*)"/.exec(stdout ?? '')?.[1] ?? '';
};

describe.skipIf(vnc === undefined)('TigerVNC', () => {
  let display = 70;
  const start = async (...args: string[]): Promise<number> => {
    const port = await freePort();
    display += 1;
    const usual = ['-localhost', '-rfbport', String(port), '-geometry', '320x240', '-nolisten', 'tcp'];
    // Each connection that ends before the login counts as a failed one: how many there are hangs on how soon it speaks.
    const patient = ['-BlacklistThreshold', '1000'];
    await lab.start(vnc!, [`:${display}`, ...usual, ...patient, ...args], port);
    return port;
  };
  test('a screen that anyone may see is open access', async () => {
    const port = await start('-SecurityTypes', 'None');
    const found = await recognise(port);
    expect(found.of(netService)).toMatchObject([{ protocol: 'vnc' }]);
    const seen = await runProbe(vncSecurityProbe, { known: found.facts });
    expect(seen.of(vncSecurity)).toMatchObject([{ types: ['none'], none: true, version: '3.8' }]);
    const surfaces = await runProbe(credentialsSurfaces, { known: [...found.facts, ...seen.facts] });
    expect(surfaces.of(loginOpen)).toMatchObject([{ protocol: 'vnc', open: true, how: 'no-credentials' }]);
    if (program('nmap') !== undefined) expect(nmap(port)).toBe('vnc');
  });
  test('a known password is found, and its server asks for one', async () => {
    const file = join(lab.folder, 'vnc-password');
    writeFileSync(file, spawnSync('tigervncpasswd', ['-f'], { input: 'password\n' }).stdout);
    const port = await start('-SecurityTypes', 'VncAuth', '-PasswordFile', file);
    const found = await recognise(port);
    const seen = await runProbe(vncSecurityProbe, { known: found.facts });
    expect(seen.of(vncSecurity)).toMatchObject([{ types: ['vnc'], none: false }]);
    const surfaces = await runProbe(credentialsSurfaces, { known: [...found.facts, ...seen.facts] });
    const tried = await runProbe(credentialsVnc, {
      known: surfaces.facts,
      settings: { credentials: true, credentialTries: 3 },
    });
    expect(tried.of(loginDefault)).toMatchObject([{ accepted: true, password: 'password' }]);
  });
  test('a server that shuts wrong passwords out is told as throttling', async () => {
    const file = join(lab.folder, 'vnc-own');
    writeFileSync(file, spawnSync('tigervncpasswd', ['-f'], { input: 'V3ryOwn7\n' }).stdout);
    const port = await start('-SecurityTypes', 'VncAuth', '-PasswordFile', file, '-BlacklistThreshold', '3');
    // Not looked at before, which its count would have noticed.
    const surface = aFact(loginSurface, endpoint(port), { protocol: 'vnc', encrypted: false });
    const tried = await runProbe(credentialsVnc, {
      known: [surface],
      settings: { credentials: true, credentialTries: 20 },
    });
    expect(tried.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: false }]);
    expect(tried.gaps.map(({ unseen }) => unseen.kind)).toContain('locked-out');
    expect(tried.of(loginThrottling)).toMatchObject([{ throttled: true, signal: 'lock-out' }]);
  });
});

describe.skipIf(gdbserver === undefined)('gdbserver', () => {
  test('it is found after a port scan touched it, and can be used by anyone', async () => {
    const port = await freePort();
    await lab.start(gdbserver!, [`127.0.0.1:${port}`, '/bin/sleep', '100'], port);
    const found = await recognise(port);
    expect(found.of(netService)).toMatchObject([{ protocol: 'gdb' }]);
    const access = await runProbe(debugAccessProbe, { known: found.facts });
    expect(access.of(debugAccess)).toMatchObject([
      { interface: 'gdb', open: true, how: expect.stringContaining('PacketSize') },
    ]);
  });
});
