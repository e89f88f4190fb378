/** Stores, small web servers and CUPS as Debian delivers them: named as nmap names them, and what serves whoever connects. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpService, netAccess, netPort, netService, sshAlgorithm, sshTerrapin } from '../../src/facts/index.ts';
import { httpBesideTls } from '../../src/plugins/probes/http/beside-tls.ts';
import { httpServiceProbe } from '../../src/plugins/probes/http/service.ts';
import { netServices } from '../../src/plugins/probes/net/services.ts';
import { sshAlgorithms } from '../../src/plugins/probes/ssh/algorithms.ts';
import { loopback } from '../support/door.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const [redis, memcached, mini, webfs] = ['redis-server', 'memcached', 'mini_httpd', 'webfsd'].map(program);
const [cups, tiny, nmap] = ['cupsd', 'tinysshd', 'nmap'].map(program);

let lab: Lab;
const file = (name: string): string => join(lab.folder, name);
beforeAll(() => {
  lab = openLab();
  chmodSync(lab.folder, 0o755);
  mkdirSync(file('www'));
  writeFileSync(file('www/index.html'), '<title>hub</title>');
});
afterAll(() => lab.stop());

const look = (port: number): Promise<Run> =>
  runProbe(netServices, { known: [aFact(netPort, endpoint(port), { transport: 'tcp', port })], dial: loopback() });

/** nmap's own word, undefined where it is not here or was not sure. */
function named(port: number): string | undefined {
  if (nmap === undefined) return undefined;
  const args = ['-sT', '-sV', '-Pn', '-n', '-p', String(port), '-oX', '-', '127.0.0.1'];
  const { stdout } = spawnSync(nmap, args, { encoding: 'utf8', timeout: 120_000 });
  return /<service name="([^"]*)"[^>]*method="probed"/.exec(stdout ?? '')?.[1];
}

describe.skipIf(redis === undefined)('Redis', () => {
  const start = async (...more: readonly string[]): Promise<number> => {
    const port = await freePort();
    await lab.start(redis!, ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', ...more], port);
    return port;
  };
  test('without a password it serves whoever connects, in clear', async () => {
    const port = await start();
    const run = await look(port);
    expect(run.of(netService)).toMatchObject([{ protocol: 'redis', tls: false, inClear: true }]);
    expect(run.of(netAccess)).toMatchObject([{ protocol: 'redis', open: true }]);
    expect([undefined, 'redis']).toContain(named(port));
  });
  test('with one it is told, and serves nobody', async () => {
    const run = await look(await start('--requirepass', 'Very-Own-7'));
    expect(run.of(netService)).toMatchObject([{ protocol: 'redis', inClear: true }]);
    expect(run.of(netAccess)).toEqual([]);
  });
});

describe.skipIf(memcached === undefined)('memcached', () => {
  test('it serves whoever connects', async () => {
    const port = await freePort();
    await lab.start(memcached!, ['-u', 'nobody', '-l', '127.0.0.1', '-p', `${port}`], port);
    const run = await look(port);
    expect(run.of(netService)).toMatchObject([{ protocol: 'memcached', inClear: true }]);
    expect(run.of(netAccess)).toMatchObject([{ protocol: 'memcached', open: true }]);
    expect([undefined, 'memcached']).toContain(named(port));
  });
});

describe.skipIf(mini === undefined)('mini_httpd', () => {
  test('it is told with its version', async () => {
    const port = await freePort();
    await lab.start(mini!, ['-D', '-h', '127.0.0.1', '-p', `${port}`, '-d', file('www'), '-u', 'nobody'], port);
    expect((await look(port)).of(netService)).toMatchObject([
      { protocol: 'http', tls: false, product: 'mini_httpd', version: expect.stringMatching(/^1\./) },
    ]);
  });
});

describe.skipIf(webfs === undefined)('webfs', () => {
  test('it is told with its version', async () => {
    const port = await freePort();
    await lab.start(webfs!, ['-F', '-i', '127.0.0.1', '-p', `${port}`, '-r', file('www')], port);
    expect((await look(port)).of(netService)).toMatchObject([
      { protocol: 'http', tls: false, product: 'webfs', version: expect.stringMatching(/^1\./) },
    ]);
  });
});

describe.skipIf(cups === undefined)('CUPS', () => {
  test('it serves HTTP and HTTPS on one port, and both are told', async () => {
    const port = await freePort();
    for (const name of ['cache', 'state', 'ssl', 'root', 'spool', 'tmp', 'docs']) mkdirSync(file(`cups-${name}`));
    writeFileSync(
      file('cups-files.conf'),
      `ServerRoot ${file('cups-root')}\nCacheDir ${file('cups-cache')}\nStateDir ${file('cups-state')}\nRequestRoot ${file('cups-spool')}
TempDir ${file('cups-tmp')}\nServerKeychain ${file('cups-ssl')}\nDocumentRoot ${file('cups-docs')}\nErrorLog stderr\nAccessLog stderr\nPageLog stderr\n`,
    );
    writeFileSync(
      file('cupsd.conf'),
      `Listen 127.0.0.1:${port}\nBrowsing Off\nDefaultEncryption IfRequested\n<Location />\nOrder allow,deny\n</Location>\n`,
    );
    await lab.start(cups!, ['-f', '-c', file('cupsd.conf'), '-s', file('cups-files.conf')], port);
    const services = await look(port);
    expect(services.of(netService)).toMatchObject([
      { protocol: 'http', tls: true, banner: expect.stringMatching(/^CUPS/) },
    ]);
    const inside = await runProbe(httpServiceProbe, { known: services.facts, dial: loopback() });
    const beside = await runProbe(httpBesideTls, { known: services.facts, dial: loopback() });
    const schemes = [...inside.of(httpService), ...beside.of(httpService)].map(({ scheme }) => scheme);
    expect(schemes).toEqual(['https', 'http']);
    expect(beside.of(httpService)).toMatchObject([{ servesContent: true }]);
  });
});

describe.skipIf(tiny === undefined || program('tinysshd-makekey') === undefined)('tinysshd', () => {
  test('its few algorithms equal ssh-audit, and it is open to Terrapin', async () => {
    spawnSync('tinysshd-makekey', [file('tiny')]);
    const port = await freePort();
    await lab.start('python3', ['-c', INETD, `${port}`, tiny!, '-v', file('tiny')], port);
    const run = await runProbe(sshAlgorithms, {
      known: [aFact(netService, endpoint(port), { protocol: 'ssh', transport: 'tcp', tls: false })],
    });
    const ours = run.of(sshAlgorithm).filter(({ kind }) => kind !== 'compression');
    const audit = program('ssh-audit');
    if (audit !== undefined) {
      const { stdout } = spawnSync(audit, ['-n', '-b', '-p', `${port}`, '127.0.0.1'], { encoding: 'utf8' });
      const theirs = [...stdout.matchAll(/^\((?:kex|key|enc|mac)\) (\S+)/gm)].map(([, name = '']) => name);
      expect(new Set(ours.map(({ name }) => name))).toEqual(new Set(theirs));
    }
    expect(run.of(sshTerrapin)).toMatchObject([{ vulnerable: true, strictKex: false }]);
  });
});

/** An accept loop that hands each connection to a program, as inetd would. */
const INETD = `
import os, signal, socket, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('127.0.0.1', int(sys.argv[1]))); server.listen(64)
while True:
    client, _ = server.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in (0, 1): os.dup2(client.fileno(), fd)
        os.execv(sys.argv[2], sys.argv[2:])
    client.close()
`;
