/** What is too large to be read whole is told as a gap, and hostile files stay bounded. */
import { expect, test } from 'vitest';
import type { Analyzer } from '../../../src/core/model/gatherer.ts';
import * as analyzers from '../../../src/plugins/analyzers/index.ts';
import { analyze } from '../../support/analyze.ts';
import { stepsOf } from '../../support/steps.ts';

type Files = Parameters<typeof analyze>[1];

/** Gaps and thrown faults of one analyzer, by message. */
async function toldOf(analyzer: Analyzer, files: Files): Promise<string> {
  try {
    return (await analyze([analyzer], files)).gaps.map(({ message }) => message).join('; ');
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

const long = (mebibytes: number): string => 'x = '.padEnd(mebibytes << 20, 'y');

test.each([
  ['a configuration', analyzers.servicesSettings, '/etc/vsftpd.conf', long(2)],
  ['an account file', analyzers.accountsPasswords, '/etc/shadow', `root::1:::::\n${'#\n'.repeat(9 << 20)}`],
  ['an account file', analyzers.accountsUsers, '/etc/passwd', `root:x:0:0::/:/bin/sh\n${'#\n'.repeat(3 << 20)}`],
  ['a line of accounts', analyzers.accountsUsers, '/etc/passwd', `root:x:0:0:${'g'.repeat(5000)}:/:/bin/sh\n`],
  ['rules of sudo', analyzers.accountsPrivileges, '/etc/sudoers', 'a ALL=(ALL) ALL\n'.repeat(1001)],
  ['public keys', analyzers.accountsAuthorizedKeys, '/root/.ssh/authorized_keys', long(5)],
  ['a first-boot script', analyzers.accountsFirstBoot, '/etc/init.d/S01', `#!/bin/sh\n${'#\n'.repeat(3 << 20)}`],
  ['kernel settings', analyzers.kernelSysctls, '/etc/sysctl.conf', long(3)],
  ['a table of mounts', analyzers.filesMounts, '/etc/fstab', long(3)],
  ['a kernel configuration', analyzers.kernelBuild, '/boot/config-6.1', long(5)],
  ['an update script', analyzers.updatesClient, '/usr/bin/update', `#!/bin/sh\n${'#\n'.repeat(3 << 20)}`],
  ['Wi-Fi networks', analyzers.secretsWifi, '/etc/hostapd.conf', long(5)],
  ['boot variables', analyzers.bootLoaders, '/boot/uEnv.txt', long(1)],
])('%s that is too long becomes a gap', async (_what, analyzer, name, content) => {
  expect(await toldOf(analyzer, { [name]: content })).toMatch(/longer|only the first|too long|too large|more than/);
});

test('one line of 100 MB is bounded for every analyzer, and told', { timeout: 90_000 }, async () => {
  const content = Buffer.alloc(100_000_000, 'a');
  for (const analyzer of [analyzers.servicesSettings, analyzers.updatesClient, analyzers.secretsUrlsWithCredentials]) {
    const { searched, decoded } = await stepsOf(() => toldOf(analyzer, { '/etc/lighttpd/lighttpd.conf': content }));
    expect(searched, analyzer.id).toBeLessThan(2 * content.length);
    expect(decoded, analyzer.id).toBeLessThan(2 * content.length);
  }
  expect(await toldOf(analyzers.servicesSettings, { '/etc/lighttpd/lighttpd.conf': content })).toMatch(/longer than/);
});

test('a token and a password in a file of over 16 MiB are found beyond it', async () => {
  const content = Buffer.alloc(40 << 20, '.');
  content.write(' AKIAQZ7HFJ2KWLPNX3TB ', 33 << 20);
  content.write(' http://cam:S3cure9Word@cloud.vendor.io/ ', (16 << 20) - 12);
  const { of } = await analyze([analyzers.secretsTokens, analyzers.secretsUrlsWithCredentials], {
    '/opt/blob': content,
  });
  expect(of('secret.token').length).toBe(1);
  expect(of('secret.url').length).toBe(1);
});

test('a million lines of shadow are judged up to the limit, and the rest is told', async () => {
  const text = Array.from({ length: 1_000_000 }, (_, index) => `u${index}:*:1::::::`).join('\n');
  expect(await toldOf(analyzers.accountsPasswords, { '/etc/shadow': text })).toMatch(/more passwords/);
});

test('bytes that are no UTF-8 throw nothing', async () => {
  const noise = Buffer.concat([
    Buffer.from('root:'),
    Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]),
    Buffer.from(':1::::::\n'),
  ]);
  for (const analyzer of Object.values(analyzers))
    await analyze([analyzer], { '/etc/shadow': noise, '/etc/init.d/S1': noise, '/etc/sshd_config': noise });
});

test('headers of PEM without an end, a hundred thousand of them, cost no more than their bytes', async () => {
  const bomb = '-----BEGIN RSA PRIVATE KEY-----\n'.repeat(100_000);
  let facts: unknown;
  const { searched, decoded } = await stepsOf(async () => {
    ({ facts } = await analyze([analyzers.keysPrivateKeys, analyzers.keysCertificates], { '/etc/ssl/bomb.pem': bomb }));
  });
  expect(facts).toEqual([]);
  // Two analyzers: markers, ends of blocks and the four starts of bare keys.
  expect(searched).toBeLessThan(10 * bomb.length);
  expect(decoded).toBeLessThan(10 * bomb.length);
});

test('a locked key that asks for two thousand million rounds is told, not tried', async () => {
  // EncryptedPrivateKeyInfo with PBES2, PBKDF2 of 0x7fffffff rounds, AES-128-CBC (RFC 8018).
  const rounds = Buffer.from('02047fffffff', 'hex');
  const kdf = seq(oid('2a864886f70d01050c'), seq(tlv(4, Buffer.alloc(8, 1)), rounds));
  const cipher = seq(oid('60864801650304012a'), tlv(4, Buffer.alloc(16, 2)));
  const key = seq(seq(oid('2a864886f70d01050d'), seq(kdf, cipher)), tlv(4, Buffer.alloc(64, 3)));
  const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${key.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  // One guess would take many minutes.
  const { of, gaps } = await analyze([analyzers.keysPrivateKeys], { '/etc/ssl/key.pem': pem });
  expect(of('key.private')).toEqual([expect.objectContaining({ encrypted: true })]);
  expect(gaps[0]?.message).toMatch(/no passphrase was tried/);
});

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([
    Buffer.from(content.length < 128 ? [tag, content.length] : [tag, 0x81, content.length]),
    content,
  ]);
};
const seq = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
const oid = (hex: string): Buffer => tlv(6, Buffer.from(hex, 'hex'));
