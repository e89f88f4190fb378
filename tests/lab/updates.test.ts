/** The tool's verdict beside the real tools': rauc, openssl, mender-artifact, signify, minisign, sbverify, gpg, over good and broken artefacts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { has, workshop } from '../support/workshop.ts';

const shop = workshop();
const { folder } = shop;
afterAll(shop.close);

const fixture = (name: string): string => resolve('fixtures/updates', name);
const runs = shop.does;
const ours = async (path: string, key: string): Promise<boolean> => (await shop.ours(path, key)) === 0;

/** Places over the whole file; each gives one artefact with a byte changed. */
const places = (size: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => Math.floor((size * (index + 0.5)) / count));
function changed(source: string, name: string, at: number): string {
  const bytes = readFileSync(source);
  bytes[at]! ^= 0xff;
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe.skipIf(!has('rauc'))('rauc info', () => {
  const theirs = (path: string): boolean => runs('rauc', '--keyring', fixture('ca.pem'), 'info', path);
  test.each(['plain.raucb', 'verity.raucb', 'expired.raucb', 'other.raucb'])('agrees on %s', async (name) => {
    expect(await ours(fixture(name), fixture('ca.pem'))).toBe(theirs(fixture(name)));
  });
  test('agrees on a plain bundle with a byte changed anywhere, and cut off', async () => {
    const size = readFileSync(fixture('plain.raucb')).length;
    for (const at of places(size, 30)) {
      const path = changed(fixture('plain.raucb'), 'changed.raucb', at);
      expect(await ours(path, fixture('ca.pem')), `byte ${at}`).toBe(theirs(path));
    }
    const short = join(folder, 'short.raucb');
    writeFileSync(short, readFileSync(fixture('plain.raucb')).subarray(0, size - 100));
    expect(await ours(short, fixture('ca.pem'))).toBe(theirs(short));
  });
});

describe.skipIf(!has('mender-artifact'))('mender-artifact validate', () => {
  const theirs = (path: string, key: string): boolean => runs('mender-artifact', 'validate', '-k', key, path);
  test('agrees on signed, unsigned and changed artefacts', async () => {
    for (const [name, key] of [
      ['ec.mender', 'ec.pub'],
      ['rsa.mender', 'signer.pub'],
      ['ec.mender', 'signer.pub'],
      ['unsigned.mender', 'ec.pub'],
    ] as const)
      expect(await ours(fixture(name), fixture(key)), `${name} ${key}`).toBe(theirs(fixture(name), fixture(key)));
    const size = readFileSync(fixture('ec.mender')).length;
    const disagreements: number[] = [];
    for (const at of places(size, 40)) {
      const path = changed(fixture('ec.mender'), 'changed.mender', at);
      const [we, they] = [await ours(path, fixture('ec.pub')), theirs(path, fixture('ec.pub'))];
      // Stricter is allowed, laxer never.
      expect(we && !they, `byte ${at}`).toBe(false);
      if (we !== they) disagreements.push(at);
    }
    expect(disagreements.length).toBeLessThan(6);
  });
});

describe.skipIf(!has('openssl'))('openssl', () => {
  test('agrees on the signature of sw-description, and assay alone sees its images', async () => {
    const take = (name: string): void => {
      execFileSync('sh', ['-c', `cpio -idu --quiet < ${fixture(name)}`], { cwd: folder });
    };
    take('cms.swu');
    expect(
      runs(
        'openssl',
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        'sw-description.sig',
        '-content',
        'sw-description',
        '-CAfile',
        fixture('ca.pem'),
        '-out',
        '/dev/null',
      ),
    ).toBe(true);
    take('rsa.swu');
    expect(
      runs(
        'openssl',
        'dgst',
        '-sha256',
        '-verify',
        fixture('signer.pub'),
        '-signature',
        'sw-description.sig',
        'sw-description',
      ),
    ).toBe(true);
    take('pss.swu');
    expect(
      runs(
        'openssl',
        'dgst',
        '-sha256',
        '-verify',
        fixture('signer.pub'),
        '-sigopt',
        'rsa_padding_mode:pss',
        '-sigopt',
        'rsa_pss_saltlen:-2',
        '-signature',
        'sw-description.sig',
        'sw-description',
      ),
    ).toBe(true);
    for (const [name, key] of [
      ['cms.swu', 'ca.pem'],
      ['rsa.swu', 'signer.pub'],
      ['pss.swu', 'signer.pub'],
    ] as const)
      expect(await ours(fixture(name), fixture(key)), name).toBe(true);
  });
});

describe.skipIf(!has('gpg'))('gpg --verify', () => {
  test('agrees on good and changed files', async () => {
    const home = join(folder, 'gnupg');
    execFileSync('mkdir', ['-m', '700', home]);
    const gpg = (...args: readonly string[]): boolean => runs('gpg', '--homedir', home, '--batch', '--yes', ...args);
    expect(gpg('--passphrase', '', '--quick-gen-key', 'fixture@example.org', 'ed25519', 'sign', '0')).toBe(true);
    const [file, key] = [join(folder, 'fw.bin'), join(folder, 'key.asc')];
    expect(gpg('--export', '-a', '-o', key, 'fixture@example.org')).toBe(true);
    for (const armor of [true, false]) {
      writeFileSync(file, 'firmware');
      const signature = `${file}${armor ? '.asc' : '.sig'}`;
      expect(gpg(...(armor ? ['--armor'] : []), '--detach-sign', '-o', signature, file)).toBe(true);
      expect(await ours(file, key)).toBe(gpg('--verify', signature, file));
      writeFileSync(file, 'firmwarf');
      expect(await ours(file, key)).toBe(gpg('--verify', signature, file));
      rmSync(signature);
    }
    gpg('--version');
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  }, 120_000);
});

const EFI = join(process.env['ASSAY_CORPUS'] ?? '../shared/corpus', 'files/fw-shim-signed__shimx64.efi.signed');
describe.skipIf(!has('sbsign') || !spawnSync('test', ['-e', EFI]).status === false)('sbverify', () => {
  test('agrees on a program that is signed, and on one with a byte changed', async () => {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'k.pem',
        '-out',
        'c.pem',
        '-subj',
        '/CN=t',
        '-days',
        '30',
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    const bare = join(folder, 'bare.efi');
    writeFileSync(bare, readFileSync(EFI));
    for (let round = 0; round < 2; round++) runs('sbattach', '--remove', bare);
    const signed = join(folder, 'signed.efi');
    expect(runs('sbsign', '--key', 'k.pem', '--cert', 'c.pem', '--output', signed, bare)).toBe(true);
    const key = join(folder, 'c.pem');
    expect(await ours(signed, key)).toBe(true);
    expect(runs('sbverify', '--cert', key, signed)).toBe(true);
    const size = readFileSync(signed).length;
    for (const at of places(size - 4000, 12)) {
      const path = changed(signed, 'changed.efi', at);
      const we = await ours(path, key);
      expect(we, `byte ${at}`).toBe(runs('sbverify', '--cert', key, path));
    }
  }, 120_000);
});
