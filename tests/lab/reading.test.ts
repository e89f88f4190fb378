/** How often the content of an image is read, counted in a whole scan. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { program } from '../support/process.ts';

const missing = program('mksquashfs') === undefined;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'counted-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(missing)(
  'the content of every file is read once, whatever looks at it and however many names it has',
  () => {
    const tree = join(folder, 'tree');
    for (const name of ['bin', 'etc/init.d', 'sbin', 'usr/lib']) mkdirSync(join(tree, name), { recursive: true });
    // Each is wanted by more than ten analyzers: a program, its other names, a start script, accounts, a key.
    for (const [index, name] of ['bin/busybox', 'usr/lib/one.so', 'usr/lib/two.so', 'usr/lib/three.so'].entries()) {
      const copy = join(tree, name);
      cpSync('/bin/bash', copy);
      writeFileSync(copy, `${index} http://update.maker.net/ AKIA`, { flag: 'a' });
    }
    for (const name of ['sh', 'ls', 'telnetd']) linkSync(join(tree, 'bin/busybox'), join(tree, 'bin', name));
    linkSync(join(tree, 'usr/lib/one.so'), join(tree, 'usr/lib/uno.so'));
    writeFileSync(join(tree, 'etc/init.d/rcS'), '#!/bin/sh\ntelnetd &\n', { mode: 0o755 });
    writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
    cpSync('fixtures/keys/rsa.pem', join(tree, 'etc/server.key'));
    const [image, out, counts] = [join(folder, 'image'), join(folder, 'out'), join(folder, 'counts')];
    execFileSync('mksquashfs', [tree, image, '-comp', 'lz4', '-quiet', '-no-progress']);
    const run = spawnSync(
      process.execPath,
      ['--import', './scripts/count-reads.js', 'bin/assay.js', 'gather', '--firmware', image, '--out', out],
      { env: { ...process.env, COUNT_READS: counts }, encoding: 'utf8' },
    );
    expect([0, 3], run.stderr).toContain(run.status);
    const files = readFileSync(join(out, 'files.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; size: number; linkTo?: string; sha256?: string });
    const plain = files.filter(({ type }) => type === 'file');
    expect(plain.filter(({ sha256 }) => sha256 === undefined)).toEqual([]);
    expect(plain.filter(({ linkTo }) => linkTo !== undefined)).toHaveLength(4);
    const content = plain.reduce((sum, { size, linkTo }) => sum + (linkTo === undefined ? size : 0), 0);
    const [here = 0, ...threads] = readFileSync(counts, 'latin1').replaceAll('\0', '').trim().split('\n').map(Number);
    expect(threads.reduce((sum, bytes) => sum + bytes, 0)).toBe(content);
    // To see what each file is, and which programs listen.
    expect(here).toBeLessThan(content / 4);
  },
);
