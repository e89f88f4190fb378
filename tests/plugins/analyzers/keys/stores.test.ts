/** PKCS#12 and Java key stores, made by OpenSSL and keytool: what public passwords open, and what stays shut. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isStorePassword, jksKeys } from '../../../../src/codecs/formats/jks.ts';
import { openPkcs12 } from '../../../../src/codecs/formats/pkcs12.ts';
import { keysPrivateKeys } from '../../../../src/plugins/analyzers/keys/private-keys.ts';
import { analyze } from '../../../support/analyze.ts';

const fixture = (name: string): Buffer => readFileSync(`fixtures/keys/${name}`);
const spkiOf = (name: string): string | undefined =>
  new RegExp(`^${name.replace('.', '\\.')} (\\w+)$`, 'm').exec(fixture('spki.txt').toString())?.[1];
const keysOf = async (name: string) =>
  (await analyze([keysPrivateKeys], { [`/etc/ssl/${name}`]: fixture(name) })).of('key.private');

test.each([
  ['legacy.p12', 'pkcs12', 'RSA', 'changeit', 'rsa.pem'],
  ['modern.p12', 'pkcs12', 'EC', '1234', 'ec.pem'],
  ['store.jks', 'jks', 'RSA', 'changeit', 'rsa.pem'],
])('%s opens, and its key is the one that went in', async (name, format, type, passphrase, key) => {
  expect(await keysOf(name)).toEqual([
    expect.objectContaining({ format, type, encrypted: true, passphrase, spki: spkiOf(key) }),
  ]);
});

test('a store whose password stands in no list stays shut; the certificate of a Java store tells its key', async () => {
  const [p12] = await keysOf('shut.p12');
  expect(p12).toMatchObject({ format: 'pkcs12', encrypted: true, type: 'other' });
  expect(p12?.['passphrase']).toBeUndefined();
  const [jks] = await keysOf('shut.jks');
  expect(jks).toMatchObject({ format: 'jks', encrypted: true, type: 'RSA', spki: spkiOf('rsa.pem') });
  expect(jks?.['passphrase']).toBeUndefined();
});

test('the digest of a Java store proves its password', () => {
  expect(isStorePassword(fixture('store.jks'), 'changeit')).toBe(true);
  expect(isStorePassword(fixture('store.jks'), 'password')).toBe(false);
});

test('stores that are cut, and noise behind their magic, give no key and no other error', async () => {
  for (const name of ['store.jks', 'legacy.p12', 'modern.p12']) {
    for (const size of [13, 40, 200, 380])
      await analyze([keysPrivateKeys], { '/etc/ssl/cut': fixture(name).subarray(0, size) }).catch((thrown: unknown) =>
        expect(thrown).toMatchObject({ fault: { kind: 'malformed' } }),
      );
  }
  const lie = Buffer.alloc(64, 0xff);
  lie.writeUInt32BE(0xfeedfeed, 0);
  lie.writeUInt32BE(2, 4);
  expect(() => jksKeys(lie, ['x'])).toThrow();
});

test('rounds that would take hours are not tried', () => {
  const rounds = Buffer.from([2, 2, 8, 0]);
  const store = Buffer.from(fixture('modern.p12'));
  for (let at = store.indexOf(rounds); at !== -1; at = store.indexOf(rounds, at + 1))
    store.writeUInt16BE(0x7fff, at + 2);
  expect(openPkcs12(store, ['1234'])).toBeUndefined();
  const oid = Buffer.from('2a864886f70d01050c', 'hex');
  const salt = store.indexOf(oid) + oid.length;
  const number = store.indexOf(2, salt + 4 + (store[salt + 3] ?? 0));
  expect(number).toBeGreaterThan(salt);
  const bomb = Buffer.concat([
    store.subarray(0, salt),
    Buffer.from([0x30, 14, 4, 2, 1, 1, 2, 4, 0x7f, 0xff, 0xff, 0xff]),
    store.subarray(salt + 12),
  ]);
  const before = performance.now();
  expect(openPkcs12(bomb, ['1234'])).toBe('costly');
  expect(performance.now() - before).toBeLessThan(1000);
});
