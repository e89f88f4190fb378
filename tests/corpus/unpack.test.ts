/** Every image of the corpus: what of its bytes is understood, which roots it has, and the truths that its manifest tells. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { UnpackedImage } from '../../src/core/unpacking/unpack.ts';
import { linesIn, linesOnDisk, opened, unpackers } from '../support/unpacked.ts';

const corpus = process.env['ASSAY_CORPUS'] ?? '../shared/corpus';
const folder = join(corpus, 'files');
const there = existsSync(folder);
const files = there ? readdirSync(folder) : [];
const fileOf = (id: string): string => join(folder, files.find((name) => name.startsWith(`${id}__`)) ?? id);

/** Images that are not understood to 99 %, each with its reason. All others are, without a gap. */
const EXCEPTIONS: { readonly [id: string]: string } = {
  'fw-ath9k-htc': 'bare Xtensa code of a radio, without any structure',
  'fw-cam-digoo-kernel': 'the partition ends with the rest of an older image: a cut ELF file and compressed pieces',
  'fw-cam-digoo-rootfs': 'the partition ends with 94,208 bytes of an older file system',
  'fw-esp32-flashenc': 'encrypted flash: nothing but random bytes',
  'fw-fit-pinephone': 'the FIT holds bare code of ARM trusted firmware and of a power controller',
  'fw-hackrf-dfu': 'understood, but the CRC of its suffix is wrong, which is told',
  'fw-rauc-invalidsig': 'understood, but a file in the bundle was tampered with, which is told',
  'fw-vbmeta-raw': 'bytes behind the metadata that no header names',
  'fw-wrt54gv7-dump': 'VxWorks: code without a container',
  'fw-zb-danalock': 'an encrypted GBL file',
  'fw-zb-hue-atmel': 'an encrypted payload of its maker',
};

/** Roots of the images that have one; all others have none. */
const ROOTED = [
  'fw-cam-dafang-rootfs',
  'fw-cam-xiaofang-rootfs',
  'fw-cam-digoo-rootfs',
  'fw-tl-wr841nv14',
  'fw-openwrt-15.05.1-factory',
  'fw-dir865l-rootfs',
  'fw-tg788vnv2-rootfs',
  'fw-irz-ruh2b-rootfs',
  'fw-irz-ruh2b-ubi',
  'fw-palazzetti-rootfs',
  'fw-dvarm-rootfs',
  'fw-dvmipsel-rootfs',
  'fw-iotgoat-overlay',
  'fw-di-dns320',
];

/** Images of file systems. */
const NEEDS: { readonly [id: string]: string } = {
  'fw-bw-cramfs': 'filesystem/cramfs',
  'fw-bw-romfs': 'filesystem/romfs',
  'fw-bw-yaffs2': 'filesystem/yaffs2',
  'fw-irz-ruh2b-ubi': 'filesystem/ubi',
  'fw-mender-test-ext4': 'filesystem/ext',
};

const ids = files.map((name) => name.split('__')[0] ?? name);

describe.skipIf(!there)('every image', () => {
  test.for(ids)('%s', async (id, { skip }) => {
    const needs = NEEDS[id];
    skip(needs !== undefined && !unpackers.some((unpacker) => unpacker.id === needs), `no ${needs ?? ''}`);
    await opened(fileOf(id), ({ regions, coverage, gaps, tree, size }) => {
      let at = 0;
      for (const { start, end } of regions) {
        expect(start).toBe(at);
        at = end;
      }
      expect(at).toBe(size);
      expect(gaps.filter(({ fault }) => fault.kind === 'bug')).toEqual([]);
      if (id in EXCEPTIONS) expect(gaps.length, EXCEPTIONS[id] ?? '').toBeGreaterThan(0);
      else {
        expect(gaps).toEqual([]);
        expect(coverage.complete).toBe(true);
      }
      expect(tree.roots.length).toBe(ROOTED.includes(id) ? 1 : 0);
    });
  });
});

const textOf = ({ tree }: UnpackedImage, name: string): string => {
  const entry = tree.resolve(tree.roots[0]!, name);
  return entry === undefined ? '' : Buffer.from(tree.content(entry).read(0, 65_536)).toString('latin1');
};

