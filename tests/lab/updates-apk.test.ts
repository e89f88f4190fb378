/** apksigner beside assay: schemes 1, 2 and 3, rotation, stripped schemes, changed bytes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artefact, judge, keyOf } from '../support/updates.ts';

const has = spawnSync('which', ['apksigner']).status === 0;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-apk-lab-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** It trusts whoever signed; `level` is the lowest API level, which decides on the schemes that it looks at. */
function theirs(bytes: Uint8Array, level: number): boolean {
  const path = join(folder, 'app.apk');
  writeFileSync(path, bytes);
  return spawnSync('apksigner', ['verify', '--min-sdk-version', String(level), path], { timeout: 60_000 }).status === 0;
}
const CASES = [
  ['v1', 18, 'app'],
  ['v2', 24, 'app'],
  ['v3', 28, 'app'],
  ['all', 18, 'app'],
  ['ec', 24, 'ec'],
  ['rotated', 18, 'app'],
  ['unsigned', 18, 'app'],
] as const;

describe.skipIf(!has)('apksigner verify', () => {
  test.each(CASES)('agrees on %s', async (name, level, key) => {
    const bytes = artefact(`apk/${name}.apk`);
    const ours = (await judge(bytes, { keys: keyOf(`apk/${key}.pem`) })).code === 0;
    expect([ours, theirs(bytes, level)]).toEqual([name !== 'unsigned', name !== 'unsigned']);
  });

  test.each(CASES.slice(0, 4))(
    'assay is never laxer on %s with a byte changed, and says where it is stricter',
    async (name, level, key) => {
      const bytes = readFileSync(`fixtures/updates/apk/${name}.apk`);
      const stricter: number[] = [];
      for (let index = 0; index < 16; index++) {
        const at = Math.floor((bytes.length * (index + 0.5)) / 16);
        const copy = Buffer.from(bytes);
        copy[at]! ^= 0x20;
        const ours = (await judge(copy, { keys: keyOf(`apk/${key}.pem`), name: 'app.apk' })).code === 0;
        const they = theirs(copy, level);
        expect(ours && !they, `byte ${at}`).toBe(false);
        if (ours !== they) stricter.push(at);
      }
      expect(stricter.length).toBeLessThan(3);
    },
  );
});
