/** mDNS of a real avahi, in a network and mount namespace of its own, by the built command. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, openLab, program } from '../support/process.ts';

const avahi = program('avahi-daemon');
const namespaces = spawnSync('unshare', ['-n', '-m', 'true']).status === 0 && program('ip') !== undefined;

let lab: Lab;
beforeAll(() => {
  lab = openLab();
});
afterAll(() => lab.stop());

const CONFIGURATION = `[server]
host-name=camera
use-ipv6=no
enable-dbus=no
allow-interfaces=unit
[wide-area]
enable-wide-area=no
`;
const SERVICE = `<?xml version="1.0" standalone='no'?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Camera</name><service><type>_http._tcp</type><port>80</port>
<txt-record>sn=12345</txt-record><txt-record>mac=00:11:22:33:44:55</txt-record><txt-record>path=/</txt-record></service></service-group>
`;

describe.skipIf(avahi === undefined || !namespaces)('avahi', () => {
  test('a service is listed by a unicast question, with what its record reveals', () => {
    const services = join(lab.folder, 'services');
    mkdirSync(services);
    writeFileSync(join(services, 'camera.service'), SERVICE);
    writeFileSync(join(lab.folder, 'avahi.conf'), CONFIGURATION);
    const out = join(lab.folder, 'dossier');
    const script = [
      'set -e',
      `mount --bind ${services} /etc/avahi/services`,
      'ip link add unit type veth peer name other',
      'ip addr add 10.99.0.1/24 dev unit',
      'ip link set unit up; ip link set other up; ip link set lo up',
      `${avahi} -f ${lab.folder}/avahi.conf --no-drop-root --no-chroot --no-rlimits >/dev/null 2>&1 & daemon=$!`,
      'sleep 3',
      `${process.execPath} bin/assay.js gather --device 10.99.0.1 --ports 80,5353 --only mdns/services --quiet --out ${out} || true`,
      'kill $daemon',
    ].join('\n');
    execFileSync('unshare', ['-n', '-m', 'bash', '-c', script], { cwd: resolve('.') });
    const facts = readFileSync(join(out, 'facts.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; data: unknown });
    const told = facts.filter(({ type }) => type === 'mdns.service').map(({ data }) => data);
    expect(told).toEqual([
      { service: '_http._tcp.local', instance: 'Camera._http._tcp.local', reveals: ['serial', 'mac'] },
    ]);
  });
});
