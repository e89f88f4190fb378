/** Telnet, FTP and MQTT probes against real servers. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ftpAccess,
  mqttAccess,
  mqttSubscription,
  netDisclosure,
  netService,
  telnetSession,
} from '../../src/facts/index.ts';
import { ftpAccessProbe } from '../../src/plugins/probes/ftp/access.ts';
import { mqttAccessProbe } from '../../src/plugins/probes/mqtt/access.ts';
import { mqttSubscriptionProbe } from '../../src/plugins/probes/mqtt/subscription.ts';
import { telnetSessionProbe } from '../../src/plugins/probes/telnet/session.ts';
import { listen } from '../support/peers.ts';
import { aFact, endpoint, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

type Protocol = 'telnet' | 'ftp' | 'mqtt';
const service = (port: number, protocol: Protocol, tls = false) =>
  aFact(netService, endpoint(port), { protocol, transport: 'tcp', tls });
const mosquitto = program('mosquitto');
const vsftpd = program('vsftpd');
const telnetd = program('telnetd');

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.stop());

const openssl = (...args: string[]): void => {
  const run = spawnSync('openssl', args, { cwd: lab.folder, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
};

async function broker(lines: readonly string[]): Promise<number> {
  const port = await freePort();
  const file = join(lab.folder, `mosquitto-${port}.conf`);
  writeFileSync(file, [`listener ${port} 127.0.0.1`, 'user root', ...lines, ''].join('\n'));
  await lab.start(mosquitto!, ['-c', file], port);
  return port;
}

describe.skipIf(mosquitto === undefined)('mosquitto', () => {
  test('an open broker takes anyone, by both versions, and shows retained messages', async () => {
    const port = await broker(['allow_anonymous true']);
    spawnSync('mosquitto_pub', ['-p', String(port), '-r', '-t', 'home/lock', '-m', 'open']);
    spawnSync('mosquitto_pub', ['-p', String(port), '-r', '-t', 'home/light', '-m', 'on']);
    const access = await runProbe(mqttAccessProbe, { known: [service(port, 'mqtt')] });
    expect(access.of(mqttAccess)).toEqual([{ anonymous: true, code: 0, tls: false, versions: ['3.1.1', '5'] }]);
    const read = await runProbe(mqttSubscriptionProbe, { known: access.facts });
    expect(read.gaps).toEqual([]);
    const [all, system] = ['#', '$SYS/#'].map((name) =>
      read.of(mqttSubscription).find(({ filter }) => filter === name),
    );
    expect(all).toEqual({ filter: '#', granted: true, messages: 2 });
    expect(system).toMatchObject({ filter: '$SYS/#', granted: true });
    expect(system!.messages).toBeGreaterThan(10);
    expect(read.of(netDisclosure)).toMatchObject([
      { software: 'mosquitto', version: expect.stringMatching(/^\d+\.\d/) },
    ]);
  });
  test('a broker with a password file refuses clients without credentials', async () => {
    const users = join(lab.folder, 'users');
    spawnSync('mosquitto_passwd', ['-b', '-c', users, 'admin', 'secret']);
    const port = await broker(['allow_anonymous false', `password_file ${users}`]);
    const access = await runProbe(mqttAccessProbe, { known: [service(port, 'mqtt')] });
    expect(access.of(mqttAccess)).toEqual([{ anonymous: false, code: 5, tls: false, versions: ['3.1.1', '5'] }]);
    expect((await runProbe(mqttSubscriptionProbe, { known: access.facts })).facts).toEqual([]);
  });
  test('TLS brokers are talked to inside TLS, and one that wants a certificate is left open', async () => {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'key.pem',
      '-out',
      'cert.pem',
      '-days',
      '30',
      '-subj',
      '/CN=broker',
    );
    const tls = [`certfile ${join(lab.folder, 'cert.pem')}`, `keyfile ${join(lab.folder, 'key.pem')}`];
    const port = await broker(['allow_anonymous true', ...tls]);
    const access = await runProbe(mqttAccessProbe, { known: [service(port, 'mqtt', true)] });
    expect(access.of(mqttAccess)).toMatchObject([{ anonymous: true, tls: true, clientCertificate: false }]);
    const strict = await broker([
      'allow_anonymous true',
      ...tls,
      `cafile ${join(lab.folder, 'cert.pem')}`,
      'require_certificate true',
    ]);
    const refused = await runProbe(mqttAccessProbe, { known: [service(strict, 'mqtt', true)] });
    expect(refused.facts).toEqual([]);
    expect(refused.gaps.map((gap) => gap.unseen.kind)).toEqual([expect.stringMatching(/closed|refused/)]);
  });
});

describe.skipIf(vsftpd === undefined)('vsftpd', () => {
  const start = async (lines: readonly string[]): Promise<number> => {
    const port = await freePort();
    const root = join(lab.folder, `ftp-${port}`);
    chmodSync(lab.folder, 0o755);
    mkdirSync(root, { mode: 0o555 });
    mkdirSync(join(lab.folder, 'empty'), { recursive: true, mode: 0o555 });
    const file = join(lab.folder, `vsftpd-${port}.conf`);
    const base = [
      'listen=YES',
      'listen_address=127.0.0.1',
      `listen_port=${port}`,
      'background=NO',
      `anon_root=${root}`,
      `secure_chroot_dir=${join(lab.folder, 'empty')}`,
      'ftp_username=daemon',
      'seccomp_sandbox=NO',
      'isolate=NO',
      'isolate_network=NO',
    ];
    writeFileSync(file, [...base, ...lines, ''].join('\n'));
    await lab.start(vsftpd!, [file], port);
    return port;
  };
  test('anonymous access without TLS is told', async () => {
    const port = await start(['anonymous_enable=YES', 'no_anon_password=NO']);
    const run = await runProbe(ftpAccessProbe, { known: [service(port, 'ftp')] });
    expect(run.gaps).toEqual([]);
    expect(run.of(ftpAccess)).toMatchObject([
      { anonymous: true, authTls: false, banner: expect.stringContaining('vsFTPd') },
    ]);
  });
  test('AUTH TLS and the demand for it are told', async () => {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ftp-key.pem',
      '-out',
      'ftp-cert.pem',
      '-days',
      '30',
      '-subj',
      '/CN=ftp',
    );
    const port = await start([
      'anonymous_enable=NO',
      'local_enable=YES',
      'ssl_enable=YES',
      'force_local_logins_ssl=YES',
      `rsa_cert_file=${join(lab.folder, 'ftp-cert.pem')}`,
      `rsa_private_key_file=${join(lab.folder, 'ftp-key.pem')}`,
    ]);
    const run = await runProbe(ftpAccessProbe, { known: [service(port, 'ftp')] });
    expect(run.gaps).toEqual([]);
    expect(run.of(ftpAccess)).toMatchObject([{ anonymous: false, authTls: true, tlsRequired: true }]);
  });
});

describe.skipIf(telnetd === undefined)('inetutils telnetd', () => {
  const serve = (...args: string[]) =>
    listen((socket) => {
      // telnetd wants a socket as its standard input: a small relay in Python hands it one, as inetd would.
      const relay = spawn('/usr/bin/python3', ['-c', RELAY, telnetd!, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
      socket.pipe(relay.stdin);
      relay.stdout.pipe(socket);
      socket.on('close', () => relay.kill());
    });
  test('it asks for a login', async () => {
    const peer = await serve();
    const run = await runProbe(telnetSessionProbe, { known: [service(peer.port, 'telnet')] });
    await peer.stop();
    expect(run.gaps).toEqual([]);
    expect(run.of(telnetSession)).toMatchObject([{ negotiates: true, asksLogin: true, shellWithoutLogin: false }]);
  });
  test('started with a shell in place of login it gives a shell', async () => {
    const peer = await serve('-E', '/bin/sh');
    const run = await runProbe(telnetSessionProbe, { known: [service(peer.port, 'telnet')] });
    await peer.stop();
    expect(run.gaps).toEqual([]);
    expect(run.of(telnetSession)).toMatchObject([{ negotiates: true, asksLogin: false, shellWithoutLogin: true }]);
  });
});

const RELAY = `
import os, select, socket, sys
server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(1)
client = socket.create_connection(server.getsockname()); side, _ = server.accept()
if os.fork() == 0:
    client.close()
    for fd in (0, 1, 2): os.dup2(side.fileno(), fd)
    os.execv(sys.argv[1], sys.argv[1:])
side.close()
while True:
    ready, _, _ = select.select([0, client], [], [])
    for source in ready:
        data = os.read(0, 4096) if source == 0 else client.recv(4096)
        if not data: sys.exit()
        if source == 0: client.sendall(data)
        else: os.write(1, data)
`;
