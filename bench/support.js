/** What the benches share: whole processes run in turns, medians, ratios, a folder and servers that are cleaned up. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
// Costs every start of Node some 40 ms on both sides, and says nothing of either.
const { NODE_EXTRA_CA_CERTS: _unset, ...ENVIRONMENT } = process.env;

export const has = (command) =>
  spawnSync('sh', ['-c', `command -v ${command}`], { env: { ...ENVIRONMENT, PATH } }).status === 0;

/** Seconds that one whole process takes, those of its processor time, and its peak memory in MiB (GNU time). Throws when it does not end with a code of `codes`. */
export function timed(command, args, codes = [0]) {
  const started = performance.now();
  const run = spawnSync('/usr/bin/time', ['-f', '%M %U %S', command, ...args], {
    encoding: 'utf8',
    env: { ...ENVIRONMENT, PATH },
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  if (run.error !== undefined) throw run.error;
  if (!codes.includes(run.status))
    throw new Error(`${command} ${args.join(' ')} ended with ${run.status}: ${run.stderr.slice(-400)}`);
  const [kib, user, system] = run.stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { seconds, cpu: user + system, mib: Math.round(kib / 1024), stdout: run.stdout };
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs every contestant in turns, so that the machine's mood falls on all alike; `{name: () => {seconds, mib}}`. */
export function race(rounds, contestants) {
  const runs = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contestants)) runs[name].push(run());
  }
  return Object.fromEntries(
    Object.entries(runs).map(([name, list]) => [
      name,
      {
        seconds: median(list.map((one) => one.seconds)),
        cpu: Math.min(...list.map((one) => one.cpu ?? 0)),
        mib: Math.max(...list.map((one) => one.mib ?? 0)),
      },
    ]),
  );
}

/** A figure beside its limit; nothing where there is none. */
export const against = (figure, limit) =>
  limit === undefined ? '' : `  (at most ${limit}: ${figure <= limit ? 'held' : 'NOT held'})`;

/** Wall time is the median, which other work on the machine lengthens; processor time the least. */
const figures = ({ seconds, cpu, mib }) => `${seconds.toFixed(3)} s  ${cpu.toFixed(2)} s CPU  ${mib} MiB`;

/** One line for each peer: seconds, memory, and how many times the peer's time the first contestant took. `most`: MiB that it may take. */
export function tell(title, results, limits = {}, most = undefined) {
  const [[own, mine], ...peers] = Object.entries(results);
  console.log(`\n${title}\n  ${own.padEnd(44)} ${figures(mine)}${against(mine.mib, most)}`);
  for (const [name, peer] of peers) {
    const ratio = mine.seconds / peer.seconds;
    const digits = ratio < 0.1 ? 4 : 2;
    console.log(`  ${name.padEnd(44)} ${figures(peer)}  ratio ${ratio.toFixed(digits)}${against(ratio, limits[name])}`);
  }
}

/** A folder of its own, servers started in it, and an end that removes both. */
export function workshop() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const children = [];
  return {
    folder,
    file(name, text) {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    async start(port, command, ...args) {
      children.push(spawn(command, args, { stdio: 'ignore', cwd: folder, env: { ...ENVIRONMENT, PATH } }));
      await listening(port);
    },
    close() {
      for (const child of children) child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

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
