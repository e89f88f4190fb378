/** What readelf says of a file's hardening: the truth that assay's own reader is compared with. */
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readElf } from '../../src/codecs/formats/elf.ts';
import { type Hardening, hardeningOf } from '../../src/codecs/formats/elf-hardening.ts';
import { openBlob } from '../../src/lib/blob.ts';

export interface Told {
  readonly pie: boolean;
  readonly nx: boolean;
  readonly relro: string;
  readonly canary: boolean;
  readonly stripped: boolean;
}

/** Undefined for what is no ELF file. */
export function readelfOf(path: string): Told | undefined {
  const run = spawnSync('readelf', ['-W', '-h', '-l', '-d', '-s', '-S', path], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0 || !run.stdout.includes('ELF Header')) return undefined;
  const out = run.stdout;
  const stack = /GNU_STACK.*?(R[W ][E ]) /.exec(out)?.[1];
  const now = /\(BIND_NOW\)|FLAGS.*BIND_NOW|FLAGS_1.*\bNOW\b/.test(out);
  return {
    pie: /Type:\s+DYN/.test(out) && (/INTERP/.test(out) || /FLAGS_1.*PIE/.test(out)),
    nx: stack !== undefined && !stack.includes('E'),
    relro: /GNU_RELRO/.test(out) ? (now ? 'full' : 'partial') : 'none',
    canary: /__stack_chk_fail/.test(out),
    stripped: !/ \.symtab /.test(out),
  };
}

export function assayOf(path: string): { readonly hardening: Hardening; readonly told: Told } | undefined {
  const blob = openBlob(path);
  try {
    const elf = readElf(blob);
    if (elf === undefined) return undefined;
    const hardening = hardeningOf(elf, path);
    const { relro, stripped } = hardening;
    const told = {
      pie: hardening.pie === 'yes',
      nx: hardening.nx === 'yes',
      relro,
      canary: hardening.canary === 'yes',
      stripped,
    };
    return { hardening, told };
  } finally {
    blob.close();
  }
}

/** Regular files below a folder, links not followed. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) return filesBelow(path);
    return stat.isFile() && stat.size >= 52 ? [path] : [];
  });
}
