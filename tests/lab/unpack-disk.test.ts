/** CramFS, RomFS, ext, FAT and EROFS images of the real tools, against the tree they were made from. */
import { mkdtempSync, rmSync } from 'node:fs';
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
  folder = mkdtempSync(join(tmpdir(), 'assay-disk-'));
  tree = join(folder, 'tree');
  makeTree(tree, 200);
  addXattrs(tree);
  rmSync(join(tree, 'dev/big'), { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function without(listing: Listing, ...names: readonly string[]): Listing {
  return Object.fromEntries(Object.entries(listing).filter(([name]) => !names.includes(name)));
}

async function same(
  within: string,
  what: What = {},
  expected = listingOfDirectory(tree, what),
  ...apart: readonly string[]
): Promise<void> {
  await unpacked(image(), (found) => {
    const seen = without(listingOf(found, within, what), '/', '/lost+found', ...apart);
    expect(seen).toEqual(without(expected, '/', ...apart));
    expect(found.gaps).toEqual([]);
    expect(found.coverage.unknown).toBe(0);
  });
}

describe.skipIf(program('mkfs.cramfs') === undefined)('CramFS', () => {
  test.each(['little', 'big'])('%s-endian', async (order) => {
    tool('mkfs.cramfs', '-N', order, tree, image());
    await same('cramfs');
  });
});

describe.skipIf(program('genromfs') === undefined)('RomFS', () => {
  test('keeps names, links and content', async () => {
    tool('genromfs', '-d', tree, '-f', image(), '-V', 'volume');
    await same('romfs', { modes: false, owners: false, hardLinks: true });
  });
});

const EXT: readonly (readonly string[])[] = [
  ['-t', 'ext2'],
  ['-t', 'ext2', '-b', '1024', '-r', '0', '-O', 'none'],
  ['-t', 'ext3'],
  ['-t', 'ext4'],
  ['-t', 'ext4', '-b', '1024', '-O', '64bit,metadata_csum'],
  ['-t', 'ext4', '-O', 'inline_data', '-I', '256'],
  ['-t', 'ext4', '-O', 'meta_bg,^resize_inode', '-b', '1024'],
  ['-t', 'ext4', '-O', 'bigalloc'],
  ['-t', 'ext4', '-I', '128'],
  ['-t', 'ext4', '-b', '2048', '-O', '^extent,^64bit'],
  ['-t', 'ext4', '-b', '4096', '-O', '64bit,metadata_csum,flex_bg', '-G', '4'],
  ['-t', 'ext4', '-b', '1024', '-O', '^flex_bg,sparse_super2'],
  ['-t', 'ext4', '-O', 'inline_data,metadata_csum', '-I', '512', '-b', '1024'],
  ['-t', 'ext4', '-I', '1024', '-O', 'ea_inode'],
  ['-t', 'ext3', '-b', '1024', '-N', '5000'],
  ['-t', 'ext2', '-b', '65536'],
];

describe.skipIf(program('mke2fs') === undefined)('ext', () => {
  test.each(EXT.map((one) => [one.join(' '), one] as const))('%s', async (_, options) => {
    rmSync(image(), { force: true });
    // This mke2fs writes files that are all holes wrongly when it may keep data in inodes.
    const zeros = join(tree, 'usr/lib/zeros');
    rmSync(zeros, { force: true });
    if (!options.join(' ').includes('inline_data')) tool('sh', '-c', `head -c 700000 /dev/zero > ${zeros}`);
    tool('mke2fs', '-q', '-F', '-d', tree, ...options, image(), '64M');
    const what = { mtime: true, xattrs: !options.includes('none'), hardLinks: true };
    // Names of one link it writes as links of their own.
    await same('ext', what, listingOfDirectory(tree, what), '/bin/soft', '/bin/soft-too');
  });
});

describe.skipIf(program('mkfs.vfat') === undefined || program('mcopy') === undefined)('FAT', () => {
  test.each([
    ['12', '16M', '16'],
    ['16', '40M', '4'],
    ['32', '80M', '2'],
  ])('FAT%s', async (kind, size, cluster) => {
    rmSync(image(), { force: true });
    tool('truncate', '-s', size, image());
    tool('mkfs.vfat', '-F', kind, '-s', cluster, image());
    const plain = join(folder, 'plain');
    rmSync(plain, { recursive: true, force: true });
    tool(
      'sh',
      '-c',
      `mkdir -p "${plain}" && cd "${tree}" && cp -rL etc/passwd etc/init.d usr many "with space" deep "${plain}" 2>/dev/null; rm -rf "${plain}"/usr/lib/program "${plain}"/usr/lib/noise; cd "${plain}" && mcopy -s -i "${image()}" ./* ::/`,
    );
    const what = { modes: false, owners: false };
    await same('fat', what, listingOfDirectory(plain, what));
  });
});

const EROFS: readonly (readonly string[])[] = [
  [],
  ['-zlz4'],
  ['-zlz4hc,12'],
  ['-zlz4', '-C65536'],
  ['-zlz4', '-Elegacy-compress'],
  ['-E', 'force-inode-compact'],
  ['-E', 'force-inode-extended'],
  ['-zlz4', '-Eztailpacking'],
  ['-zlz4', '-C65536', '-Elegacy-compress'],
  ['-zlz4', '--max-extent-bytes=65536'],
  ['--chunksize=4096'],
  ['--chunksize=65536'],
  ['--chunksize=4096', '-E', 'force-chunk-indexes'],
  ['-x-1'],
  ['-x1'],
];

describe.skipIf(program('mkfs.erofs') === undefined)('EROFS', () => {
  test.each(EROFS.map((one) => [one.join(' '), one] as const))('%s', async (_, options) => {
    rmSync(image(), { force: true });
    tool('mkfs.erofs', ...options, image(), tree);
    await same('erofs', {
      mtime: !options.includes('force-inode-compact'),
      xattrs: !options.includes('-x-1'),
      hardLinks: true,
    });
  });
});

test.skipIf(program('debugfs') === undefined)(
  'ext4 with an indexed directory of 6,000 names is listed as debugfs lists it',
  async () => {
    const at = mkdtempSync(join(tmpdir(), 'assay-htree-'));
    try {
      tool(
        'sh',
        '-c',
        `mkdir -p ${at}/t/many && cd ${at}/t/many && seq -f 'a-name-that-is-not-short-%06g' 6000 | xargs touch`,
      );
      tool(
        'mke2fs',
        '-q',
        '-F',
        '-t',
        'ext4',
        '-b',
        '1024',
        '-N',
        '8000',
        '-d',
        join(at, 't'),
        join(at, 'image'),
        '32M',
      );
      // mke2fs -d writes no index of its own; e2fsck makes it.
      tool('sh', '-c', `e2fsck -fyD ${at}/image > ${at}/said 2>&1 || test $? = 1`);
      expect(tool('debugfs', '-R', 'htree /many', join(at, 'image'))).toContain('Root node dump');
      const listed = tool('debugfs', '-R', 'ls -p /many', join(at, 'image'));
      const expected = [...listed.matchAll(/^\/\d+\/\d+\/\d+\/\d+\/(a-[^/]+)\//gm)].map(([, name]) => `/many/${name}`);
      expect(expected).toHaveLength(6000);
      await unpacked(join(at, 'image'), ({ tree, gaps }) => {
        const names = [...tree.entries()].map(({ name }) => name).filter((name) => name.startsWith('/many/'));
        expect(names).toHaveLength(expected.length);
        expect(new Set(names)).toEqual(new Set(expected));
        expect(gaps).toEqual([]);
      });
    } finally {
      rmSync(at, { recursive: true, force: true });
    }
  },
);
