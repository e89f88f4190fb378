import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { updatesTrustedKeys } from '../../../../src/plugins/analyzers/updates/trusted-keys.ts';
import { analyze } from '../../../support/analyze.ts';
import { usignKey } from '../../../support/openwrt.ts';

const CA = readFileSync('fixtures/updates/ca.pem', 'utf8');
const SIGNER = readFileSync('fixtures/updates/signer.pub', 'utf8');
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const spkiOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
const told = (facts: readonly Record<string, unknown>[]) =>
  facts.map((one) => `${one['tool']} ${one['file']} ${one['type']} ${one['bits']}`).sort();

test('each client is asked where it keeps its keys', async () => {
  const { of, gaps } = await analyze([updatesTrustedKeys], {
    '/etc/opkg/keys/0102030405060708': usignKey().file,
    '/etc/apk/keys/maker.rsa.pub': SIGNER,
    '/etc/rauc/system.conf': '[system]\ncompatible=x\n[keyring]\npath=ca.pem\n',
    '/etc/rauc/ca.pem': CA,
    '/etc/swupdate.cfg': 'globals : { public-key-file = "/etc/swupdate.pem"; };\n',
    '/etc/swupdate.pem': SIGNER,
    '/etc/mender/mender.conf': '{"ArtifactVerifyKeys": ["/etc/mender/one.pem"]}',
    '/etc/mender/one.pem': SIGNER,
    '/etc/init.d/S80swupdate': '#!/bin/sh\nswupdate -w -k /etc/other.pem\n',
    '/etc/other.pem': CA,
    '/etc/ssl/unrelated.pem': SIGNER,
  });
  expect(gaps).toEqual([]);
  expect(told(of('update.trusted-key'))).toEqual([
    'apk /etc/apk/keys/maker.rsa.pub RSA 2048',
    'mender /etc/mender/one.pem RSA 2048',
    'opkg /etc/opkg/keys/0102030405060708 Ed25519 256',
    'rauc /etc/rauc/ca.pem RSA 2048',
    'swupdate /etc/other.pem RSA 2048',
    'swupdate /etc/swupdate.pem RSA 2048',
  ]);
  const swupdate = of('update.trusted-key').find((one) => one['file'] === '/etc/swupdate.pem');
  expect(swupdate).toMatchObject({ fingerprint: sha(spkiOf(SIGNER)), privateInImage: false });
  expect(swupdate).not.toHaveProperty('expired');
  const rauc = of('update.trusted-key').find((one) => one['tool'] === 'rauc');
  expect(rauc).toMatchObject({ expired: false });
});

test('a key that is named and not there, and one that can not be read, are gaps and no facts', async () => {
  const { of, gaps } = await analyze([updatesTrustedKeys], {
    '/etc/rauc/system.conf': '[keyring]\npath=/etc/none.pem\n',
    '/etc/opkg/keys/aaaa': 'untrusted comment: x\nAAAA\n',
    '/etc/apk/keys/b.pub': 'nothing',
  });
  expect(of('update.trusted-key')).toEqual([]);
  expect(gaps.map(({ message }) => message).sort()).toEqual([
    '/etc/apk/keys/b.pub, which apk trusts: it holds no key of a known kind',
    '/etc/none.pem, which /etc/rauc/system.conf trusts, is not in the image',
    '/etc/opkg/keys/aaaa, which opkg trusts: 3 bytes in place of 42',
  ]);
});

test('a published sample key is named', async () => {
  const { keys } = parse(readFileSync('baselines/knowledge/sample-keys.yaml', 'utf8')) as {
    keys: { name: string; spki: string }[];
  };
  const sample = keys.find(({ name }) => name.includes('root-rsa-2048'))!;
  const pem = `-----BEGIN PUBLIC KEY-----\n${sample.spki.replace(/.{64}/g, '$&\n')}\n-----END PUBLIC KEY-----\n`;
  const { of } = await analyze([updatesTrustedKeys], { '/etc/apk/keys/x.pub': pem });
  expect(of('update.trusted-key')).toMatchObject([{ sampleKey: sample.name }]);
});

test('a usign secret key in the image opens the public one that is trusted', async () => {
  const key = usignKey();
  const seed = key.pair.secret.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const secret = Buffer.concat([
    Buffer.from('EdBK'),
    Buffer.alloc(4),
    Buffer.alloc(16),
    Buffer.alloc(8),
    key.number,
    seed,
    key.pair.spki.subarray(-32),
  ]);
  const files = { '/etc/opkg/keys/0102030405060708': key.file };
  const text = `untrusted comment: private key 01\n${secret.toString('base64')}\n`;
  const shipped = await analyze([updatesTrustedKeys], { ...files, '/root/key-build': text });
  expect(shipped.of('update.trusted-key')).toMatchObject([{ privateInImage: true }]);
  const other = await analyze([updatesTrustedKeys], { '/etc/opkg/keys/01': usignKey().file, '/root/key-build': text });
  expect(other.of('update.trusted-key')).toMatchObject([{ privateInImage: false }]);
});

test('an image without an update client tells nothing', async () => {
  const { facts, gaps } = await analyze([updatesTrustedKeys], { '/etc/passwd': 'root:x:0:0::/:/bin/sh\n' });
  expect([facts, gaps]).toEqual([[], []]);
});
