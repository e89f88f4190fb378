/** The committed WebAssembly is what its source compiles to. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the LZMA module is made from the source beside its script, and from nothing else', () => {
  const ran = spawnSync(process.execPath, ['scripts/build-wasm.js', '--check'], { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(0);
}, 60_000);
