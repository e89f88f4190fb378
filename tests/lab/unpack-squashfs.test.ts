/** SquashFS images of mksquashfs in every codec, against the tree they were made from. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addXattrs, listingOf, listingOfDirectory, makeTree, tool, unpacked, type What } from '../support/image.ts';
import { program } from '../support/process.ts';

const missing = program('mksquashfs') === undefined;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-squashfs-'));
  makeTree(join(folder, 'tree'), 1200);
  addXattrs(join(folder, 'tree'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const VARIANTS: readonly (readonly string[])[] = [
  ['-comp', 'gzip'],
  ['-comp', 'xz'],
  ['-comp', 'xz', '-Xbcj', 'x86,arm,armthumb,powerpc,sparc,ia64'],
  ['-comp', 'xz', '-b', '1M'],
  ['-comp', 'lzma'],
  ['-comp', 'lzo'],
  ['-comp', 'lz4'],
  ['-comp', 'lz4', '-Xhc'],
  ['-comp', 'zstd'],
  ['-comp', 'gzip', '-b', '4096'],
  ['-no-fragments'],
  ['-always-use-fragments'],
  ['-noI', '-noD', '-noF'],
  ['-no-sparse', '-no-duplicates'],
  ['-all-root'],
  ['-no-exports', '-nopad'],
  ['-noI', '-noId', '-noD', '-noF', '-noX'],
  ['-noX'],
  ['-no-xattrs'],
  ['-no-hardlinks'],
  ['-tailends', '-comp', 'zstd', '-Xcompression-level', '1'],
  ['-comp', 'gzip', '-Xstrategy', 'huffman_only'],
  ['-comp', 'lzo', '-Xalgorithm', 'lzo1x_1'],
  ['-comp', 'xz', '-Xdict-size', '8K', '-b', '8K'],
  ['-comp', 'zstd', '-b', '1M', '-no-fragments'],
  ['-comp', 'lz4', '-b', '64K', '-always-use-fragments'],
  ['-all-time', '1000000000', '-root-mode', '700', '-root-uid', '7'],
];

describe.skipIf(missing)('SquashFS', () => {
  test.each(VARIANTS.map((variant) => [variant.join(' '), variant] as const))('%s', async (_, variant) => {
    const image = join(folder, 'image');
    rmSync(image, { force: true });
    tool('mksquashfs', join(folder, 'tree'), image, '-quiet', '-no-progress', ...variant);
    // What unsquashfs makes of it: mksquashfs 4.5.1 loses one link or another, with -noI that of a symbolic link.
    const theirs = join(folder, 'theirs');
    rmSync(theirs, { recursive: true, force: true });
    tool('unsquashfs', '-quiet', '-no-progress', '-dest', theirs, image);
    const what: What = { mtime: true, xattrs: true, hardLinks: true };
    const expected = listingOfDirectory(theirs, what);
    expect(Object.keys(expected)).toEqual(Object.keys(listingOfDirectory(join(folder, 'tree'))));
    await unpacked(image, (found) => {
      expect(listingOf(found, 'squashfs', what)).toEqual(expected);
      expect(found.gaps).toEqual([]);
      expect(found.coverage.unknown).toBe(0);
    });
  });

  test('an image amid other bytes is found where it lies, and a cut one is read as far as it goes', async () => {
    const image = join(folder, 'image');
    rmSync(image, { force: true });
    tool('mksquashfs', join(folder, 'tree'), image, '-quiet', '-no-progress', '-comp', 'xz');
    tool(
      'sh',
      '-c',
      `cd ${folder} && (head -c 5000 /dev/zero; cat image; head -c 70000 /dev/zero) > padded && head -c 4000000 image > cut`,
    );
    await unpacked(join(folder, 'padded'), (found) => {
      expect(found.containers.map(({ start, format }) => `${format} ${start}`)).toContain('filesystem/squashfs 5000');
      expect(listingOf(found, 'squashfs')).toEqual(listingOfDirectory(join(folder, 'tree')));
    });
    await unpacked(join(folder, 'cut'), (found) => {
      expect(found.gaps.length).toBeGreaterThan(0);
    });
  });
});

test.skipIf(missing)('indices of attributes without a table of them, as early tools wrote, say nothing', async () => {
  const image = join(folder, 'early.squashfs');
  tool('mksquashfs', join(folder, 'tree'), image, '-noappend', '-quiet', '-no-progress');
  const file = openSync(image, 'r+');
  // Where the table of attributes is: nowhere.
  writeSync(file, Buffer.alloc(8, 0xff), 0, 8, 56);
  closeSync(file);
  await unpacked(image, ({ tree, gaps }) => {
    expect(gaps).toEqual([]);
    expect([...tree.entries()].length).toBeGreaterThan(1200);
  });
});
