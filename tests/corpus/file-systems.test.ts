/** File systems of real firmware, against unsquashfs and debugfs on the same bytes. Skipped where the corpus is not at hand. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listingOf, listingOfDirectory, tool, unpacked } from '../support/image.ts';
import { program } from '../support/process.ts';

const corpus = process.env['ASSAY_CORPUS'] ?? resolve('../shared/corpus');
const files = existsSync(join(corpus, 'files')) ? readdirSync(join(corpus, 'files')) : [];
const named = (part: string): string => join(corpus, 'files', files.find((name) => name.includes(part)) ?? part);

/** Images that hold a SquashFS at their own level. */
const SQUASHFS = [
  'fw-cam-dafang-rootfs',
  'fw-cam-dafang-driver',
  'fw-cam-xiaofang-rootfs',
  'fw-cam-digoo-rootfs',
  'fw-tl-wr841nv14',
  'fw-openwrt-15.05.1-factory',
  'fw-rauc-plain',
  'fw-rauc-verity',
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-corpus-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(files.length === 0 || program('unsquashfs') === undefined)('SquashFS of the corpus', () => {
  test.each(SQUASHFS)('%s is as unsquashfs reads it', async (name) => {
    const root = process.getuid?.() === 0;
    const what = root ? {} : { owners: false };
    await unpacked(named(name), (image) => {
      const found = image.containers.find(({ format, depth }) => format === 'filesystem/squashfs' && depth <= 1);
      expect(found).toBeDefined();
      // Where a vendor's header wraps it, places count from inside that: the magic tells where it is in the file.
      const bytes = readFileSync(named(name));
      const start = bytes.indexOf('hsqs');
      const cut = join(folder, 'cut');
      writeFileSync(cut, bytes.subarray(start, start + found!.end - found!.start));
      const out = join(folder, 'out');
      rmSync(out, { recursive: true, force: true });
      tool('unsquashfs', '-q', '-n', '-d', out, cut);
      expect(listingOf(image, found!.path, what)).toEqual(listingOfDirectory(out, what));
    });
  });
});

describe.skipIf(files.length === 0)('a bundle whose payload was spoilt', () => {
  test('is told as broken, as unsquashfs does', async () => {
    await unpacked(named('fw-rauc-invalidsig'), (image) => {
      expect(image.gaps.length).toBeGreaterThan(0);
    });
  });
});

describe.skipIf(files.length === 0)('other file systems of the corpus', () => {
  test.each([
    ['fw-bw-cramfs', 'cramfs', 1],
    ['fw-bw-romfs', 'romfs', 1],
    ['fw-bw-yaffs2', 'yaffs2', 10],
    ['fw-irz-ruh2b-ubi', 'ubifs', 800],
    ['fw-mender-test-ext4', 'ext', 5],
  ] as const)('%s is understood to the last byte', async (name, format, least) => {
    await unpacked(named(name), (image) => {
      const found = image.containers.find((one) => one.format === `filesystem/${format}`);
      expect(found?.files).toBeGreaterThanOrEqual(least);
      expect(image.gaps).toEqual([]);
      expect(image.coverage.unknown + image.coverage.encrypted).toBe(0);
    });
  });

  test.skipIf(program('debugfs') === undefined)('the ext4 image holds what debugfs lists', async () => {
    const listed = tool('debugfs', '-R', 'ls -l -p /', named('fw-mender-test-ext4'))
      .split('\n')
      .map((line) => line.split('/')[5])
      .filter((name) => name !== undefined && name !== '.' && name !== '..' && name !== '');
    await unpacked(named('fw-mender-test-ext4'), (image) => {
      const names = Object.keys(listingOf(image, 'ext')).filter((name) => /^\/[^/]+$/.test(name));
      expect(new Set(names.map((name) => name.slice(1)))).toEqual(new Set(listed));
    });
  });
});
