/** Unpacks SquashFS images of xz beside `unsquashfs`, as whole processes: medians of five, growth and memory. Run: `node bench/firmware.js` after a build. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { against } from './support.js';

const SIZES = [64, 256];
const RUNS = Number(process.env['BENCH_RUNS'] ?? 5);
/** Content of this machine, in the order in which it is taken until the image is large enough. */
const CONTENT = [
  '/usr/bin',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/python3',
  '/usr/share/perl',
  '/usr/lib',
  '/usr/sbin',
];
/** A whole process under GNU time. */
function timed(command, args) {
  const started = performance.now();
  const ran = spawnSync('/usr/bin/time', ['-f', '%M', command, ...args], { encoding: 'utf8' });
  const seconds = (performance.now() - started) / 1000;
  if (ran.status !== 0) throw new Error(`${command}: ${ran.stderr}`);
  const kilobytes = Number(ran.stderr.trim().split('\n').at(-1));
  return { seconds, megabytes: kilobytes / 1024 };
}
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
/** Unpacks, accounts for every byte and hashes every file, as `assay unpack` does. */
function program(folder) {
  const built = (path) => pathToFileURL(resolve('dist', path)).href;
  const path = join(folder, 'unpack.mjs');
  writeFileSync(
    path,
    `import { unpackImage } from '${built('core/unpacking/unpack.js')}';
import { createPool } from '${built('core/work/pool.js')}';
import { JOBS } from '${built('codecs/jobs.js')}';
import * as unpackers from '${built('plugins/unpackers/index.js')}';
const pool = createPool({ jobs: JOBS });
const image = await unpackImage({ path: process.argv[2], unpackers: Object.values(unpackers), job: (n, i, t) => pool.run(n, i, t) });
const { files, unknown } = image.coverage;
process.stdout.write(JSON.stringify({ files, unknown, gaps: image.gaps.length }));
image.dispose();
await pool.close();
`,
  );
  return path;
}
/** An image of about so many MiB, cut from content that is there. */
function imageOf(folder, megabytes) {
  const given = process.env[`BENCH_IMAGE_${megabytes}`];
  if (given !== undefined && existsSync(given)) return given;
  const image = join(folder, `${megabytes}.squashfs`);
  const tree = join(folder, `tree-${megabytes}`);
  // xz leaves a little more than a quarter of programs and libraries.
  const wanted = Math.round(megabytes * 3.4 * 1024);
  const script = `mkdir -p "$1"; find ${CONTENT.join(' ')} -xdev -type f -size -20M 2>/dev/null | awk '!seen[$0]++' |
    while read -r f; do s=$(stat -c %s "$f"); t=$((t + s / 1024)); [ $t -gt ${wanted} ] && break; printf '%s\\0' "$f"; done |
    (cd "$1" && xargs -0 cp --parents -p -t .)`;
  spawnSync('bash', ['-c', script, 'bash', tree], { stdio: 'ignore' });
  const made = spawnSync('mksquashfs', [tree, image, '-comp', 'xz', '-quiet', '-no-progress'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`mksquashfs: ${made.stderr}`);
  rmSync(tree, { recursive: true, force: true });
  return image;
}
function main() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    const unpack = program(folder);
    const seconds = [];
    for (const size of SIZES) {
      const image = imageOf(folder, size);
      const ours = [];
      const theirs = [];
      // Turn by turn, so that the machine's mood falls on both.
      for (let i = 0; i < RUNS; i += 1) {
        const target = join(folder, 'out');
        theirs.push(timed('unsquashfs', ['-q', '-n', '-d', target, image]));
        rmSync(target, { recursive: true, force: true });
        ours.push(timed(process.execPath, [unpack, image]));
      }
      const own = median(ours.map((run) => run.seconds));
      const peer = median(theirs.map((run) => run.seconds));
      seconds.push(own / statSync(image).size);
      const memory = [ours, theirs].map((runs) => Math.round(median(runs.map((run) => run.megabytes))));
      console.log(
        `squashfs-xz ${Math.round(statSync(image).size / 2 ** 20)} MiB: assay ${own.toFixed(2)} s, ${memory[0]} MiB · unsquashfs ${peer.toFixed(2)} s, ${memory[1]} MiB · ratio ${(own / peer).toFixed(2)}${size === 64 ? against(own / peer, 1.8) : against(memory[0], 600)}`,
      );
    }
    const [small, large] = seconds;
    if (small !== undefined && large !== undefined) {
      const times = SIZES[1] / SIZES[0];
      const growth = (large / small) * times;
      console.log(`growth: ${growth.toFixed(2)} times the time for ${times} times the bytes${against(growth, 4.6)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
main();
