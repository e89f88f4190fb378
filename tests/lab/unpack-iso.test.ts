/** ISO 9660 images of genisoimage and xorriso, against the tree they were made from, and what starts computers in them. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listingOf, listingOfDirectory, makeTree, tool, unpacked, type What } from '../support/image.ts';
import { program } from '../support/process.ts';

let folder = '';
let tree = '';
const image = (): string => join(folder, 'image.iso');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-iso-'));
  tree = join(folder, 'tree');
  makeTree(tree, 60);
  rmSync(join(tree, 'dev/big'), { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

async function same(what: What, without?: RegExp): Promise<void> {
  await unpacked(image(), (found) => {
    const lines = (listing: { [name: string]: string }): string[] =>
      Object.entries(listing)
        .map(([name, line]) => `${name} ${line}`)
        .filter((line) => without?.test(line) !== true && !line.startsWith('/ '))
        .sort();
    expect(lines(listingOf(found, 'iso9660', what))).toEqual(lines(listingOfDirectory(tree, what)));
    expect(found.gaps).toEqual([]);
    expect(found.coverage.unknown).toBe(0);
  });
}

describe.skipIf(program('genisoimage') === undefined)('genisoimage', () => {
  test.each([
    ['Rock Ridge, deep directories moved', ['-R']],
    ['Rock Ridge beside Joliet', ['-R', '-J', '-D']],
  ])('%s', async (_, options) => {
    tool('genisoimage', '-quiet', ...options, '-o', image(), tree);
    // It writes no inode numbers: names of one empty file cannot be told from several.
    await same({ mtime: true, hardLinks: true }, /^\/(?:bin\/soft|dev\/fifo)/);
  });

  test('Joliet alone: names and content', async () => {
    tool('genisoimage', '-quiet', '-J', '-joliet-long', '-o', image(), tree);
    // It leaves links and what lies deeper than eight levels out, and makes devices empty files.
    await same({ modes: false, owners: false }, /^\/(?:dev\/|deep\/a\/b\/c\/d\/e\/f\/|\S+ l )/);
  });

  test('images to start from are files, or parts where they are hidden', async () => {
    const boot = join(tree, 'boot.img');
    tool('truncate', '-s', '1474560', boot);
    tool('mkfs.vfat', boot);
    tool('mcopy', '-i', boot, join(tree, 'etc/passwd'), '::/');
    tool('genisoimage', '-quiet', '-R', '-b', 'boot.img', '-c', 'boot.cat', '-o', image(), tree);
    await unpacked(image(), ({ tree: found, gaps }) => {
      expect(gaps).toEqual([]);
      expect(found.get('image.iso!iso9660/boot.img!fat/passwd')?.size).toBe(26);
    });
    tool('genisoimage', '-quiet', '-R', '-b', 'boot.img', '-c', 'boot.cat', '-hide', 'boot.img', '-o', image(), tree);
    await unpacked(image(), ({ tree: found, gaps }) => {
      expect(gaps).toEqual([]);
      expect(found.get('image.iso!iso9660!fat/passwd')?.sha256).toBe(digest(join(tree, 'etc/passwd')));
    });
    rmSync(boot);
  });
});

describe.skipIf(program('xorriso') === undefined)('xorriso', () => {
  test.each([
    ['hard links', ['-hardlinks', 'on', '-map', 'TREE', '/']],
    ['beside Joliet', ['-hardlinks', 'on', '-joliet', 'on', '-map', 'TREE', '/']],
    ['compressed files', ['-hardlinks', 'on', '-map', 'TREE', '/', '-set_filter_r', '--zisofs', '/', '--', '-commit']],
  ])('%s', async (_, options) => {
    rmSync(image(), { force: true });
    tool('xorriso', '-outdev', image(), ...options.map((one) => (one === 'TREE' ? tree : one)));
    await same({ mtime: true, hardLinks: true });
  });
});
