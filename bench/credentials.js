/** Fifty known pairs over HTTP, FTP and SSH: whole runs of assay against hydra with the same pairs, side by side (`node bench/credentials.js [ROUNDS]`). */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { against } from './support.js';

const ROUNDS = Number(process.argv[2] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
chmodSync(folder, 0o755);
const path = `${process.env.PATH}:/usr/sbin`;
const children = [];
const file = (name, text) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const start = (command, ...args) =>
  children.push(spawn(command, args, { stdio: 'ignore', env: { ...process.env, PATH: path } }));

/** Waits until something listens. */
async function listening(port) {
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}`);
}

const PORTS = { http: 14080, ftp: 14021, ssh: 14022 };
function servers() {
  const hash = spawnSync('openssl', ['passwd', '-1', 'Very-Own-7'], { encoding: 'utf8' }).stdout.trim();
  const users = file('htpasswd', `someone:${hash}\n`);
  const site = `server { listen 127.0.0.1:${PORTS.http}; root ${folder}; auth_basic x; auth_basic_user_file ${users}; }`;
  const global = `daemon off; pid ${folder}/nginx.pid; error_log /dev/null;`;
  start('nginx', '-c', file('nginx.conf', `${global} events {} http { access_log off; ${site} }`));
  mkdirSync(join(folder, 'empty'), { mode: 0o555 });
  const ftp = `listen=YES\nlisten_address=127.0.0.1\nlisten_port=${PORTS.ftp}\nbackground=NO\nlocal_enable=YES\nanonymous_enable=NO\n`;
  start(
    'vsftpd',
    file(
      'vsftpd.conf',
      `${ftp}secure_chroot_dir=${folder}/empty\nseccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\n`,
    ),
  );
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
  mkdirSync('/run/sshd', { recursive: true });
  const ssh = `Port ${PORTS.ssh}\nListenAddress 127.0.0.1\nHostKey ${folder}/key\nUsePAM no\nPidFile none\nMaxStartups 100\n`;
  start('/usr/sbin/sshd', '-D', '-f', file('sshd.conf', ssh));
}

/** The very pairs that assay tries, for hydra. */
function pairFiles() {
  const { general, shell, web } = parse(readFileSync('baselines/knowledge/default-credentials.yaml', 'utf8'));
  const lines = (rows) => `${rows.map((pair) => pair.join(':')).join('\n')}\n`;
  return { shell: file('shell.txt', lines([...general, ...shell])), web: file('web.txt', lines([...general, ...web])) };
}

function timed(command, args) {
  const started = performance.now();
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return { seconds: (performance.now() - started) / 1000, said: stdout + stderr };
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function tried(out) {
  const facts = readFileSync(join(out, 'facts.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return facts.find(({ type }) => type === 'login.default')?.data.tried ?? 0;
}

function compare(name, probe, tasks, hydra) {
  const ours = [];
  const theirs = [];
  let pairs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(timed('hydra', ['-q', '-I', '-t', String(tasks), '-s', String(PORTS[name]), ...hydra]).seconds);
    const out = join(folder, `${name}-${round}`);
    const args = ['bin/assay.js', 'gather', '--device', '127.0.0.1', '--ports', String(PORTS[name]), '--pace', 'fast'];
    ours.push(
      timed(process.execPath, [...args, '--only', probe, '--credentials', '--credential-tries', '50', '--out', out])
        .seconds,
    );
    pairs = tried(out);
  }
  const [mine, peer] = [median(ours), median(theirs)];
  console.log(
    `${name}: assay ${mine.toFixed(2)} s (${pairs} pairs), hydra -t ${tasks} ${peer.toFixed(2)} s, ratio ${(mine / peer).toFixed(2)}${against(mine / peer, 1)}`,
  );
}

try {
  servers();
  for (const port of Object.values(PORTS)) await listening(port);
  const files = pairFiles();
  compare('http', 'credentials/http-basic', 8, ['-C', files.web, '127.0.0.1', 'http-get', '/']);
  compare('ftp', 'credentials/ftp', 16, ['-C', files.shell, '127.0.0.1', 'ftp']);
  compare('ssh', 'credentials/ssh', 4, ['-C', files.shell, '127.0.0.1', 'ssh']);
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
