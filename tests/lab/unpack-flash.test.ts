/** File systems of flash made by mtd-utils in both orders and every codec, against the tree they were made from. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addXattrs,
  type Listing,
  listingOf,
  listingOfDirectory,
  makeTree,
  tool,
  unpacked,
  type What,
} from '../support/image.ts';
import { program } from '../support/process.ts';

let folder = '';
let tree = '';
const image = (): string => join(folder, 'image');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-flash-'));
  tree = join(folder, 'tree');
  makeTree(tree, 200);
  // These formats have device numbers of 8 + 8 bits in their tools.
  rmSync(join(tree, 'dev/big'), { force: true });
  addXattrs(tree);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The root's own mode is not kept by all tools. */
function withoutRoot(listing: Listing): Listing {
  const { '/': _, ...rest } = listing;
  return rest;
}

async function same(within: string, what: What): Promise<void> {
  await unpacked(image(), (found) => {
    expect(withoutRoot(listingOf(found, within, what))).toEqual(withoutRoot(listingOfDirectory(tree, what)));
    expect(found.gaps).toEqual([]);
    expect(found.coverage.unknown).toBe(0);
  });
}

const JFFS2: readonly (readonly string[])[] = [
  ['-l'],
  ['-b'],
  ['-l', '-m', 'none'],
  ['-b', '-m', 'size'],
  ['-l', '-X', 'lzo', '-x', 'zlib'],
  ['-b', '-X', 'lzo', '-y', '99:lzo'],
  ['-l', '-x', 'zlib', '-x', 'lzo'],
  ['-l', '-n'],
  ['-l', '-p', '-e', '0x20000'],
  ['-l', '-s', '0x1000', '-e', '0x40000'],
  ['-b', '-s', '0x2000', '-e', '0x2000', '-c', '20'],
  ['-l', '-n', '-e', '0x80000', '-p'],
  ['-l', '--with-xattr'],
  ['-b', '--with-xattr', '-e', '0x20000', '-p=0x1000000'],
  ['-l', '-x', 'zlib', '-x', 'lzo', '-x', 'rtime'],
  ['-b', '-x', 'zlib', '-X', 'rtime', '-m', 'size'],
  ['-l', '-m', 'size', '-X', 'lzo', '-X', 'rtime', '-X', 'zlib'],
];

describe.skipIf(program('mkfs.jffs2') === undefined)('JFFS2', () => {
  test.each(JFFS2.map((one) => [one.join(' '), one] as const))('%s', async (_, options) => {
    tool('mkfs.jffs2', '-r', tree, '-o', image(), '-e', '0x10000', ...options);
    await same('jffs2', { mtime: true, xattrs: options.includes('--with-xattr'), hardLinks: true });
  });

  test('with summaries', async () => {
    tool('mkfs.jffs2', '-r', tree, '-o', join(folder, 'plain'), '-l', '-e', '0x10000');
    tool('sumtool', '-i', join(folder, 'plain'), '-o', image(), '-l', '-e', '0x10000');
    await same('jffs2', { mtime: true });
  });
});

const UBIFS: readonly (readonly string[])[] = [
  ['-x', 'lzo'],
  ['-x', 'zlib'],
  ['-x', 'zstd'],
  ['-x', 'none'],
  ['-F'],
  ['-k', 'test'],
  ['-f', '3'],
  ['-f', '64', '-x', 'favor_lzo', '-X', '1'],
  ['-j', '8MiB', '-l', '6', '-p', '3'],
  ['-R', '-x', 'favor_lzo'],
];

describe.skipIf(program('mkfs.ubifs') === undefined)('UBI and UBIFS', () => {
  test.each(UBIFS.map((one) => [one.join(' '), one] as const))('UBIFS %s', async (_, options) => {
    const usual = options.includes('-R') ? options.slice(1) : options;
    tool('mkfs.ubifs', '-r', tree, '-o', image(), '-m', '2048', '-e', '126976', '-c', '400', ...usual);
    // As packaged it keeps no extended attributes.
    await same('ubifs', { mtime: true, hardLinks: true });
  });

  test.each([
    ['2048', '128KiB', '126976'],
    ['1', '64KiB', '65408'],
    ['4096', '256KiB', '253952'],
  ])('UBI with pages of %s and blocks of %s, several volumes', async (page, block, inner) => {
    tool(
      'mkfs.ubifs',
      '-r',
      tree,
      '-o',
      join(folder, 'root'),
      '-m',
      page === '1' ? '8' : page,
      '-e',
      inner,
      '-c',
      '400',
    );
    cpSync('/bin/ls', join(folder, 'fixed'));
    writeFileSync(
      join(folder, 'config'),
      `[root]\nmode=ubi\nimage=${folder}/root\nvol_id=0\nvol_size=40MiB\nvol_type=dynamic\nvol_name=rootfs\n[fixed]\nmode=ubi\nimage=${folder}/fixed\nvol_id=1\nvol_type=static\nvol_name=kernel\n`,
    );
    tool('ubinize', '-o', image(), '-p', block, '-m', page, join(folder, 'config'));
    await unpacked(image(), (found) => {
      expect(withoutRoot(listingOf(found, 'ubifs'))).toEqual(withoutRoot(listingOfDirectory(tree)));
      expect(found.gaps).toEqual([]);
      expect(found.containers.map(({ format }) => format)).toContain('filesystem/ubi');
      expect(
        [...found.tree.entries()].some(({ path }) => path.includes('kernel')) ||
          found.containers.some(({ path }) => path.includes('kernel')),
      ).toBe(true);
    });
  });
});
