/**
 * One whole scan of the lab camera (eight real servers; every port, logins tried) beside what is run by hand for it: nmap -sT -sV over
 * all ports, testssl.sh, ssh-audit and hydra in sequence; then whether all that they report stands in the scan's facts, too.
 * Takes some minutes; `node bench/camera.js [ROUNDS] [--alone]`, --alone without the peers. Needs root and Debian's servers.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missing, startCamera } from './lab-camera.js';
import { against, has, median, workshop } from './support.js';

const ROUNDS = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 3);
const ALONE = process.argv.includes('--alone');
const bin = new URL('../bin/assay.js', import.meta.url).pathname;

/** Seconds of one whole process. */
const run = (command, args, cwd) =>
  new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(command, args, { stdio: 'ignore', cwd });
    const timer = setTimeout(() => child.kill(), 600_000);
    child.on('close', () => {
      clearTimeout(timer);
      resolve((performance.now() - started) / 1000);
    });
  });
const text = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

async function scan(place, address) {
  const seconds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const asked = ['--ports', 'all', '--credentials', '--state', 'initialised', '--quiet'];
    seconds.push(
      await run(process.execPath, [bin, 'scan', address, ...asked, '--out', join(place.folder, `d${round}`)]),
    );
  }
  const lines = text(join(place.folder, 'd0', 'facts.jsonl'))
    .trim()
    .split('\n');
  console.log(`assay scan --ports all --credentials   ${median(seconds).toFixed(1)} s`);
  return { seconds: median(seconds), facts: lines.map((line) => JSON.parse(line)) };
}

async function peers(place, address) {
  const users = place.file('users', 'admin\nroot\nuser\n');
  const words = place.file('words', 'admin\nroot\n1234\npassword\n');
  const login = (name, ...what) => [
    'hydra',
    ['-I', '-f', '-L', users, '-P', words, '-t', '4', '-o', name, address, ...what],
  ];
  const list = [
    ['nmap', ['-sT', '-sV', '-Pn', '-n', '-p-', '-oX', 'nmap.xml', address]],
    ['testssl', ['--quiet', '--color', '0', '--jsonfile', 'testssl.json', `${address}:443`]],
    ['sh', ['-c', `ssh-audit -j -p 22 ${address} > ssh-audit.json`]],
    login('hydra-http', 'http-get', '/'),
    login('hydra-ssh', 'ssh'),
    login('hydra-ftp', 'ftp'),
  ];
  let total = 0;
  for (const [command, args] of list.filter(([command]) => has(command))) {
    const seconds = await run(command, args, place.folder);
    total += seconds;
    console.log(`${(command === 'sh' ? 'ssh-audit' : command).padEnd(38)} ${seconds.toFixed(1)} s`);
  }
  return total;
}

/** What the peers reported, as `[what, whether the facts say it, too]`. */
function compare(folder, facts) {
  const at = (port, type) =>
    facts.filter((fact) => fact.subject.port === port && fact.type === type).map(({ data }) => data);
  const rows = [];
  for (const [, transport, port, rest] of text(join(folder, 'nmap.xml')).matchAll(
    /<port protocol="(\w+)" portid="(\d+)"><state state="open".*?\/>(.*?)<\/port>/gs,
  )) {
    const name = /<service name="([^"]+)"/.exec(rest)?.[1] ?? '';
    const version = /version="([^"]+)"/.exec(rest)?.[1] ?? /version (\d[\d.]+)/.exec(name)?.[1];
    const services = at(Number(port), 'net.service');
    const spoken = name.split(' ')[0].replace('mosquitto', 'mqtt');
    const known = services.some(({ protocol }) => protocol === spoken) || spoken === 'tcpwrapped';
    rows.push([`nmap: ${port}/${transport} ${name}`, known]);
    if (version === undefined) continue;
    const told = [...services, ...at(Number(port), 'net.disclosure')].some((one) => one.version === version);
    rows.push([`nmap: ${port}/${transport} version ${version}`, told]);
  }
  for (const name of ['hydra-http', 'hydra-ssh', 'hydra-ftp']) {
    for (const [, port, account] of text(join(folder, name)).matchAll(/^\[(\d+)\].*?login: (\S+)/gm)) {
      const found = at(Number(port), 'login.default').some((one) => one.accepted && one.account === account);
      rows.push([`hydra: ${account} at ${port}`, found]);
    }
  }
  return [...rows, ...ssh(folder, at), ...tls(folder, at)];
}

