/** The table of published signing keys: each entry is a key, under its own fingerprint, once; AVB and Android are in it. */
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const { keys } = parse(readFileSync('baselines/knowledge/sample-keys.yaml', 'utf8')) as {
  readonly keys: readonly { readonly name: string; readonly sha256: string; readonly spki: string }[];
};

test('each entry is a public key with the fingerprint that it states, and comes once', () => {
  for (const { name, sha256, spki } of keys) {
    const der = Buffer.from(spki, 'base64');
    expect(createHash('sha256').update(der).digest('hex'), name).toBe(sha256);
    const again = createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ format: 'der', type: 'spki' });
    expect(again.equals(der), name).toBe(true);
  }
  expect(new Set(keys.map(({ sha256 }) => sha256)).size).toBe(keys.length);
  expect(new Set(keys.map(({ name }) => name)).size).toBe(keys.length);
});

test.each([
  'AOSP testkey',
  'AOSP platform',
  'AOSP shared',
  'AOSP media',
  'AVB test testkey_rsa2048',
  'MCUboot root-rsa-2048',
  'OP-TEE default',
  'TF-A arm_rotprivk_rsa',
  'U-Boot custMpk',
  'EDK II TestRoot',
  'Debian OVMF PkKek-1-snakeoil',
])('%s is known', (wanted) => expect(keys.some(({ name }) => name === wanted)).toBe(true));
