/** The committed WebAssembly is what its source compiles to, and has the memory that it writes to. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { unrawLzma } from '../../../src/codecs/compression/lzma.ts';

test('the LZMA module is made from the source beside its script, and from nothing else', () => {
  const ran = spawnSync(process.execPath, ['scripts/build-wasm.js', '--check'], { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(0);
}, 60_000);

test('the most literal bits that there can be take megabytes of probabilities', () => {
  // Zeros are zero bits throughout, and those are literals of zero.
  const out = unrawLzma(new Uint8Array(64), { lc: 8, lp: 4, pb: 4 }, 50);
  expect([...new Set(out)]).toEqual([0]);
  expect(out).toHaveLength(50);
});
