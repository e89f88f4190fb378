/** PKCS#12 and Java key stores, made by OpenSSL and keytool: what public passwords open, and what stays shut. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isStorePassword, jksKeys } from '../../../../src/codecs/formats/jks.ts';
import { gnupgSecret } from '../../../../src/codecs/formats/openpgp-key.ts';
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

test.each([
  ['store.jceks', { format: 'jks', type: 'RSA', bits: 2048, passphrase: 'changeit' }],
  ['locked.der', { format: 'pkcs8', type: 'RSA', bits: 2048, encrypted: true, passphrase: 'password' }],
  ['putty-ed448.ppk', { format: 'putty', type: 'Ed448', bits: 456, encrypted: false }],
  ['gnupg-rsa.key', { format: 'openpgp', type: 'RSA', bits: 1024, encrypted: false, weaknesses: ['small'] }],
])('%s is told as what it is', async (name, told) => {
  expect(await keysOf(name)).toEqual([expect.objectContaining(told)]);
});

test('GnuPG’s own file of a key in canonical form tells its size too', () => {
  const number = `${'\0'}${'\x80'.padEnd(256, 'x')}`;
  expect(gnupgSecret(`(21:protected-private-key(3:rsa(1:n257:${number})(1:e3:\x01\0\x01)`)).toEqual({
    type: 'RSA',
    bits: 2048,
    encrypted: true,
  });
  expect(gnupgSecret('Key: (private-key (ecc (curve "NIST P-256")')).toMatchObject({ type: 'EC' });
});

describe('a key of WireGuard', () => {
  const key = fixture('wireguard.key').toString().trim();
  const publicly = 'jGYI7xbTLSQ8ZFYRUqRjVIdx3HYG5Yb0qxAsRSTnJnw=';
  const found = async (path: string, text: string) =>
    (await analyze([keysPrivateKeys], { [path]: text })).of('key.private');

  test.each([
    ['/etc/wireguard/wg0.conf', `[Interface]\nPrivateKey = ${key}\n`],
    ['/etc/systemd/network/99-wg0.netdev', `[WireGuard]\nPrivateKey=${key}\n`],
    ['/etc/NetworkManager/system-connections/vpn.nmconnection', `[wireguard]\nprivate-key=${key}\n`],
    ['/etc/config/network', `config interface 'wg0'\n\toption private_key '${key}'\n`],
    ['/etc/config/network', `config interface 'wg0'\n\toption "private_key" "${key}"\n`],
    ['/etc/wireguard/wg1.conf', `[Interface]\nprivatekey = ${key} # of this unit\n`],
    ['/etc/wireguard/privatekey', `${key}\n`],
    ['/etc/wgkey', `${key}\n`],
    ['/etc/wg-privatekey', `${key}\n`],
    ['/root/wg0.priv', `${key}\n`],
  ])('is told in %s with its public half', async (path, text) => {
    expect(await found(path, text)).toEqual([
      expect.objectContaining({ format: 'wireguard', type: 'X25519', spki: spkiOf('wireguard.key') }),
    ]);
  });

  test.each([
    ['/etc/wireguard/publickey', `${key}\n`],
    ['/etc/wireguard/presharedkey', `${key}\n`],
    ['/etc/wg-publickey', `${key}\n`],
    ['/etc/wireguard/peer', `${key}\n`],
    ['/etc/wireguard/secret', `${publicly}\n`],
    ['/etc/machine.key', `${key}\n`],
  ])('is not what stands alone in %s', async (path, text) => {
    expect(await found(path, text)).toEqual([]);
  });
});

test('a Java key whose guesses cost much is tried with the likeliest passwords, and that is told', async () => {
  const store = Buffer.from(fixture('store.jceks'));
  // Rounds stand behind the salt of eight bytes: 0x04 0x08 … 0x02 0x03.
  const at = store.indexOf(Buffer.from('2b060104012a021301', 'hex'));
  const rounds = store.indexOf(Buffer.from([2, 3]), at) + 2;
  expect(store.readUIntBE(rounds, 3)).toBe(200_000);
  store.writeUIntBE(0x7fffff, rounds, 3);
  const { of, gaps } = await analyze([keysPrivateKeys], { '/etc/ssl/store.jceks': store });
  expect(of('key.private')).toEqual([expect.objectContaining({ encrypted: true, type: 'RSA' })]);
  expect(gaps[0]?.message).toMatch(/or not all/);
});

/** Entries of a store by their number: what is behind many certificates, or asks for much work, is no less a key. */
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const NAMED = Buffer.from([0, 1, 0x61]);
const DATE = Buffer.alloc(8);

test('a private key behind a thousand certificates of a Java store is read', () => {
  const trusted = Buffer.concat([number(2), NAMED, DATE, NAMED, number(2), Buffer.from([0x30, 0])]);
  const own = Buffer.concat([number(1), NAMED, DATE, number(2), Buffer.from([0x30, 0]), number(0)]);
  const head = Buffer.concat([number(0xfeedfeed), number(2), number(1001)]);
  expect(jksKeys(Buffer.concat([head, ...Array<Buffer>(1000).fill(trusted), own]), ['x'])).toHaveLength(1);
});

test('the keys of one store share what guesses may cost', () => {
  const algorithm = Buffer.from('06092b060104012a021301300f0408010101010101010102030186a0', 'hex');
  const sequence = Buffer.concat([Buffer.from([0x30, algorithm.length]), algorithm]);
  const body = Buffer.concat([sequence, Buffer.from([4, 64]), Buffer.alloc(64, 7)]);
  const key = Buffer.concat([Buffer.from([0x30, body.length]), body]);
  const entry = Buffer.concat([number(1), NAMED, DATE, number(key.length), key, number(0)]);
  const store = Buffer.concat([number(0xcececece), number(2), number(4), ...Array<Buffer>(4).fill(entry)]);
  expect(jksKeys(store, ['a', 'b', 'c']).map(({ untried }) => untried)).toEqual([undefined, undefined, true, true]);
}, 30_000);

test('a store too large to be opened, and more keys of WireGuard than are read, are told', async () => {
  const large = Buffer.alloc((1 << 20) + 1);
  fixture('store.jks').copy(large);
  const key = fixture('wireguard.key').toString().trim();
  const { gaps } = await analyze([keysPrivateKeys], {
    '/etc/large.jks': large,
    '/etc/wireguard/wg0.conf': `PrivateKey = ${key}\n`.repeat(60),
  });
  expect(gaps.map(({ message }) => message).sort()).toEqual([
    'a key store of more than 1 MiB was not opened',
    'only the first 50 keys of WireGuard were read',
  ]);
});

test('a curve without end keeps nobody busy', () => {
  const before = performance.now();
  gnupgSecret(`(private-key (rsa (n #00#) (curve${' '.repeat(8000)}!`);
  expect(performance.now() - before).toBeLessThan(300);
});
