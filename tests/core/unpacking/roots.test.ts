/** Which folders of a tree are roots: trees made in the test, read as a folder is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { unpackImage } from '../../../src/core/unpacking/unpack.ts';

async function rootsOf(...files: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-roots-'));
  try {
    for (const name of files) {
      mkdirSync(dirname(join(folder, 'fw', name)), { recursive: true });
      writeFileSync(join(folder, 'fw', name), 'x');
    }
    const image = await unpackImage({ path: join(folder, 'fw'), unpackers: [] });
    try {
      return image.tree.roots.map(({ prefix }) => prefix);
    } finally {
      image.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("Android's system partition is the root where init.rc lies beside /system, with or without the link /etc", async () => {
  const system = ['system/bin/sh', 'system/etc/hosts', 'system/lib/libc.so'];
  expect(await rootsOf('init.rc', 'default.prop', ...system)).toEqual(['/']);
  expect(
    await rootsOf(
      ...['init.rc', ...system].map((name) => `system/${name}`),
      'vendor/etc/x',
      'vendor/bin/y',
      'vendor/lib/z',
    ),
  ).toEqual(['/system', '/vendor']);
  // The partition alone, as earlier releases have it.
  expect(await rootsOf(...system)).toEqual(['/system']);
});
