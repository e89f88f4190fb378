/** Default logins against real servers, whose accounts are made in a mount namespace of their own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Probe } from '../../src/core/model/gatherer.ts';
import { loginDefault, loginOpen, loginSurface } from '../../src/facts/index.ts';
import { credentialsFtp } from '../../src/plugins/probes/credentials/ftp.ts';
import { credentialsHttpBasic } from '../../src/plugins/probes/credentials/http-basic.ts';
import { credentialsMqtt } from '../../src/plugins/probes/credentials/mqtt.ts';
import { credentialsSsh } from '../../src/plugins/probes/credentials/ssh.ts';
import { credentialsTelnet } from '../../src/plugins/probes/credentials/telnet.ts';
import { aFact, endpoint, type Run, runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const sshd = program('sshd');
const dropbear = program('dropbear');
const vsftpd = program('vsftpd');
const telnetd = program('telnetd');
const mosquitto = program('mosquitto');
const nginx = program('nginx');
/** Own accounts need a mount namespace, which needs root; nothing outside it is touched. */
const namespaces = spawnSync('unshare', ['-m', 'true']).status === 0;

let lab: Lab;
beforeAll(() => {
  lab = openLab();
  chmodSync(lab.folder, 0o755);
  const hash = execFileSync('openssl', ['passwd', '-6', 'admin'], { encoding: 'utf8' }).trim();
  const own = execFileSync('openssl', ['passwd', '-6', 'Very-Own-7'], { encoding: 'utf8' }).trim();
  const file = (name: string, text: string): void => writeFileSync(join(lab.folder, name), text);
  file(
    'passwd',
    'root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\nadmin:x:1500:1500::/tmp:/bin/sh\ndaemon:x:1:1::/usr/sbin:/bin/false\n',
  );
  file(
    'shadow',
    `root:${own}:19000:0:99999:7:::\nadmin:${hash}:19000:0:99999:7:::\nsshd:*:19000::::::\ndaemon:*:19000::::::\n`,
  );
  file(
    'shadow-own',
    `root:${own}:19000:0:99999:7:::\nadmin:${own}:19000:0:99999:7:::\nsshd:*:19000::::::\ndaemon:*:19000::::::\n`,
  );
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(lab.folder, 'key')]);
  mkdirSync('/run/sshd', { recursive: true });
});
afterAll(() => lab.stop());

const isolated = (command: readonly string[], port: number, shadow = 'shadow'): Promise<unknown> => {
  const mounts = `mount --bind ${lab.folder}/passwd /etc/passwd && mount --bind ${lab.folder}/${shadow} /etc/shadow`;
  return lab.start('unshare', ['-m', 'sh', '-c', `${mounts} && exec "$@"`, 'sh', ...command], port);
};

type Protocol = 'ssh' | 'ftp' | 'telnet' | 'mqtt' | 'http-basic';
const attempt = (probe: Probe, protocol: Protocol, port: number, credentialTries = 3): Promise<Run> => {
  const surface = aFact(loginSurface, endpoint(port), { protocol, encrypted: protocol === 'ssh', path: '/' });
  return runProbe(probe, { known: [surface], settings: { credentials: true, credentialTries, state: 'initialised' } });
};
const expectAdmin = (run: Run, proof: RegExp): void => {
  expect(run.of(loginDefault)).toMatchObject([
    { accepted: true, account: 'admin', password: 'admin', state: 'initialised', proof: expect.stringMatching(proof) },
  ]);
  expect(run.of(loginOpen)).toMatchObject([{ open: false }]);
};

describe.skipIf(!namespaces || sshd === undefined)('OpenSSH', () => {
  const start = async (shadow?: string): Promise<number> => {
    const port = await freePort();
    const lines = [`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${join(lab.folder, 'key')}`, 'UsePAM no'];
    lines.push('PermitRootLogin yes', 'PasswordAuthentication yes', 'PidFile none', '');
    const file = join(lab.folder, `sshd-${port}.conf`);
    writeFileSync(file, lines.join('\n'));
    await isolated([sshd!, '-D', '-e', '-f', file], port, shadow);
    return port;
  };
  test('admin/admin is found and proved by a command', async () => {
    expectAdmin(await attempt(credentialsSsh, 'ssh', await start()), /uid=1500/);
  });
  test('with own passwords nothing is found, though the whole list was tried', async () => {
    const run = await attempt(credentialsSsh, 'ssh', await start('shadow-own'), 50);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: true, tried: 50 }]);
  });
});

