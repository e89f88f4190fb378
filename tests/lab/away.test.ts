/** A device that is not there: nobody has its address, and the kernel says so. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const namespaces = spawnSync('unshare', ['-n', 'true']).status === 0;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-away-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!namespaces)('that no way leads to it is told, and its ports are not asked one by one', () => {
  const out = join(folder, 'dossier');
  const script = [
    'set -e',
    'ip link add unit type veth peer name other',
    'ip addr add 10.99.0.1/24 dev unit',
    'ip link set unit up; ip link set other up; ip link set lo up',
    `${process.execPath} bin/assay.js gather --device 10.99.0.2 --ports all --only net/ports --quiet --out ${out} || true`,
  ].join('\n');
  execFileSync('unshare', ['-n', 'bash', '-c', script], { cwd: resolve('.') });
  const gaps = readFileSync(join(out, 'gaps.jsonl'), 'utf8');
  expect(gaps).toContain('no way to the host');
});

const firewall = spawnSync('iptables', ['--version']).status === 0;
test.skipIf(!namespaces || !firewall)('a firewall that refuses all ports but one hides that one from nobody', () => {
  const out = join(folder, 'guarded');
  const inside = [
    'iptables -A INPUT -p tcp --dport 31337 -j ACCEPT',
    'iptables -A INPUT -p tcp -j REJECT --reject-with icmp-host-prohibited',
    'timeout 45 python3 -m http.server 31337 >/dev/null 2>&1 &',
  ];
  const script = [
    'set -e',
    'ip link set lo up',
    'unshare -n sleep 60 & device=$!',
    'sleep 0.5',
    'ip link add unit type veth peer name other',
    'ip link set other netns $device',
    'ip addr add 10.98.0.1/24 dev unit; ip link set unit up',
    `nsenter -n -t $device bash -c 'ip addr add 10.98.0.2/24 dev other; ip link set other up; ${inside.join('; ')} sleep 2'`,
    `${process.execPath} bin/assay.js gather --device 10.98.0.2 --ports all --pace fast --only net/ports --quiet --out ${out} || true`,
    'kill $device',
  ].join('\n');
  execFileSync('unshare', ['-n', 'bash', '-c', script], { cwd: resolve('.'), stdio: ['ignore', 'pipe', 'ignore'] });
  expect(readFileSync(join(out, 'facts.jsonl'), 'utf8')).toContain('"port":31337');
});
