/** Keys and certificates of files made by OpenSSL, OpenSSH and Dropbear, with the fingerprints that those tools gave. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pemBlocks } from '../../../../src/codecs/formats/pem.ts';
import { derKeysAt, pemKeys } from '../../../../src/codecs/formats/private-key.ts';
import {
  hasClosePrimes,
  hasRocaPrint,
  hasSmallFactor,
  sharingPrimes,
} from '../../../../src/codecs/formats/weak-keys.ts';
import { keyCertificate, keyDhParameters, keyPrivate, keyTrustStore } from '../../../../src/facts/index.ts';
import { memoryBlob } from '../../../../src/lib/blob.ts';
import { accountsFirstBoot } from '../../../../src/plugins/analyzers/accounts/first-boot.ts';
import { keysCertificates } from '../../../../src/plugins/analyzers/keys/certificates.ts';
import { keysPrivateKeys } from '../../../../src/plugins/analyzers/keys/private-keys.ts';
import { stepsOf } from '../../../support/steps.ts';
import { analyze, type Files, treeOf } from '../../../support/tree.ts';

const sample = (name: string): Buffer => readFileSync(new URL(`../../../../fixtures/keys/${name}`, import.meta.url));
const SPKI = new Map(
  sample('spki.txt')
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]),
);
const look = (files: Files) => analyze([accountsFirstBoot, keysPrivateKeys, keysCertificates], treeOf(files));
const keysOf = async (files: Files) => (await look(files)).of(keyPrivate);

describe('a private key is read in the form of', () => {
  test.each([
    ['rsa.pem', 'pkcs1', 'RSA', 2048],
    ['rsa8.pem', 'pkcs8', 'RSA', 2048],
    ['ec.pem', 'sec1', 'EC', 256],
    ['ed25519.pem', 'pkcs8', 'Ed25519', 256],
    ['small.pem', 'pkcs1', 'RSA', 1024],
    ['openssh-rsa', 'openssh', 'RSA', 2048],
    ['dropbear-rsa', 'dropbear', 'RSA', 2048],
    ['dropbear-ecdsa', 'dropbear', 'EC', 256],
  ])('%s', async (name, format, type, bits) => {
    const [key, ...others] = await keysOf({ [`/etc/${name}`]: sample(name) });
    expect(key).toMatchObject({ format, type, bits, spki: SPKI.get(name), encrypted: false, place: 'system' });
    expect(others).toEqual([]);
  });

  test('Dropbear’s Ed25519', async () => {
    expect(await keysOf({ '/etc/dropbear/k': sample('dropbear-ed25519') })).toMatchObject([
      { type: 'Ed25519', purpose: 'ssh-host' },
    ]);
  });

  test('a locked key is told as such; the public half of OpenSSH’s stands in clear', async () => {
    const keys = await keysOf({ '/etc/a': sample('locked.pem'), '/etc/b': sample('openssh-ed25519') });
    expect(keys).toMatchObject([
      { format: 'pkcs8', encrypted: true, bits: 0 },
      { format: 'openssh', encrypted: true, type: 'Ed25519', spki: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  test('PKCS#12 is recognised by its structure', async () => {
    expect(await keysOf({ '/etc/store': sample('store.p12') })).toMatchObject([{ format: 'pkcs12', encrypted: true }]);
  });

  test('DER amid a program is found where it lies', async () => {
    const program = Buffer.concat([Buffer.alloc(1000, 1), sample('rsa.der'), Buffer.alloc(500, 2)]);
    const run = await look({ '/usr/bin/daemon': program });
    expect(run.facts.find(({ type }) => type === 'key.private')).toMatchObject({
      where: 'offset 0x3e8',
      data: { spki: SPKI.get('rsa.pem') },
    });
  });

  test('PEM in a C string, with escaped line ends', async () => {
    const text = `char key[] = "${sample('ec.pem').toString().replaceAll('\n', '\\n')}";`;
    expect(await keysOf({ '/etc/blob': text })).toMatchObject([{ spki: SPKI.get('ec.pem') }]);
  });
});

test('markers without a key, empty host keys and public keys are no private keys', async () => {
  const marker = 'x'.repeat(60);
  const files = {
    '/lib/a.ko': `\0-----BEGIN RSA PRIVATE KEY-----\0-----END RSA PRIVATE KEY-----\0${marker}`,
    '/lib/b.so': `-----BEGIN PRIVATE KEY-----\0-----BEGIN CERTIFICATE-----\0%s${marker}`,
    '/etc/dropbear/dropbear_rsa_host_key': '',
    '/etc/c': `-----BEGIN RSA PRIVATE KEY-----\nQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\n-----END RSA PRIVATE KEY-----\n`,
  };
  expect(await keysOf(files)).toEqual([]);
});

test('place, purpose and who names the file', async () => {
  const files = {
    '/usr/share/doc/openssl/examples/key.pem': sample('rsa.pem'),
    '/usr/share/doc/used/server.pem': sample('ec.pem'),
    '/etc/lighttpd/lighttpd.conf': 'ssl.pemfile = "/usr/share/doc/used/server.pem"\n',
    '/etc/openvpn/client.key': sample('small.pem'),
  };
  expect(await keysOf(files)).toMatchObject([
    { place: 'documentation', referenced: false },
    { place: 'system', referenced: true, referencedBy: '/etc/lighttpd/lighttpd.conf', purpose: 'tls-server' },
    { purpose: 'vpn', weaknesses: ['small'] },
  ]);
});

test('a long text is searched as far as it is read, and told where nobody was found', async () => {
  const long = 'x'.repeat((1 << 20) + 100);
  const key = { '/usr/share/doc/used/server.pem': sample('ec.pem') };
  const found = await look({ ...key, '/etc/app.conf': `cert=/usr/share/doc/used/server.pem\n${long}` });
  expect(found.of(keyPrivate)).toMatchObject([{ referencedBy: '/etc/app.conf' }]);
  expect(found.gaps).toEqual([]);
  const open = await look({ ...key, '/etc/app.conf': `${long}cert=/usr/share/doc/used/server.pem\n` });
  expect(open.gaps.map(({ unseen }) => unseen.message)).toEqual([expect.stringContaining('/etc/app.conf')]);
  expect((await look({ ...key, '/etc/blob': `\0${long}` })).gaps).toEqual([]);
});

test('a key is not replaced by a script that makes one only when there is none', async () => {
  const key = { '/etc/server.pem': sample('ec.pem') };
  const guarded =
    '#!/bin/sh\n[ -f /etc/server.pem ] || openssl req -x509 -keyout /etc/server.pem -out /etc/server.pem\n';
  const blind = '#!/bin/sh\nopenssl req -x509 -keyout /etc/server.pem -out /etc/server.pem\n';
  expect((await keysOf({ ...key, '/etc/init.d/S1': guarded }))[0]?.replacedAtFirstBoot).toBe('no');
  expect((await keysOf({ ...key, '/etc/init.d/S1': blind }))[0]?.replacedAtFirstBoot).toBe('unknown');
});

test('modes tell who may read a key, where the image keeps modes', async () => {
  const files = {
    '/etc/a': { content: sample('ec.pem'), mode: 0o600 },
    '/etc/b': { content: sample('ec.pem'), mode: 0o644 },
  };
  expect((await keysOf(files)).map(({ readableByOthers }) => readableByOthers)).toEqual(['no', 'yes']);
  const run = await analyze([keysPrivateKeys], treeOf(files, { keepsModes: false }));
  expect(run.of(keyPrivate).map(({ readableByOthers }) => readableByOthers)).toEqual(['unknown', 'unknown']);
});

test('a certificate is paired with its key, and Diffie-Hellman parameters are measured', async () => {
  const run = await look({
    '/etc/c.pem': sample('certificate.pem'),
    '/etc/k.pem': sample('rsa.pem'),
    '/etc/dh.pem': sample('dh.pem'),
  });
  expect(run.of(keyCertificate)).toMatchObject([
    {
      subject: 'CN=sample.example',
      keyType: 'RSA',
      keyBits: 2048,
      signatureHash: 'SHA-256',
      selfSigned: true,
      privateKeyInImage: true,
      spki: SPKI.get('rsa.pem'),
    },
  ]);
  expect(run.of(keyDhParameters)).toMatchObject([{ file: '/etc/dh.pem', bits: 512 }]);
  expect(run.of(keyTrustStore)).toEqual([]);
});

test('a certificate within a program is told, and paired with the key beside it', async () => {
  const [block] = pemBlocks(sample('certificate.pem'));
  const der = Buffer.from(block?.der ?? []);
  const noise = Buffer.from([0x30, 0x82, 0x03, 0x00, 0x30, 0x82, 0x02, 0x00, 0xa0, 3, 2, 1, 2]);
  const program = Buffer.concat([
    Buffer.alloc(1000, 1),
    noise,
    Buffer.alloc(900, 3),
    der,
    sample('rsa.der'),
    Buffer.alloc(500, 2),
  ]);
  const { of } = await look({ '/usr/sbin/httpsd': program });
  expect(of(keyCertificate).map(({ file, privateKeyInImage }) => [file, privateKeyInImage])).toEqual([
    ['/usr/sbin/httpsd', true],
  ]);
});

test('many authorities in one file are a trust store', async () => {
  const run = await look({ '/etc/ca.pem': Buffer.concat(Array(6).fill(sample('certificate.pem')) as Buffer[]) });
  expect(run.of(keyCertificate)).toEqual([]);
  expect(run.of(keyTrustStore)).toMatchObject([
    { certificates: 6, expired: 0, weak: 0, testAuthority: 'CN=sample.example' },
  ]);
});

describe('weak moduli', () => {
  const modulus = (): bigint => {
    const { n = '' } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    return BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
  };

  test('a sound one shows nothing', () => {
    const n = modulus();
    expect([hasRocaPrint(n), hasClosePrimes(n), hasSmallFactor(n)]).toEqual([false, false, false]);
  });

  test('close primes, a small factor and a shared prime are seen', () => {
    const p = (1n << 127n) - 1n;
    const q = (1n << 127n) + 45n;
    expect(hasClosePrimes(p * q)).toBe(true);
    expect(hasSmallFactor(modulus() * 1009n)).toBe(true);
    const other = (1n << 521n) - 1n;
    expect(sharingPrimes([p * other, p * ((1n << 89n) - 1n), modulus()]).size).toBe(2);
  });

  test('a power of 65537 carries the print of ROCA', () => {
    expect(hasRocaPrint(65_537n ** 40n)).toBe(true);
  });
});

/** Each byte is searched for markers, for ends of blocks and for the four starts of keys, and decoded at most once for each. */
const OFTEN = 5;
/** Of the starts of keys, one in nine bytes. */
const places = (size: number): number[] => Array.from({ length: size / 9 }, (_, index) => index * 9 + 4);

test.each([
  ['markers without bodies', Buffer.from('-----BEGIN RSA PRIVATE KEY-----\n'.repeat(200_000)), pemKeys],
  ['a block without an end', Buffer.from(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(5_000_000)}`), pemBlocks],
  [
    'starts of keys',
    Buffer.alloc(1 << 20, Buffer.from([0x30, 0x82, 4, 0, 2, 1, 0, 2, 0x82])),
    (bytes: Buffer) => derKeysAt(memoryBlob(bytes), places(bytes.length)).keys,
  ],
])('a bomb of %s costs each byte a few looks', async (_what, bomb, read) => {
  let found: unknown;
  const { searched, decoded } = await stepsOf(() => {
    found = read(bomb);
  });
  expect(found).toEqual([]);
  expect(searched).toBeLessThan(OFTEN * bomb.length);
  expect(decoded).toBeLessThan(OFTEN * bomb.length);
});
