/** Hardening told by assay against what readelf says, on this machine's own programs and libraries. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { readElf } from '../../src/codecs/formats/elf.ts';
import { hardeningOf } from '../../src/codecs/formats/elf-hardening.ts';
import { openBlob } from '../../src/lib/blob.ts';
import { assayOf, readelfOf } from '../support/readelf.ts';

const readelf = spawnSync('readelf', ['--version']).status === 0;

function files(): readonly string[] {
  const found = new Set<string>();
  for (const folder of ['/usr/bin', '/usr/sbin', '/usr/lib/x86_64-linux-gnu']) {
    for (const name of readdirSync(folder)) {
      const path = realpathSync.native(`${folder}/${name}`, { encoding: 'utf8' });
      if (statSync(path).isFile()) found.add(path);
    }
  }
  return [...found].slice(0, 600);
}

describe.skipIf(!readelf)('readelf', () => {
  test('agrees on PIE, NX, RELRO, canary and symbols of this machine’s files', { timeout: 180_000 }, () => {
    const differing: string[] = [];
    let compared = 0;
    for (const path of files()) {
      const ours = assayOf(path)?.told;
      const real = ours === undefined ? undefined : readelfOf(path);
      if (real === undefined) continue;
      compared += 1;
      if (JSON.stringify(ours) !== JSON.stringify(real))
        differing.push(`${path}: ${JSON.stringify(ours)} but ${JSON.stringify(real)}`);
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });
});

test.skipIf(spawnSync('gcc', ['--version']).status !== 0)(
  'flags given to the compiler are seen in what it makes',
  () => {
    const make = (flags: readonly string[]) => {
      const source =
        '#include <string.h>\n#include <stdio.h>\nint main(int c,char**v){char b[64];strcpy(b,v[0]);puts(b);return c;}';
      const out = `${tmpdir()}/assay-elf-${process.pid}`;
      execFileSync('gcc', ['-w', '-x', 'c', '-', '-o', out, ...flags], { input: source });
      const blob = openBlob(out);
      const elf = readElf(blob);
      const told = elf === undefined ? undefined : hardeningOf(elf, 'a');
      blob.close();
      return told;
    };
    expect(
      make(['-O0', '-fno-builtin', '-g', '-no-pie', '-fno-stack-protector', '-z', 'execstack', '-Wl,-z,norelro']),
    ).toMatchObject({
      kind: 'program',
      pie: 'no',
      nx: 'no',
      relro: 'none',
      canary: 'no',
      stripped: false,
      debugInformation: true,
      dangerous: ['strcpy'],
    });
    expect(
      make(['-O2', '-pie', '-fPIE', '-fstack-protector-all', '-D_FORTIFY_SOURCE=2', '-Wl,-z,relro,-z,now', '-s']),
    ).toMatchObject({
      kind: 'program',
      pie: 'yes',
      nx: 'yes',
      relro: 'full',
      canary: 'yes',
      fortify: 'yes',
      stripped: true,
      debugInformation: false,
    });
    expect(make(['-static', '-s'])).toMatchObject({
      linking: 'static',
      canary: expect.stringMatching(/unknown|yes/) as unknown,
    });
  },
);

describe.skipIf(spawnSync('musl-gcc', ['--version']).status !== 0)('programs of musl', () => {
  const source =
    '#include <string.h>\n#include <stdio.h>\nint main(int c,char**v){char b[64];strcpy(b,v[0]);puts(b);return c;}';
  const folder = mkdtempSync(`${tmpdir()}/assay-musl-`);
  const make = (name: string, flags: readonly string[]): string => {
    const out = `${folder}/${name}`;
    execFileSync('musl-gcc', ['-w', '-x', 'c', '-', '-o', out, ...flags], { input: source });
    return out;
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['dynamic', ['-O2', '-fPIE', '-pie', '-fstack-protector-all', '-Wl,-z,relro,-z,now']],
    ['plain', ['-O0', '-no-pie', '-fno-stack-protector', '-z', 'execstack', '-Wl,-z,norelro']],
    ['static', ['-O2', '-static', '-no-pie', '-s']],
    ['static-pie', ['-O2', '-static-pie', '-fPIE', '-fstack-protector-all', '-Wl,-z,relro,-z,now']],
  ] as const)('%s: told as readelf has it', (name, flags) => {
    const path = make(name, flags);
    const ours = assayOf(path);
    const real = readelfOf(path);
    if (name.startsWith('static')) {
      // A static program's own names say nothing of the canary once they are cut off: unknown is told, never no.
      expect({ ...ours?.told, canary: undefined }).toEqual({ ...real, canary: undefined });
      expect(ours?.hardening.canary).not.toBe('no');
    } else expect(ours?.told).toEqual(real);
  });

  test.skipIf(spawnSync('hardening-check').error !== undefined)('PIE and RELRO as hardening-check has them', () => {
    const path = make('checked', ['-O2', '-fPIE', '-pie', '-fstack-protector-all', '-Wl,-z,relro,-z,now']);
    const said = spawnSync('hardening-check', [path], { encoding: 'utf8' }).stdout;
    expect(said).toMatch(
      /Position Independent Executable: yes[\s\S]*Stack protected: yes[\s\S]*Read-only relocations: yes/,
    );
    expect(assayOf(path)?.told).toMatchObject({ pie: true, canary: true, relro: 'full' });
  });
});
