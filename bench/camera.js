/**
 * One whole scan of the demo camera (HTTP, HTTPS, SSH, Telnet, MQTT; logins tried) beside what is run by hand for it:
 * nmap -sT -sV over all ports, testssl.sh, ssh-audit and hydra in sequence. `node bench/camera.js`; takes some minutes.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { startDevice } from '../dist/demo/device.js';
import { has, workshop } from './support.js';

const place = workshop();
const identity = readFileSync('fixtures/demo/server.pem', 'utf8');
const device = await startDevice({ hardened: false, identity, now: new Date() });
/** The peers run in child processes while this one serves: they must not be waited for in a blocking way. */
const run = (command, args) =>
  new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(command, args, { stdio: 'ignore', cwd: place.folder });
    const timer = setTimeout(() => child.kill(), 400_000);
    child.on('close', () => {
      clearTimeout(timer);
      resolve((performance.now() - started) / 1000);
    });
  });
try {
  const { http, https, ssh } = device.ports;
  const bin = new URL('../bin/assay.js', import.meta.url).pathname;
  const ours = await run(process.execPath, [
    bin,
    'scan',
    '127.0.0.1',
    '--ports',
    'all',
    '--credentials',
    '--state',
    'initialised',
    '--quiet',
  ]);
  console.log(`assay scan --ports all --credentials   ${ours.toFixed(1)} s`);
  const users = place.file('users', 'admin\nroot\nuser\n');
  const words = place.file('words', 'admin\nroot\n1234\npassword\n');
  const peers = [
    ['nmap', ['-sT', '-sV', '-Pn', '-n', '-p-', '127.0.0.1']],
    ['testssl', ['--quiet', '--color', '0', `127.0.0.1:${https}`]],
    ['ssh-audit', ['-p', String(ssh), '127.0.0.1']],
    ['hydra', ['-L', users, '-P', words, '-s', String(http), '-t', '4', '127.0.0.1', 'http-get', '/']],
    ['hydra', ['-L', users, '-P', words, '-s', String(ssh), '-t', '4', '127.0.0.1', 'ssh']],
  ];
  let total = 0;
  for (const [command, args] of peers.filter(([command]) => has(command))) {
    const seconds = await run(command, args);
    total += seconds;
    console.log(`${command.padEnd(38)} ${seconds.toFixed(1)} s`);
  }
  if (total > 0) console.log(`ratio ${(ours / total).toFixed(3)} (limit 0.05)`);
} finally {
  await device.stop();
  place.close();
}
