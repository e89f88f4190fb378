/** Minix file systems as mkfs.minix makes them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { has, opened } from '../support/unpacked.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-minix-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!has('mkfs.minix')).each([
  ['version 1, names of 14', ['-1', '-n', '14']],
  ['version 1, names of 30', ['-1', '-n', '30']],
  ['version 2, names of 14', ['-2', '-n', '14']],
  ['version 2, names of 30', ['-2', '-n', '30']],
  ['version 3, names of 60', ['-3']],
] as const)('%s', async (note, flags) => {
  const path = join(folder, 'fs.img');
  writeFileSync(path, Buffer.alloc(409_600));
  execFileSync('mkfs.minix', [...flags, path]);
  await opened(path, ({ containers, tree, gaps, coverage }) => {
    expect(containers).toMatchObject([
      { format: 'filesystem/minix', start: 0, end: 409_600, note: `${note}, little-endian` },
    ]);
    expect(containers[0]).toMatchObject({ opened: true, files: 0 });
    expect([...tree.entries()]).toEqual([]);
    expect(gaps).toEqual([]);
    expect(coverage.complete).toBe(true);
  });
});
