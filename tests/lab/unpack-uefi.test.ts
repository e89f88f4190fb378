/** Firmware of virtual machines as Debian packs it: the programs in its volumes are those that 7-Zip takes out, every byte told. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { tool, unpacked } from '../support/image.ts';
import { program } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-uefi-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const IMAGES = ['OVMF_CODE.fd', 'OVMF_CODE_4M.secboot.fd'].map((name) => `/usr/share/OVMF/${name}`);

const once = (all: readonly string[]): string[] => [...new Set(all)].sort();

const programsBelow = (top: string): string[] =>
  readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.efi'))
    .map((entry) =>
      createHash('sha256')
        .update(readFileSync(join(entry.parentPath, entry.name)))
        .digest('hex'),
    )
    .sort();

describe.skipIf(program('7z') === undefined)('UEFI firmware', () => {
  test.each(IMAGES.filter((image) => existsSync(image)))('%s', async (image) => {
    // Two programs of one name are two: `-aou` keeps both.
    const out = join(folder, 'out');
    rmSync(out, { recursive: true, force: true });
    tool('sh', '-c', `7z x -aou -o${out} ${image} > /dev/null || test $? = 1`);
    const programs = programsBelow(out);
    expect(programs.length).toBeGreaterThan(80);
    await unpacked(image, ({ tree, gaps, coverage }) => {
      expect(gaps).toEqual([]);
      expect(coverage).toMatchObject({ complete: true, unknown: 0 });
      const all = [...tree.entries()].filter(({ path, type }) => type === 'file' && path.endsWith('.efi'));
      // It opens the first volume alone; the one behind it holds what runs first.
      const ours = all.filter(({ path }) => !path.includes('uefi-volume@'));
      expect(all.some(({ path }) => path.endsWith('/SecMain.efi'))).toBe(true);
      expect(once(ours.map(({ sha256 }) => sha256 ?? ''))).toEqual(once(programs));
      expect(ours.some(({ path }) => path.endsWith('/DxeCore.efi'))).toBe(true);
    });
  });
});
