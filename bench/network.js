/**
 * The sweep of 65,535 ports over a network with latency, with ports that drop, and with loss, against `nmap -sT -T4`
 * (`node bench/network.js [ROUNDS]`). The network is a namespace of its own, made and removed here: it needs root, `ip` and a C
 * compiler: the link is a program of its own (link.c), since few kernels bring netem.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, race, tell, timed, workshop } from './support.js';

const ROUNDS = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 3);
const LOSS_RUNS = 10;
const NAME = `assay-${process.pid}`;
const [NEAR, FAR] = [`asn${process.pid}`.slice(0, 15), `asf${process.pid}`.slice(0, 15)];
const HOST = '198.18.77.2';
const OPEN = [22, 23, 80, 443, 1883, 5555, 8080, 49_152];

const run = (command, ...args) => {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
};
const within = (...args) => run('ip', 'netns', 'exec', NAME, ...args);

/** The next line that a process says. */
const word = (child) =>
  new Promise((resolve, reject) => {
    child.stdout.once('data', (bytes) => resolve(`${bytes}`.trim()));
    child.once('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)));
  });

/** A namespace with one address, a slow link to it, and listeners on a few ports. What is made goes into `made` at once. */
async function network(folder, made) {
  run('cc', '-O2', '-o', join(folder, 'link'), 'bench/link.c');
  run('ip', 'netns', 'add', NAME);
  made.link = spawn(join(folder, 'link'), [NAME, NEAR, FAR], { stdio: ['pipe', 'pipe', 'inherit'] });
  await word(made.link);
  // A queue that holds every connect in flight: what is lost must be lost by the link.
  run('ip', 'address', 'add', '198.18.77.1/30', 'dev', NEAR);
  run('ip', 'link', 'set', NEAR, 'txqueuelen', '20000', 'up');
  within('ip', 'address', 'add', `${HOST}/30`, 'dev', FAR);
  within('ip', 'link', 'set', FAR, 'txqueuelen', '20000', 'up');
  within('ip', 'link', 'set', 'lo', 'up');
  const listen = `for (const port of ${JSON.stringify(OPEN)}) require('node:net').createServer((s) => s.destroy()).listen(port, '${HOST}'); console.log('up')`;
  made.server = spawn('ip', ['netns', 'exec', NAME, process.execPath, '-e', listen], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await word(made.server);
}

/** The devices go with the process that holds them. */
function remove({ link, server }) {
  server?.kill();
  link?.kill();
  spawnSync('ip', ['netns', 'del', NAME]);
}

/** Microseconds of delay each way, loss in a thousand, and the ports (port & mask === value) that drop. */
async function shape({ link }, { delay = 0, loss = 0, value = 0, mask = -1 }) {
  link.stdin.write(`${delay} ${loss} ${value} ${mask}\n`);
  await word(link);
}

const place = workshop();
const gather = (ports, pace = 'fast') => {
  const out = join(place.folder, `ports-${performance.now()}`);
  const device = ['--device', HOST, '--pace', pace, '--ports', ports, '--only', 'net/ports'];
  return { ...timed(process.execPath, ['bin/assay.js', 'gather', ...device, '--quiet', '--out', out], [0, 3]), out };
};
const nmap = (ports, ...more) => timed('nmap', ['-sT', '-Pn', '-n', `-p${ports}`, '-T4', ...more, HOST]);

function states({ out }) {
  const facts = readFileSync(join(out, 'facts.jsonl'), 'utf8').split('\n').filter(Boolean).map(JSON.parse);
  const open = facts.filter(({ type }) => type === 'net.port').map(({ data }) => data.port);
  const sweep = facts.find(({ type }) => type === 'net.sweep')?.data;
  return { open: open.sort((a, b) => a - b).join(','), closed: sweep?.closed, silent: sweep?.silent };
}

function nmapStates(ports) {
  const { stdout } = nmap(ports, '-oX', '-', '--max-retries', '6');
  const open = [...stdout.matchAll(/portid="(\d+)"><state state="open"/g)].map(([, port]) => port).join(',');
  const count = (state) =>
    Number(new RegExp(`<extraports state="${state}" count="(\\d+)"`).exec(stdout)?.[1] ?? 0) +
    [...stdout.matchAll(new RegExp(`<state state="${state}"`, 'g'))].length;
  return { open, closed: count('closed'), silent: count('filtered') };
}

function same(title, ports) {
  const [mine, theirs] = [states(gather(ports)), nmapStates(ports)];
  const equal = JSON.stringify(mine) === JSON.stringify(theirs);
  console.log(
    `  ${title}: ${equal ? 'equal to nmap' : 'NOT equal to nmap'} ${JSON.stringify(mine)} ${JSON.stringify(theirs)}`,
  );
}

const CASES = [
  ['no latency', {}, undefined, ROUNDS],
  ['20 ms of latency', { delay: 10_000 }, 0.8, ROUNDS],
  ['every second port drops', { value: 1, mask: 1 }, 0.4, 1],
  ['every port drops', { value: 0, mask: 0 }, 0.3, 1],
];

const made = {};
try {
  if (!has('nmap') || !has('ip') || !has('cc')) throw new Error('nmap, ip or cc is not here');
  await network(place.folder, made);
  for (const [title, link, most, rounds] of CASES) {
    await shape(made, link);
    const contestants = {
      'assay gather --only net/ports --ports all': () => gather('all'),
      'nmap -T4': () => nmap('-'),
    };
    tell(`65,535 ports, ${title}`, race(rounds, contestants), most === undefined ? {} : { 'nmap -T4': most }, 220);
    same('states of 1–2,000', '1-2000');
  }
  await shape(made, { loss: 50 });
  const runs = Array.from({ length: LOSS_RUNS }, () => states(gather('1-2000,5555,8080,49152')));
  const whole = runs.filter(({ open }) => open === OPEN.join(',')).length;
  const silent = runs.map((one) => one.silent).join(' ');
  console.log(
    `\n5 % of loss each way: all ${OPEN.length} open ports in ${whole} of ${LOSS_RUNS} runs; taken for silent: ${silent}`,
  );
} finally {
  remove(made);
  place.close();
}
