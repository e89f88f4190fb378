/**
 * A camera of eight real servers on one loopback address and at their standard ports: nginx (TLS 1.0 to 1.2, RSA 1024),
 * lighttpd (Basic), dropbear, inetutils-telnetd, vsftpd, mosquitto, snmpd, coap-server. The account admin/admin is made in
 * a mount namespace of their own, which needs root; every process is stopped by its id.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

export const CAMERA = '127.0.77.1';
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
const path = (name) => {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { env: { ...process.env, PATH }, encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
};
const coap = () => path('coap-server-openssl') ?? path('coap-server') ?? path('coap-server-gnutls');

/** The programs that are missing here, `root` among them where own accounts can not be made. */
export function missing() {
  const programs = [
    'nginx',
    'lighttpd',
    'dropbear',
    'dropbearkey',
    'telnetd',
    'vsftpd',
    'mosquitto',
    'snmpd',
    'python3',
  ];
  const absent = programs.filter((name) => path(name) === undefined);
  if (coap() === undefined) absent.push('coap-server');
  if (spawnSync('unshare', ['-m', 'true']).status !== 0) absent.push('root');
  return absent;
}

/** An accept loop that hands each connection to a program, as inetd would. */
const INETD = `
import os, signal, socket, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[1], int(sys.argv[2]))); server.listen(64)
while True:
    client, _ = server.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in (0, 1, 2): os.dup2(client.fileno(), fd)
        os.execv(sys.argv[3], sys.argv[3:])
    client.close()
`;

/** Starts all eight in `folder` at `address`; resolves, once the TCP ones listen, with what stops them. */
export async function startCamera(folder, address = CAMERA) {
  const children = [];
  const file = (name, text) => {
    writeFileSync(join(folder, name), text, { mode: 0o644 });
    return join(folder, name);
  };
  const run = (command, ...args) =>
    children.push(
      spawn(command, args, { stdio: 'ignore', cwd: folder, env: { ...process.env, PATH, ...SNMP(folder) } }),
    );
  /** The same, with the camera's accounts in place of the machine's. */
  const mounts = `mount --bind ${folder}/passwd /etc/passwd && mount --bind ${folder}/shadow /etc/shadow && exec "$@"`;
  const own = (...command) => run('unshare', '-m', 'sh', '-c', mounts, 'sh', ...command);
  prepare(folder, file);
  const site = `server { listen ${address}:443 ssl; root ${folder}/www; ssl_certificate ${folder}/c.pem; ssl_certificate_key ${folder}/k.pem; ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0; }`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  const nginx = `daemon off; pid ${folder}/nginx.pid; error_log /dev/null; events {} http { access_log off; ${temporary} ${site} }`;
  run('nginx', '-c', file('nginx.conf', nginx));
  run('lighttpd', '-D', '-f', file('lighttpd.conf', lighttpd(folder, address)));
  own(
    path('dropbear'),
    '-F',
    '-E',
    '-r',
    join(folder, 'rsa'),
    '-r',
    join(folder, 'ed'),
    '-p',
    `${address}:22`,
    '-P',
    join(folder, 'dropbear.pid'),
  );
  own('python3', '-c', INETD, address, '23', path('telnetd'));
  own(path('vsftpd'), file('vsftpd.conf', vsftpd(folder, address)));
  run('mosquitto', '-c', file('mosquitto.conf', `listener 1883 ${address}\nuser root\nallow_anonymous true\n`));
  run(
    'snmpd',
    '-f',
    '-Lo',
    '-C',
    '-c',
    file('snmpd.conf', `rocommunity public\nagentaddress udp:${address}:161\nsysDescr Camera 1.2\n`),
    '-I',
    '-smux',
    '-p',
    join(folder, 'snmpd.pid'),
  );
  run(coap(), '-A', address, '-p', '5683');
  try {
    for (const port of [21, 22, 23, 80, 443, 1883]) await listening(address, port);
    // The two of UDP do not show when they are ready.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  } catch (thrown) {
    stop(children);
    throw thrown;
  }
  return { address, stop: () => stop(children) };
}

const SNMP = (folder) => ({ SNMP_PERSISTENT_DIR: join(folder, 'snmp') });

function stop(children) {
  for (const child of children) child.kill();
}

function prepare(folder, file) {
  chmodSync(folder, 0o755);
  for (const name of ['www', 'empty', 'ftp', 'home']) mkdirSync(join(folder, name), { mode: 0o755 });
  file('www/index.html', '<html><title>Camera</title><h1>Camera</h1></html>');
  const made = (command, ...args) =>
    spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, PATH } }).stdout.trim();
  const hash = made('openssl', 'passwd', '-6', 'admin');
  const apache = made('openssl', 'passwd', '-apr1', 'admin');
  const accounts = [
    'root:x:0:0:root:/root:/bin/sh',
    'daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    `admin:x:1500:1500::${folder}/home:/bin/sh`,
  ];
  file('passwd', `${accounts.join('\n')}\n`);
  file(
    'shadow',
    `root:*:19000:0:99999:7:::\ndaemon:*:19000::::::\nnobody:*:19000::::::\nadmin:${hash}:19000:0:99999:7:::\n`,
  );
  file('htpasswd', `admin:${apache}\n`);
  made(
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'rsa:1024',
    '-keyout',
    'k.pem',
    '-out',
    'c.pem',
    '-subj',
    '/CN=camera',
    '-days',
    '30',
    '-nodes',
  );
  made('dropbearkey', '-t', 'rsa', '-s', '2048', '-f', 'rsa');
  made('dropbearkey', '-t', 'ed25519', '-f', 'ed');
}

const lighttpd = (folder, address) => `server.document-root = "${folder}/www"
server.bind = "${address}"
server.port = 80
server.modules = ("mod_auth", "mod_authn_file")
index-file.names = ("index.html")
auth.backend = "htpasswd"
auth.backend.htpasswd.userfile = "${folder}/htpasswd"
auth.require = ("/" => ("method" => "basic", "realm" => "camera", "require" => "valid-user"))
`;

const vsftpd = (folder, address) => `listen=YES
listen_address=${address}
listen_port=21
background=NO
local_enable=YES
anonymous_enable=NO
ftp_username=daemon
secure_chroot_dir=${folder}/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
`;

async function listening(address, port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, address, () => {
        socket.destroy();
        resolve(true);
      }).on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${address}:${port}`);
}
