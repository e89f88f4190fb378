// Labels of hardening: what readelf says of every ELF program and library of an image.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the sections were cut off readelf prints no symbol: then the strings of the file must do. */
const guarded = (out, path) => !/ \.dynsym /.test(out) && /\0__stack_chk_fail\0/.test(readFileSync(path, 'latin1'));

/** By name inside the root file system. */
function truthsOf(image) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-accuracy-'));
  try {
    spawnSync(process.execPath, ['bin/assay.js', 'unpack', image, '--out', folder], { stdio: 'ignore' });
    const { entries } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const truths = new Map();
    for (const { path, type, sha256 } of entries) {
      if (type !== 'file' || sha256 === undefined) continue;
      const run = spawnSync('readelf', ['-W', '-h', '-l', '-d', '-s', '-S', join(folder, path)], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      const out = run.stdout;
      if (run.status !== 0 || !out.includes('ELF Header')) continue;
      const now = /\(BIND_NOW\)|FLAGS.*BIND_NOW|FLAGS_1.*\bNOW\b/.test(out);
      const stack = /GNU_STACK.*?(R[W ][E ]) /.exec(out)?.[1];
      truths.set(
        path,
        `pie=${/Type:\s+DYN/.test(out) && (/INTERP/.test(out) || /FLAGS_1.*PIE/.test(out))} nx=${stack !== undefined && !stack.includes('E')} relro=${/GNU_RELRO/.test(out) ? (now ? 'full' : 'partial') : 'none'} canary=${/__stack_chk_fail/.test(out) || guarded(out, join(folder, path))} stripped=${!/ \.symtab /.test(out)}`,
      );
    }
    return truths;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Readelf's answer for each file that is told of. */
export function hardeningLabels(image, facts) {
  const truths = truthsOf(image);
  return facts
    .filter(({ type, data }) => type === 'binary.hardening' && ['program', 'library'].includes(data.kind))
    .flatMap(({ data, subject }) => {
      const path = [...truths.keys()].find((one) => subject.path.endsWith(one) || one.endsWith(data.file));
      return path === undefined ? [] : [`${data.file} ${truths.get(path)}`];
    });
}