function ssh(folder, at) {
  const audit = JSON.parse(text(join(folder, 'ssh-audit.json')) || '{}');
  const named = [...(audit.kex ?? []), ...(audit.key ?? [])].map(({ algorithm }) => algorithm);
  const offered = new Set(at(22, 'ssh.algorithm').map(({ name }) => name));
  const strict = at(22, 'ssh.terrapin').some((one) => one.strictKex);
  // Markers that stand among the key exchanges: no algorithms.
  const marker = (name) => name.startsWith('kexguess2') || (name.startsWith('kex-strict') && strict);
  const keys = new Set(at(22, 'ssh.host-key').map(({ fingerprint }) => fingerprint));
  return [
    ...[...named, ...(audit.enc ?? []), ...(audit.mac ?? [])].map((name) => [
      `ssh-audit: ${name}`,
      offered.has(name) || marker(name),
    ]),
    ...(audit.fingerprints ?? [])
      .filter(({ hash_alg }) => hash_alg === 'SHA256')
      .map(({ hash }) => [`ssh-audit: host key ${hash}`, keys.has(`SHA256:${hash}`)]),
  ];
}

function tls(folder, at) {
  const findings = JSON.parse(text(join(folder, 'testssl.json')) || '[]');
  const finding = (id) => findings.find((one) => one.id === id)?.finding ?? '';
  const rows = [];
  const protocols = {
    SSLv2: 'SSLv2',
    SSLv3: 'SSLv3',
    TLS1: 'TLSv1',
    TLS1_1: 'TLSv1.1',
    TLS1_2: 'TLSv1.2',
    TLS1_3: 'TLSv1.3',
  };
  for (const [id, version] of Object.entries(protocols)) {
    const taken = /^offered/.test(finding(id));
    const ours = at(443, 'tls.protocol').find((one) => one.version === version);
    rows.push([`testssl: ${version} ${taken}`, ours?.accepted === taken]);
  }
  const suites = at(443, 'tls.cipher');
  for (const { id, finding } of findings.filter(({ id }) => /^cipher_x/.test(id))) {
    const code = Number.parseInt(id.slice('cipher_x'.length), 16);
    rows.push([`testssl: ${id} ${finding.slice(0, 40)}`, suites.some((one) => Number(one.code) === code)]);
  }
  return rows;
}

/** In a network namespace of its own no other program of this machine listens on the camera's address. */
const INSIDE = 'ASSAY_BENCH_INSIDE';
const absent = missing();
if (absent.length > 0) console.log(`not here: ${absent.join(', ')}`);
else if (process.env[INSIDE] === undefined) {
  const again = ['-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...process.argv];
  process.exitCode =
    spawnSync('unshare', again, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } }).status ?? 1;
} else {
  const place = workshop();
  const camera = await startCamera(place.folder);
  try {
    const ours = await scan(place, camera.address);
    if (!ALONE) {
      const total = await peers(place, camera.address);
      const ratio = ours.seconds / total;
      console.log(`ratio ${ratio.toFixed(3)} of ${total.toFixed(0)} s${against(ratio, 0.03)}`);
      const rows = compare(place.folder, ours.facts);
      const lacking = rows.filter(([, told]) => !told);
      console.log(`${rows.length - lacking.length} of ${rows.length} results of the peers stand in the facts`);
      for (const [what] of lacking) console.log(`  missing: ${what}`);
    }
  } finally {
    camera.stop();
    place.close();
  }
}
