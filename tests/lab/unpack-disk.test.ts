/** CramFS, RomFS, ext, FAT and EROFS images of the real tools, against the tree they were made from. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listing, listingOf, listingOfDirectory, makeTree, tool, unpacked, type What } from '../support/image.ts';
import { program } from '../support/process.ts';

let folder = '';
let tree = '';
const image = (): string => join(folder, 'image');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-disk-'));
  tree = join(folder, 'tree');
  makeTree(tree, 200);
  rmSync(join(tree, 'dev/big'), { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function without(listing: Listing, ...names: readonly string[]): Listing {
  return Object.fromEntries(Object.entries(listing).filter(([name]) => !names.includes(name)));
}

async function same(within: string, what: What = {}, expected = listingOfDirectory(tree, what)): Promise<void> {
  await unpacked(image(), (found) => {
    expect(without(listingOf(found, within, what), '/', '/lost+found')).toEqual(without(expected, '/'));
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
    await same('romfs', { modes: false, owners: false });
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
];

describe.skipIf(program('mke2fs') === undefined)('ext', () => {
  test.each(EXT.map((one) => [one.join(' '), one] as const))('%s', async (_, options) => {
    rmSync(image(), { force: true });
    // This mke2fs writes files that are all holes wrongly when it may keep data in inodes.
    const zeros = join(tree, 'usr/lib/zeros');
    rmSync(zeros, { force: true });
    if (!options.includes('inline_data')) tool('sh', '-c', `head -c 700000 /dev/zero > ${zeros}`);
    tool('mke2fs', '-q', '-F', '-d', tree, ...options, image(), '64M');
    await same('ext');
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
];

describe.skipIf(program('mkfs.erofs') === undefined)('EROFS', () => {
  test.each(EROFS.map((one) => [one.join(' '), one] as const))('%s', async (_, options) => {
    rmSync(image(), { force: true });
    tool('mkfs.erofs', ...options, image(), tree);
    await same('erofs');
  });
});
