/** Prints one line for each image of the corpus: what is understood of its bytes, and what binwalk names in it. Needs a build. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const top = new URL('..', import.meta.url);
const folder = `${process.env.ASSAY_CORPUS ?? fileURLToPath(new URL('../shared/corpus', top))}/files`;

/** One image in a process of its own, so that the memory it needs can be told. */
async function one(path) {
  const { unpackImage } = await import(new URL('dist/core/unpacking/unpack.js', top).href);
  const { createPool } = await import(new URL('dist/core/work/pool.js', top).href);
  const { JOBS } = await import(new URL('dist/codecs/jobs.js', top).href);
  const unpackers = Object.values(await import(new URL('dist/plugins/unpackers/index.js', top).href));
  const pool = createPool({ jobs: JOBS });
  const begun = performance.now();
  const image = await unpackImage({ path, unpackers, job: (name, input, transfer) => pool.run(name, input, transfer) });
  const { coverage, tree, containers, gaps } = image;
  const seconds = (performance.now() - begun) / 1000;
  const formats = [...new Set(containers.map(({ format }) => format.slice(format.indexOf('/') + 1)))];
  image.dispose();
  await pool.close();
  const result = {
    coverage,
    seconds,
    formats,
    roots: tree.roots.length,
    gaps: gaps.length,
    peak: process.resourceUsage().maxRSS / 1024,
  };
  process.stdout.write(JSON.stringify(result));
}

function binwalk(path) {
  const { status, stdout } = spawnSync('binwalk', [path], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) return '–';
  const words = stdout.split('\n').flatMap((line) => /^\d+\s+0x[0-9A-F]+\s+([^,]{1,40})/.exec(line)?.[1] ?? []);
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .slice(0, 5)
    .map(([word, count]) => (count === 1 ? word : `${word} ×${count}`))
    .join('; ');
}

function table() {
  process.stdout.write(
    '| image | bytes | understood % | padding % | unknown % | encrypted % | files | roots | gaps | s | MiB | assay | binwalk |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n',
  );
  for (const name of readdirSync(folder)) {
    const path = `${folder}/${name}`;
    if (!statSync(path).isFile()) continue;
    const { coverage, seconds, formats, roots, gaps, peak } = JSON.parse(
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), path], { encoding: 'utf8' }),
    );
    const share = (part) => ((100 * part) / coverage.bytes).toFixed(1);
    const cells = [
      name.split('__')[0],
      coverage.bytes,
      share(coverage.understood),
      share(coverage.padding),
      share(coverage.unknown),
      share(coverage.encrypted),
      coverage.files,
      roots,
      gaps,
      seconds.toFixed(2),
      Math.round(peak),
      formats.slice(0, 6).join(' '),
      binwalk(path),
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}

if (process.argv[2] === undefined) table();
else await one(process.argv[2]);