describe.skipIf(!there)('what the manifest knows', () => {
  test.each([
    ['fw-cam-dafang-rootfs', '/etc/shadow', 'root:rJ0FHsG0ZbyZo:'],
    ['fw-cam-xiaofang-rootfs', '/etc/shadow', 'root:rJ0FHsG0ZbyZo:'],
    ['fw-cam-digoo-rootfs', '/etc/passwd', 'root:$1$ybdHbPDn$ii9aEIFNiolBbM9QxW9mr0:'],
    ['fw-tl-wr841nv14', '/etc/passwd.bak', 'admin:$1$$iC.dUsGpxNNJGeOm1dFio/:'],
    ['fw-openwrt-15.05.1-factory', '/etc/shadow', 'root::'],
    ['fw-irz-ruh2b-rootfs', '/etc/defaults/shadow', 'root:$1$$oCLuEVgI1iAqOA8pwkzAg1:'],
    ['fw-palazzetti-rootfs', '/etc/shadow', 'root:$1$.Wjiu3SO$KToxX01lbiqOBjyXGgEJ5.:'],
    ['fw-iotgoat-overlay', '/etc/shadow', 'iotgoatuser:$1$79bz0K8z$Ii6Q/if83F1QodGmkb4Ah.:'],
    ['fw-tg788vnv2-rootfs', '/etc/shadow', 'root:*:'],
  ])('%s has %s with %s', async (id, name, line) => {
    await opened(fileOf(id), (image) => expect(textOf(image, name)).toContain(line));
  });

  test.each([
    ['fw-cam-dafang-kernel', 'Linux version 3.10.14'],
    ['fw-cam-digoo-kernel', 'Linux version 3.10.14'],
    ['fw-tl-wr841nv14', 'Linux version 2.6.36'],
    ['fw-openwrt-15.05.1-factory', 'Linux version 3.18.23'],
    ['fw-cam-dafang-uboot', 'U-Boot SPL 2013.07'],
    ['fw-stm32mp-uboot', 'U-Boot 2023.01'],
  ])('%s names itself %s', async (id, version) => {
    await opened(fileOf(id), ({ containers }) =>
      expect(containers.some(({ note }) => note?.includes(version))).toBe(true),
    );
  });

  test('trees that were kept in git keep no modes of the device', async () => {
    for (const id of ['fw-dir865l-rootfs', 'fw-tg788vnv2-rootfs', 'fw-iotgoat-overlay', 'fw-palazzetti-rootfs'])
      await opened(fileOf(id), ({ tree }) => expect(tree.roots[0]?.keepsModes, id).toBe(false));
    for (const id of ['fw-dvarm-rootfs', 'fw-cam-dafang-rootfs', 'fw-di-dns320'])
      await opened(fileOf(id), ({ tree }) => expect(tree.roots[0]?.keepsModes, id).toBe(true));
  });

  test('encrypted ones are told as such, and others are not', async () => {
    for (const id of ids)
      await opened(fileOf(id), ({ encryption }) =>
        expect(encryption.encrypted, id).toBe(['fw-esp32-flashenc', 'fw-zb-danalock', 'fw-zb-hue-atmel'].includes(id)),
      );
  });
});

describe.skipIf(!there || process.getuid?.() !== 0)('tar archives, beside tar', () => {
  const work = mkdtempSync(join(tmpdir(), 'assay-corpus-'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  test.each([
    'fw-dvarm-rootfs',
    'fw-dvmipsel-rootfs',
    'fw-dir865l-rootfs',
    'fw-irz-ruh2b-rootfs',
    'fw-palazzetti-rootfs',
    'fw-tg788vnv2-rootfs',
    'fw-iotgoat-overlay',
  ])('%s has the same names, contents, modes, owners and links', async (id) => {
    const top = join(work, id);
    execFileSync('sh', ['-ec', 'mkdir -p "$2" && tar --numeric-owner -C "$2" -xpf "$1"', 'sh', fileOf(id), top]);
    const kept = { modes: true, owners: true };
    await opened(fileOf(id), (image) => {
      const container = image.containers.find(({ format }) => format === 'archive/tar')?.path ?? '';
      const stated = new Set(
        [...image.tree.entries()]
          .filter(({ mode }) => mode !== undefined)
          .map(({ path }) => path.slice(container.length)),
      );
      const want = linesOnDisk(top, kept).filter((line) =>
        stated.has(
          line.slice(0, line.search(/ (?:file|directory|symlink|character-device|block-device|fifo|socket) /)),
        ),
      );
      expect(want.length).toBeGreaterThan(100);
      const have = linesIn(image, container, kept).filter((line) => !/ directory -1 /.test(line));
      expect(have).toEqual(want);
    });
  });
});
