/** usign's form is signify's: what our signer makes signify accepts, what signify makes assay accepts, and both refuse the same. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usign, usignKey, withMetadata, withSignature } from '../support/openwrt.ts';
import { filler } from '../support/signers.ts';
import { judge } from '../support/updates.ts';

const HERE = spawnSync('which', ['signify-openbsd']).status === 0;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-openwrt-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const signify = (...args: readonly string[]): boolean =>
  spawnSync('signify-openbsd', args, { cwd: folder }).status === 0;

describe.skipIf(!HERE)('signify', () => {
  const image = withMetadata(filler(2000));
  test.each([
    ['good', 0],
    ['changed', 1],
  ])('agrees on what our signer made: %s', async (_what, change) => {
    const key = usignKey();
    const signature = usign(key, image);
    const bytes = Buffer.from(image);
    bytes[500]! ^= change;
    writeFileSync(join(folder, 'key.pub'), key.file);
    writeFileSync(join(folder, 'image.sig'), signature);
    writeFileSync(join(folder, 'image'), bytes);
    const theirs = signify('-V', '-q', '-p', 'key.pub', '-x', 'image.sig', '-m', 'image');
    expect(theirs).toBe(change === 0);
    const { code } = await judge(withSignature(bytes, Buffer.from(signature)), { keys: [key.trusted] });
    expect(code === 0).toBe(theirs);
  });

  test('makes signatures that assay takes in the trailer, and no other', async () => {
    expect(signify('-G', '-n', '-p', 'own.pub', '-s', 'own.sec')).toBe(true);
    writeFileSync(join(folder, 'image'), image);
    expect(signify('-S', '-s', 'own.sec', '-m', 'image', '-x', 'own.sig')).toBe(true);
    const bytes = withSignature(image, readFileSync(join(folder, 'own.sig')));
    const trusted = { name: 'own.pub', kind: 'signify', bytes: readFileSync(join(folder, 'own.pub')) } as const;
    expect((await judge(bytes, { keys: [trusted] })).code).toBe(0);
    expect(await judge(bytes, { keys: [usignKey().trusted] })).toMatchObject({ code: 1, word: 'wrong-key' });
  });
});
