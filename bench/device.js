/**
 * The device side against its peers, whole processes in turns (`node bench/device.js [ROUNDS] [--long]`): all ports of
 * loopback, TLS of one port, start-up; with --long also testssl.sh and the versions of all services.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { has, race, tell, timed, workshop } from './support.js';

const ROUNDS = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 5);
const LONG = process.argv.includes('--long');
const place = workshop();
const assay = (...args) => timed(process.execPath, ['bin/assay.js', ...args], [0, 1, 3]);
const gather = (name, ...args) =>
  assay('gather', ...args, '--quiet', '--out', join(place.folder, `${name}-${performance.now()}`));
const TLS = [
  '--only',
  'tls/protocols',
  '--only',
  'tls/groups',
  '--only',
  'tls/certificate',
  '--only',
  'tls/configuration',
];

async function servers() {
  const subject = ['-subj', '/CN=camera', '-days', '30', '-nodes'];
  spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:1024', '-keyout', 'k.pem', '-out', 'c.pem', ...subject], {
    cwd: place.folder,
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${place.folder}/${name};`)
    .join(' ');
  const site = (port, settings) =>
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${place.folder}/c.pem; ssl_certificate_key ${place.folder}/k.pem; ${settings} }`;
  const camera = site(14443, 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0;');
  const hub = site(15443, 'ssl_protocols TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;');
  const text = `daemon off; pid ${place.folder}/pid; error_log /dev/null; events {} http { access_log off; ${temporary} ${camera} ${hub} }`;
  await place.start(14443, 'nginx', '-c', place.file('nginx.conf', text));
}

try {
  const device = ['--device', '127.0.0.1', '--pace', 'fast'];
  tell(
    'start: --version, against a Node that does nothing',
    race(ROUNDS * 2, {
      'assay --version': () => assay('--version'),
      'node -e 0': () => timed(process.execPath, ['-e', '0']),
    }),
    { 'node -e 0': 3 },
  );
  const nothing = place.file('nothing.bin', ' ');
  tell(
    'start: a scan that finds nothing, against a Node that does nothing',
    race(ROUNDS * 2, {
      'assay scan': () => assay('scan', nothing, '--quiet'),
      'node -e 0': () => timed(process.execPath, ['-e', '0']),
    }),
    { 'node -e 0': 4 },
  );
  if (has('nmap')) {
    tell(
      '65,535 TCP ports of loopback',
      race(ROUNDS, {
        'assay gather --only net/ports --ports all': () =>
          gather('ports', ...device, '--ports', 'all', '--only', 'net/ports'),
        'nmap -sT -Pn -n -p- -T4': () => timed('nmap', ['-sT', '-Pn', '-n', '-p-', '-T4', '127.0.0.1']),
      }),
      { 'nmap -sT -Pn -n -p- -T4': 2.2 },
      220,
    );
  }
  await servers();
  for (const [name, port] of [
    ['camera, TLS 1.0 to 1.2', '14443'],
    ['hub, TLS 1.3', '15443'],
  ]) {
    const contestants = { 'assay gather --only tls/…': () => gather('tls', ...device, '--ports', port, ...TLS) };
    if (has('sslscan')) contestants['sslscan'] = () => timed('sslscan', ['--no-colour', `127.0.0.1:${port}`]);
    const scripts = ['-Pn', '-n', '-p', port, '--script', '+ssl-enum-ciphers,+ssl-cert', '127.0.0.1'];
    if (has('nmap')) contestants['nmap ssl-enum-ciphers, ssl-cert'] = () => timed('nmap', scripts);
    const limits = { sslscan: 3, 'nmap ssl-enum-ciphers, ssl-cert': 2, 'testssl --fast': 0.02 };
    tell(`TLS of one port: ${name}`, race(ROUNDS, contestants), limits);
    if (!LONG || !has('testssl')) continue;
    const slow = () =>
      timed(
        'testssl',
        ['--fast', '--quiet', '--color', '0', `127.0.0.1:${port}`],
        Array.from({ length: 256 }, (_, code) => code),
      );
    const [[own, run]] = Object.entries(contestants);
    tell(`TLS of one port, slow peers: ${name}`, race(1, { [own]: run, 'testssl --fast': slow }), limits);
  }
} finally {
  place.close();
}
