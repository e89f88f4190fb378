/** The carving pass beside binwalk's scan of the same image, in one run: `node bench/carve.js [--runs N]`. Needs a build, binwalk and mksquashfs. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import { against } from './support.js';

const MIB = 2 ** 20;
const top = new URL('..', import.meta.url);
const load = (path) => import(new URL(`dist/${path}`, top).href);

/** Bytes that no format is in, the same each time. */
function noise(size, seed) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 32) createHash('sha256').update(`${seed}:${at}`).digest().copy(bytes, at);
  return bytes;
}

/** A composed image: a loader's pad, a uImage, file systems of incompressible files side by side, a tail of noise. */
function compose(folder, size) {
  const tree = join(folder, `tree-${size}`);
  mkdirSync(join(tree, 'etc'), { recursive: true });
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  for (let file = 0; file < 56; file++) writeFileSync(join(tree, `data-${file}`), noise(MIB, file));
  const squashfs = join(folder, `squashfs-${size}`);
  execFileSync('mksquashfs', [tree, squashfs, '-comp', 'xz', '-noappend', '-quiet', '-no-progress']);
  const path = join(folder, `image-${size / MIB}`);
  const file = openSync(path, 'w');
  const kernel = noise(3 * MIB, 'kernel');
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x27051956, 0);
  head.writeUInt32BE(kernel.length, 12);
  head.writeUInt32BE(crc32(kernel), 24);
  head.set([5, 2, 2, 0], 28);
  head.write('bench', 32);
  head.writeUInt32BE(crc32(head), 4);
  writeSync(file, Buffer.concat([Buffer.alloc(256 * 1024, 0xff), head, kernel, Buffer.alloc(MIB)]));
  const content = execFileSync('cat', [squashfs], { maxBuffer: 2 ** 30 });
  while (statSync(path).size + content.length <= size) writeSync(file, content);
  writeSync(file, noise(size - statSync(path).size, 'tail'));
  closeSync(file);
  return path;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function main() {
  const { runs } = parseArgs({ options: { runs: { type: 'string', default: '5' } } }).values;
  const { carve } = await load('core/unpacking/carve.js');
  const { MagicIndex } = await load('core/unpacking/magic.js');
  const { openBlob } = await load('lib/blob.js');
  const index = new MagicIndex(Object.values(await load('plugins/unpackers/index.js')));
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const pass = (path) => {
    const blob = openBlob(path);
    const begun = performance.now();
    const { claims } = carve(blob, index, new AbortController().signal);
    blob.close();
    return { ms: performance.now() - begun, claims: claims.length };
  };
  const peer = (path) => {
    const begun = performance.now();
    execFileSync('binwalk', [path], { maxBuffer: 2 ** 28 });
    return performance.now() - begun;
  };
  const whole = (path) => {
    const begun = performance.now();
    const out = execFileSync(process.execPath, [fileURLToPath(new URL('scripts/corpus-table.js', top)), path], {
      encoding: 'utf8',
    });
    return { ms: performance.now() - begun, peak: JSON.parse(out).peak };
  };
  const print = (name, ours, theirs) =>
    process.stdout.write(
      `${name}: assay ${ours.toFixed(0)} ms, binwalk ${theirs.toFixed(0)} ms, ratio ${(ours / theirs).toFixed(2)}${against(ours / theirs, 1)}\n`,
    );
  try {
    const noisy = join(folder, 'noise');
    writeFileSync(noisy, noise(64 * MIB, 'noise'));
    const image = compose(folder, 64 * MIB);
    for (const [name, path] of [
      ['64 MiB composed', image],
      ['64 MiB of noise', noisy],
    ]) {
      const ours = [];
      const theirs = [];
      for (let run = 0; run < Number(runs); run++) {
        ours.push(pass(path).ms);
        theirs.push(peer(path));
      }
      print(`carving pass, ${name} (${pass(path).claims} claims)`, median(ours), median(theirs));
    }
    const large = compose(folder, 256 * MIB);
    const small = whole(image);
    const big = whole(large);
    process.stdout.write(
      `unpacked and accounted for: 64 MiB ${small.ms.toFixed(0)} ms, 256 MiB ${big.ms.toFixed(0)} ms, ratio ${(big.ms / small.ms).toFixed(2)}${against(big.ms / small.ms, 4.6)}, peak ${big.peak.toFixed(0)} MiB${against(big.peak, 600)}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
