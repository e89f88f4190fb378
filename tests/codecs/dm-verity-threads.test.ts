/** Hash trees of large files are made by two threads, and are the same as those made by one. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERITY_BLOCKS, type VerityInput, verityOf } from '../../src/codecs/formats/dm-verity.ts';
import { run } from '../../src/codecs/formats/dm-verity-job.ts';
import { type FileBlob, openBlob } from '../../src/lib/blob.ts';

const SIZE = (64 << 20) + 4096 * 3 + 100;
const SALT = Buffer.alloc(32, 5);
let folder = '';
let blob: FileBlob;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-verity-'));
  // A file with holes reads as zeros: bytes at both ends and around the middle tell the halves apart.
  writeFileSync(join(folder, 'data'), 'front');
  truncateSync(join(folder, 'data'), SIZE - 4);
  writeFileSync(join(folder, 'data'), 'back', { flag: 'a' });
  blob = openBlob(join(folder, 'data'));
});
afterAll(() => {
  blob.close();
  rmSync(folder, { recursive: true });
});

test('one half is given to a thread, by its place in the file', async () => {
  const { signal } = new AbortController();
  const asked: VerityInput[] = [];
  const job = (id: string, input: unknown): Promise<unknown> => {
    expect(id).toBe(VERITY_BLOCKS);
    asked.push(input as VerityInput);
    return run(input as VerityInput);
  };
  const part = blob.slice(0);
  const [alone, together] = [await verityOf(part, SALT, { signal }), await verityOf(part, SALT, { signal, job })];
  expect(together.root).toEqual(alone.root);
  expect(together.tree.equals(alone.tree)).toBe(true);
  expect(asked).toMatchObject([{ offset: (32 << 20) + 4096, size: SIZE - (32 << 20) - 4096 }]);
  await verityOf(blob.slice(0, 1 << 20), SALT, { signal, job });
  expect(asked).toHaveLength(1);
});

test('a thread that finds less than there was is a fault', async () => {
  const input = { path: join(folder, 'data'), offset: 0, size: SIZE + 1, salt: SALT };
  await expect(run(input)).rejects.toMatchObject({ fault: { kind: 'truncated' } });
});
