/** A kernel's configuration as assay takes it out, against what dd and zcat give of the bytes between its marks. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configOf } from '../../src/codecs/formats/linux-kernel.ts';
import { memoryBlob } from '../../src/lib/blob.ts';

const gzip = spawnSync('gzip', ['--version']).status === 0;

test.skipIf(!gzip).each([1, 9])(
  'the bytes between IKCFG_ST and IKCFG_ED are those that zcat gives (gzip -%i)',
  (level) => {
    const text = Array.from({ length: 4000 }, (_, index) => `CONFIG_OPTION_${index * 7919}=${'ynm'[index % 3]}`).join(
      '\n',
    );
    const packed = spawnSync('gzip', [`-${level}`, '-n', '-c'], { input: `${text}\n`, maxBuffer: 1 << 26 }).stdout;
    const kernel = Buffer.concat([
      Buffer.alloc(100_001, 0xa5),
      Buffer.from('IKCFG_ST without a stream'),
      Buffer.alloc(70_003, 0x5a),
      Buffer.from('IKCFG_ST'),
      packed,
      Buffer.from('IKCFG_ED'),
      Buffer.alloc(50_000, 1),
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'assay-ikconfig-'));
    try {
      writeFileSync(join(folder, 'kernel'), kernel);
      const script = `s=$(grep -abo IKCFG_ST kernel | tail -1 | cut -d: -f1); e=$(grep -abo IKCFG_ED kernel | tail -1 | cut -d: -f1)
      tail -c +$((s + 9)) kernel | head -c $((e - s - 8)) | zcat`;
      const { stdout } = spawnSync('bash', ['-c', script], { cwd: folder, maxBuffer: 1 << 26 });
      expect(stdout.length).toBeGreaterThan(50_000);
      expect(configOf(memoryBlob(kernel))?.equals(stdout)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
