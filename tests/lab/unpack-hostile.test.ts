/** File systems of the real tools that debugfs turned against the reader: directory loops and files of petabytes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tool, unpacked } from '../support/image.ts';
import { program } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(program('debugfs') === undefined)(
  'ext4 with a directory in itself and files of terabytes: told, and what comes after is read',
  async () => {
    const image = join(folder, 'fs.ext4');
    tool(
      'sh',
      '-c',
      `mkdir -p ${folder}/t/a/b ${folder}/t/z; echo deep > ${folder}/t/a/b/file; echo last > ${folder}/t/z/last; truncate -s 1M ${folder}/t/huge`,
    );
    tool('mke2fs', '-q', '-F', '-t', 'ext4', '-d', join(folder, 't'), image, '8M');
    tool('debugfs', '-w', '-R', 'link /a /a/b/loop', image);
    tool('debugfs', '-w', '-R', 'sif /huge size 0x00ffffffff000000', image);
    await unpacked(image, ({ tree, gaps }) => {
      const messages = gaps.map(({ fault }) => fault.message);
      expect(messages.some((one) => /the directory is the same as \/a/.test(one))).toBe(true);
      expect(messages.some((one) => /a file claims \d{10,} bytes/.test(one))).toBe(true);
      const names = [...tree.entries()].map(({ name }) => name);
      expect(names).toContain('/a/b/file');
      expect(names).toContain('/z/last');
    });
  },
);

test.skipIf(program('mksquashfs') === undefined)(
  'SquashFS with a hole of 64 MiB in a few hundred bytes: told, and the other files are read',
  async () => {
    const image = join(folder, 'fs.squashfs');
    tool(
      'sh',
      '-c',
      `mkdir -p ${folder}/s; echo last > ${folder}/s/z; echo first > ${folder}/s/a; truncate -s 64M ${folder}/s/hole`,
    );
    tool('mksquashfs', join(folder, 's'), image, '-quiet', '-no-progress', '-b', '1M');
    await unpacked(image, ({ tree, gaps }) => {
      const names = [...tree.entries()].map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['/a', '/z', '/hole']));
      expect(gaps.map(({ fault }) => fault.message)).toEqual([
        'a file claims 67108864 bytes, more than 1000 times what is stored',
      ]);
    });
  },
);

test.skipIf(program('debugfs') === undefined)(
  'ext2 with 65,535 directories in each other ends at the longest path',
  async () => {
    const image = join(folder, 'deep.ext2');
    const commands = join(folder, 'commands');
    tool('mke2fs', '-q', '-F', '-b', '1024', '-N', '70000', image, '110M');
    writeFileSync(commands, 'mkdir d\ncd d\n'.repeat(65_535));
    tool('sh', '-c', `debugfs -w -f ${commands} ${image} > ${folder}/said 2>&1`);
    await unpacked(image, ({ tree, gaps, coverage }) => {
      expect([...tree.entries()].length).toBeLessThan(2100);
      expect(gaps).toHaveLength(101);
      expect(gaps.at(-1)?.fault.message).toMatch(/^6\d{4} further pieces are broken$/);
      expect(coverage.unknown).toBe(0);
    });
  },
);
