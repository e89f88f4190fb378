import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../../src/lib/fault.ts';
import { readWhole, whyUnwritten } from '../../src/lib/whole-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-whole-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Message and place of the mistake that reading it is. */
function mistake(path: string, limit: number): unknown {
  try {
    readWhole(path, limit);
  } catch (error) {
    if (error instanceof UsageError) return error.problems[0];
    throw error;
  }
  return undefined;
}

test('a file of just the bound is read, one of a byte more is not', () => {
  const path = join(folder, 'file');
  for (const size of [0, 1, 70_000, 200_000]) {
    const bytes = Buffer.alloc(size, 'ab');
    writeFileSync(path, bytes);
    expect(Buffer.from(readWhole(path, size)).equals(bytes)).toBe(true);
    if (size > 0)
      expect(mistake(path, size - 1)).toEqual({
        message: `the file is larger than ${size - 1} bytes`,
        at: { file: path, line: 1, column: 1 },
      });
  }
});

test('a device that tells no size and never ends is refused at the bound', () => {
  expect(mistake('/dev/zero', 1 << 20)).toMatchObject({ message: 'the file is larger than 1048576 bytes' });
});

test('a pipe is read to its end', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  execFileSync('sh', ['-c', '(printf "a: 1" > "$0") & ', pipe], { stdio: 'ignore' });
  expect(Buffer.from(readWhole(pipe, 100)).toString()).toBe('a: 1');
});

test('what cannot be read is told by its name', () => {
  expect(mistake(folder, 100)).toEqual({ message: 'it is a directory', at: { file: folder } });
  expect(mistake(join(folder, 'none'), 100)).toMatchObject({ message: 'there is no such file' });
  expect(mistake(join(folder, 'x'.repeat(300)), 100)).toMatchObject({ message: 'it cannot be read (ENAMETOOLONG)' });
});

test('why a path cannot be written, in words or by its code', () => {
  const error = (code: string) => Object.assign(new Error(`${code}: x, open '/y'`), { code });
  expect(whyUnwritten(error('ENOSPC'))).toBe('the disk is full');
  expect(whyUnwritten(error('EIO'))).toBe('EIO');
  expect(whyUnwritten(new Error('why'))).toBe('why');
});