describe.skipIf(!namespaces || dropbear === undefined)('dropbear', () => {
  test('admin/admin is found, and the limit for one address is no lock-out', async () => {
    const port = await freePort();
    const key = join(lab.folder, 'dropbear-key');
    execFileSync('dropbearkey', ['-t', 'ed25519', '-f', key], { stdio: 'ignore' });
    await isolated(
      [dropbear!, '-F', '-E', '-p', `127.0.0.1:${port}`, '-r', key, '-P', join(lab.folder, 'db.pid')],
      port,
    );
    expectAdmin(await attempt(credentialsSsh, 'ssh', port), /uid=1500/);
  });
  test('own passwords: all fifty pairs are judged', async () => {
    const port = await freePort();
    const key = join(lab.folder, 'dropbear-key');
    await isolated(
      [dropbear!, '-F', '-E', '-p', `127.0.0.1:${port}`, '-r', key, '-P', join(lab.folder, 'db2.pid')],
      port,
      'shadow-own',
    );
    const run = await attempt(credentialsSsh, 'ssh', port, 50);
    expect(run.of(loginDefault)).toMatchObject([{ accepted: false, exhausted: true, tried: 50 }]);
  });
});

describe.skipIf(!namespaces || vsftpd === undefined)('vsftpd', () => {
  test('admin/admin is found', async () => {
    const port = await freePort();
    const file = join(lab.folder, 'vsftpd.conf');
    mkdirSync(join(lab.folder, 'empty'), { mode: 0o555 });
    writeFileSync(
      file,
      [
        'listen=YES',
        'listen_address=127.0.0.1',
        `listen_port=${port}`,
        'background=NO',
        'local_enable=YES',
        'anonymous_enable=NO',
        `secure_chroot_dir=${join(lab.folder, 'empty')}`,
        'nopriv_user=daemon',
        'seccomp_sandbox=NO',
        'isolate=NO',
        'isolate_network=NO',
        'pam_service_name=vsftpd',
        '',
      ].join('\n'),
    );
    await isolated([vsftpd!, file], port);
    expectAdmin(await attempt(credentialsFtp, 'ftp', port), /^230/);
  });
});

/** An accept loop that hands each connection to telnetd, as inetd would. */
const INETD = `
import os, signal, socket, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('127.0.0.1', int(sys.argv[1]))); server.listen(64)
while True:
    client, _ = server.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in (0, 1, 2): os.dup2(client.fileno(), fd)
        os.execv(sys.argv[2], sys.argv[2:])
    client.close()
`;
describe.skipIf(!namespaces || telnetd === undefined)('inetutils telnetd', () => {
  test('admin/admin is found and proved by a command', async () => {
    const port = await freePort();
    await isolated(['/usr/bin/python3', '-c', INETD, String(port), telnetd!], port);
    expectAdmin(await attempt(credentialsTelnet, 'telnet', port), /uid=1500/);
  });
});

describe.skipIf(mosquitto === undefined)('mosquitto', () => {
  test('admin/admin is found', async () => {
    const port = await freePort();
    const users = join(lab.folder, 'users');
    spawnSync('mosquitto_passwd', ['-b', '-c', users, 'admin', 'admin']);
    const file = join(lab.folder, 'mosquitto.conf');
    writeFileSync(file, `listener ${port} 127.0.0.1\nuser root\nallow_anonymous false\npassword_file ${users}\n`);
    await lab.start(mosquitto!, ['-c', file], port);
    expectAdmin(await attempt(credentialsMqtt, 'mqtt', port), /CONNACK code 0/);
  });
});

describe.skipIf(nginx === undefined)('nginx', () => {
  test('admin/admin by Basic is found', async () => {
    const port = await freePort();
    const hash = execFileSync('openssl', ['passwd', '-apr1', 'admin'], { encoding: 'utf8' }).trim();
    writeFileSync(join(lab.folder, 'htpasswd'), `admin:${hash}\n`, { mode: 0o644 });
    mkdirSync(join(lab.folder, 'www'), { mode: 0o755 });
    writeFileSync(join(lab.folder, 'www/index.html'), '<h1>camera</h1>', { mode: 0o644 });
    const file = join(lab.folder, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off; pid ${lab.folder}/nginx.pid; error_log /dev/null; events {} http { access_log off; server { listen 127.0.0.1:${port}; root ${lab.folder}/www; auth_basic camera; auth_basic_user_file ${lab.folder}/htpasswd; } }`,
    );
    await lab.start(nginx!, ['-c', file], port);
    expectAdmin(await attempt(credentialsHttpBasic, 'http-basic', port), /GET \/ 200/);
  });
});
