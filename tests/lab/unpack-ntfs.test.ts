/** NTFS as ntfs-3g makes it: what ntfscp put in comes out, and its own files are no further file systems. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tool, unpacked } from '../support/image.ts';
import { program } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-ntfs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

test.skipIf(program('mkntfs') === undefined || program('ntfscp') === undefined).each([
  ['512', '4096'],
  ['512', '65536'],
])('sectors of %s, clusters of %s', async (sector, cluster) => {
  const image = at('image.ntfs');
  tool(
    'sh',
    '-c',
    `rm -f ${image}; truncate -s 64M ${image}; head -c 300000 /bin/bash > ${at('tool')}; echo x > ${at('small')}`,
  );
  tool('mkntfs', '-F', '-q', '-f', '-s', sector, '-c', cluster, image);
  for (const name of ['tool', 'small']) tool('ntfscp', '-f', image, at(name), name);
  await unpacked(image, ({ tree, gaps, containers }) => {
    expect(gaps).toEqual([]);
    expect(containers.filter(({ format }) => format === 'archive/ntfs')).toHaveLength(1);
    for (const name of ['tool', 'small'])
      expect(tree.get(`image.ntfs!ntfs/${name}`)?.sha256).toBe(
        createHash('sha256')
          .update(readFileSync(at(name)))
          .digest('hex'),
      );
  });
});
