/** `assay unpack`: what is written, that nothing lands elsewhere, and what a person reads at 80 columns. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { extract } from '../../src/cli/extract.ts';
import type { FileEntry, FileTree } from '../../src/core/model/files.ts';
import { memoryBlob } from '../../src/lib/blob.ts';
import { assay, type Desk, desk } from '../support/cli.ts';
import { tarOf } from '../support/tar.ts';

let at: Desk;
beforeEach(() => {
  at = desk();
});
afterEach(() => at.clear());

/** A tree of files that hold their own path; a path that ends in `/` is a directory. */
function treeOf(paths: readonly string[], meanwhile: (path: string) => void = () => undefined): FileTree {
  const entries = paths.map(
    (path): FileEntry => ({
      path: path.replace(/(.)\/$/, '$1'),
      container: 'fw',
      name: path,
      type: path.endsWith('/') ? 'directory' : 'file',
      size: path.length,
    }),
  );
  return {
    image: 'fw',
    roots: [],
    entries: () => entries,
    get: (path) => entries.find((entry) => entry.path === path),
    resolve: () => undefined,
    list: () => [],
    content: ({ path }) => {
      meanwhile(path);
      return memoryBlob(Buffer.from(path));
    },
  };
}

interface Manifest {
  readonly entries: readonly { readonly path: string; readonly place?: string }[];
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
const placeOf = (folder: string, path: string): string => {
  const entry = manifest(folder).entries.find((one) => one.path === path);
  return entry?.place ?? entry?.path ?? '';
};

describe('what is written', () => {
  test.each([
    [['fw!x/a', 'fw!x/a/b', 'fw!x/a/c/d', 'fw!x/z']],
    [['fw!x/a/b', 'fw!x/a', 'fw!x/a/c/d', 'fw!x/z']],
    [['fw!x/a/', 'fw!x/a/b', 'fw!x/a/c/d', 'fw!x/z', 'manifest.json', 'manifest.json/x']],
    [['fw!x/..', 'fw!x/../../../slip', '/etc/slip', '../slip', 'fw!x/./y']],
    [[`fw!x/${'l'.repeat(250)}1`, `fw!x/${'l'.repeat(250)}2`, `fw!x/${'l'.repeat(250)}3/m`]],
    [['fw!x/c:\\win', 'fw!x/tab\tnew\nline\u007f']],
  ])('%#: every file is there with its own content, whatever the names are', (paths) => {
    const out = at.path('out');
    expect(extract(treeOf(paths), out)).toEqual([]);
    for (const path of paths.filter((one) => !one.endsWith('/')))
      expect(readFileSync(join(out, placeOf(out, path)), 'utf8')).toBe(path);
    const places = manifest(out).entries.map(({ path, place }) => place ?? path);
    expect(new Set(places).size).toBe(places.length);
    expect(readdirSync(at.folder)).toEqual(['out']);
  });

  test('a name that the host can not hold is told, and the rest is written', () => {
    const out = at.path('out');
    const deep = `fw!x/${`${'d'.repeat(190)}/`.repeat(30)}f`;
    const failed = extract(treeOf([deep, 'fw!x/good']), out);
    expect(failed).toHaveLength(1);
    expect(failed[0]?.message).toContain('ENAMETOOLONG');
    expect(manifest(out).errors).toEqual(failed);
    expect(readFileSync(join(out, 'fw!x/good'), 'utf8')).toBe('fw!x/good');
  });

  test('a link that takes the place of a folder meanwhile is not followed', () => {
    const out = at.path('out');
    const elsewhere = at.path('elsewhere');
    mkdirSync(elsewhere);
    mkdirSync(out);
    symlinkSync(elsewhere, join(out, 'fw!x'));
    const failed = extract(treeOf(['fw!x/slip', 'good']), out);
    expect(failed.map(({ path }) => path)).toEqual(['fw!x/slip']);
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(existsSync(join(out, 'good'))).toBe(true);
  });

  test('a link in the place of a file is not written through', () => {
    const out = at.path('out');
    const victim = at.file('victim', 'as it was');
    const tree = treeOf(['fw!x/a', 'fw!x/b'], (path) => {
      if (path === 'fw!x/a') symlinkSync(victim, join(out, 'fw!x/b'));
    });
    expect(extract(tree, out).map(({ path }) => path)).toEqual(['fw!x/b']);
    expect(readFileSync(victim, 'utf8')).toBe('as it was');
  });

  test('names that are cut to the same one are told apart without looking through all of them each time', () => {
    const paths = Array.from(
      { length: 2000 },
      (_, index) => `fw!x/${'n'.repeat(220)}${String(index).padStart(6, '0')}`,
    );
    expect(extract(treeOf(paths), at.path('out'))).toEqual([]);
    expect(placeOf(at.path('out'), paths[1999] ?? '')).toMatch(/~2000$/);
  });
});

describe('the command', () => {
  const noise = (size: number): Buffer =>
    Buffer.concat(Array.from({ length: size / 32 }, (_, index) => createHash('sha256').update(`${index}`).digest()));
  const image = (): Buffer =>
    Buffer.concat([
      gzipSync(
        tarOf([
          { name: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\n' },
          { name: 'etc/esc\u001b[2J', content: 'x' },
          { name: 'bin/sh', type: '2', link: 'busybox' },
          { name: '../slip', content: 'x' },
        ]),
      ),
      noise(8192),
    ]);

  test('writes files and a manifest, and makes no link', async () => {
    const out = at.path('out');
    const { code } = await assay(['unpack', at.file('fw.bin', image()), '--out', out, '--quiet']);
    expect(code).toBe(3);
    expect(readFileSync(join(out, 'fw.bin!gzip!tar/etc/passwd'), 'utf8')).toContain('root');
    expect(existsSync(join(out, 'fw.bin!gzip!tar/bin/sh'))).toBe(false);
    expect(lstatSync(join(out, 'fw.bin!gzip!tar/etc/esc%1b[2J')).isFile()).toBe(true);
    expect(manifest(out).entries.map(({ path }) => path)).toContain('fw.bin!gzip!tar/bin/sh');
    expect(readdirSync(at.folder).sort()).toEqual(['fw.bin', 'out']);
  });

  test('refuses a folder that holds something', async () => {
    writeFileSync(at.path('mine'), 'x');
    const { code, err } = await assay(['unpack', at.file('fw.bin', image()), '--out', at.folder]);
    expect(code).toBe(2);
    expect(err).toContain('is not empty');
  });

  test('tells containers, what is not understood and what was not seen, within 80 columns', async () => {
    const { out } = await assay(['unpack', at.file('fw.bin', image())]);
    await expect(out).toMatchFileSnapshot('__golden__/unpack.txt');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('with --tree also every file, below its container', async () => {
    const { out } = await assay(['unpack', at.file('fw.bin', image()), '--tree']);
    await expect(out).toMatchFileSnapshot('__golden__/unpack-tree.txt');
    expect(out).not.toContain('\u001b');
  });

  test('as JSON gives the same, and every byte of the image once', async () => {
    const bytes = image();
    const { out } = await assay(['unpack', at.file('fw.bin', bytes), '--json']);
    const document = JSON.parse(out) as { size: number; regions: { start: number; end: number }[]; roots: unknown[] };
    let end = 0;
    for (const region of document.regions) {
      expect(region.start).toBe(end);
      end = region.end;
    }
    expect(end).toBe(bytes.length);
    expect(document.roots).toHaveLength(1);
  });
});
