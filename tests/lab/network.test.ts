/**
 * Ports and services of real servers, compared with `nmap -sT -sV`. nmap names services by its own words: the table below
 * says which of ours is meant. Where nmap says `tcpwrapped` or nothing, ours may say more.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { netDisclosure, netPort, netService } from '../../src/facts/index.ts';
import { netDisclosureProbe } from '../../src/plugins/probes/net/disclosure.ts';
import { netPorts } from '../../src/plugins/probes/net/ports.ts';
import { netServices } from '../../src/plugins/probes/net/services.ts';
import { loopback } from '../support/door.ts';
import { runProbe } from '../support/probe.ts';
import { freePort, type Lab, openLab, program } from '../support/process.ts';

const need = ['nmap', 'openssl', 'dropbear', 'nginx', 'lighttpd', 'mosquitto', 'busybox'];
const missing = need.filter((name) => program(name) === undefined);
const HOST = { kind: 'host', host: '127.0.0.1' } as const;

/** nmap's word for a protocol, as ours. */
const WORDS: { readonly [nmap: string]: string } = {
  http: 'http',
  https: 'http',
  ssh: 'ssh',
  mqtt: 'mqtt',
  'secure-mqtt': 'mqtt',
  'mosquitto version 2.0.11': 'mqtt',
  telnet: 'telnet',
  ftp: 'ftp',
};

interface Named {
  readonly port: number;
  readonly service: string;
  readonly tls: boolean;
}

function nmap(ports: readonly number[]): readonly Named[] {
  const args = ['-sT', '-sV', '-Pn', '-n', '-p', ports.join(','), '-oX', '-', '127.0.0.1'];
  const { stdout } = spawnSync('nmap', args, { encoding: 'utf8', timeout: 170_000 });
  return [
    ...stdout.matchAll(/<port protocol="tcp" portid="(\d+)"><state state="open"[^>]*\/>(?:<service ([^>]*)>)?/g),
  ].map(([, port, service = '']) => ({
    port: Number(port),
    service: /name="([^"]*)"/.exec(service)?.[1] ?? '',
    tls: service.includes('tunnel="ssl"'),
  }));
}

describe.skipIf(missing.length > 0)(`a lab of seven servers (missing: ${missing.join(' ') || 'nothing'})`, () => {
  let lab: Lab;
  const ports: { [name: string]: number } = {};
  const file = (name: string): string => join(lab.folder, name);

  beforeAll(async () => {
    lab = openLab();
    for (const name of ['ssh', 'nginx', 'nginxs', 'lighttpd', 'mqtt', 'mqtts', 'httpd']) ports[name] = await freePort();
    spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-keyout',
        'k.pem',
        '-out',
        'c.pem',
        '-subj',
        '/CN=cam',
        '-days',
        '9',
        '-nodes',
      ],
      { cwd: lab.folder },
    );
    spawnSync('dropbearkey', ['-t', 'ecdsa', '-f', file('host')]);
    mkdirSync(file('www'));
    writeFileSync(file('www/index.html'), '<title>cam</title>');
    writeFileSync(
      file('nginx.conf'),
      `daemon off; pid ${file('n.pid')}; error_log stderr; events {} http { access_log off;
       client_body_temp_path ${file('t1')}; proxy_temp_path ${file('t2')}; fastcgi_temp_path ${file('t3')}; uwsgi_temp_path ${file('t4')}; scgi_temp_path ${file('t5')};
       server { listen 127.0.0.1:${ports['nginx']}; listen 127.0.0.1:${ports['nginxs']} ssl; ssl_certificate ${file('c.pem')}; ssl_certificate_key ${file('k.pem')}; root ${file('www')}; } }`,
    );
    writeFileSync(
      file('lighttpd.conf'),
      `server.document-root = "${file('www')}"\nserver.port = ${ports['lighttpd']}\nserver.bind = "127.0.0.1"\nindex-file.names = ("index.html")\n`,
    );
    writeFileSync(
      file('mqtt.conf'),
      `user root\nallow_anonymous true\nlistener ${ports['mqtt']} 127.0.0.1\nlistener ${ports['mqtts']} 127.0.0.1\ncertfile ${file('c.pem')}\nkeyfile ${file('k.pem')}\n`,
    );
    await lab.start(
      program('dropbear')!,
      ['-F', '-E', '-r', file('host'), '-p', `127.0.0.1:${ports['ssh']}`, '-P', file('d.pid')],
      ports['ssh'],
    );
    await lab.start(program('nginx')!, ['-p', lab.folder, '-c', file('nginx.conf'), '-e', 'stderr'], ports['nginx']);
    await lab.start(program('lighttpd')!, ['-D', '-f', file('lighttpd.conf')], ports['lighttpd']);
    await lab.start(program('mosquitto')!, ['-c', file('mqtt.conf')], ports['mqtts']);
    await lab.start(
      program('busybox')!,
      ['httpd', '-f', '-p', `127.0.0.1:${ports['httpd']}`, '-h', file('www')],
      ports['httpd'],
    );
  });
  afterAll(() => lab.stop());

  test('ports and services equal nmap -sT -sV', async () => {
    const dial = loopback();
    const found = await runProbe(netPorts, { subjects: [HOST], settings: { ports: 'all' }, dial });
    const mine = Object.values(ports);
    expect(found.of(netPort).map(({ port }) => port)).toEqual(expect.arrayContaining(mine));
    const known = found.facts.filter(({ subject }) => subject.kind === 'endpoint' && mine.includes(subject.port));
    const started = performance.now();
    const services = await runProbe(netServices, { subjects: known.map(({ subject }) => subject) as [], dial });
    expect(services.gaps).toEqual([]);
    const seen = services.facts.map(({ subject, data }) => ({
      port: subject.kind === 'endpoint' ? subject.port : 0,
      ...(data as { protocol: string; tls: boolean }),
    }));
    for (const { port, service, tls } of nmap(mine)) {
      const ours = seen.find((one) => one.port === port);
      // nmap 7.93 reads `mosquitto version …` out of $SYS only where it may subscribe; by a test it says `mqtt`.
      if (WORDS[service] === undefined) continue;
      expect({ port, protocol: ours?.protocol, tls: ours?.tls }).toEqual({ port, protocol: WORDS[service], tls });
    }
    expect(
      Object.entries(ports).map(([name, port]) => [name, seen.find((one) => one.port === port)?.protocol]),
    ).toEqual([
      ['ssh', 'ssh'],
      ['nginx', 'http'],
      ['nginxs', 'http'],
      ['lighttpd', 'http'],
      ['mqtt', 'mqtt'],
      ['mqtts', 'mqtt'],
      ['httpd', 'http'],
    ]);
    expect(performance.now() - started).toBeLessThan(170_000);
    const told = await runProbe(netDisclosureProbe, { known: services.facts, dial });
    expect(
      told
        .of(netDisclosure)
        .map(({ software }) => software)
        .sort((a, b) => (a < b ? -1 : 1)),
    ).toEqual(['Dropbear', 'lighttpd', 'nginx', 'nginx']);
    expect(services.of(netService).find(({ product }) => product === 'Dropbear')?.cpe).toMatch(
      /^cpe:2\.3:a:dropbear_ssh_project:dropbear_ssh:20\d\d/,
    );
  });
});
