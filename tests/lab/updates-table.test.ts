/** One table: assay's verdict beside the real tool's, over good, unsigned, foreign, expired, changed and cut artefacts made here. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { has, workshop } from '../support/workshop.ts';

const shop = workshop();
const { folder, at, sh } = shop;
const runs = shop.does;
const ours = async (path: string, key: string): Promise<boolean> => (await shop.ours(path, key)) === 0;

/** `release` and `expired` are issued by `ca`, `other` by itself. */
beforeAll(() => {
  if (!has('openssl')) return;
  sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=authority -addext keyUsage=critical,keyCertSign
    openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 30 -subj /CN=stranger
    printf 'keyUsage=digitalSignature\\nextendedKeyUsage=emailProtection\\n' > mail
    printf 'keyUsage=digitalSignature\\nextendedKeyUsage=codeSigning\\n' > code
    for who in release expired coder; do openssl req -newkey rsa:2048 -nodes -keyout $who.key -out $who.csr -subj /CN=$who; done
    openssl x509 -req -in release.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile mail -out release.pem
    openssl x509 -req -in expired.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 0 -extfile mail -out expired.pem
    openssl x509 -req -in coder.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile code -out coder.pem
    openssl x509 -in release.pem -pubkey -noout > release.pub; openssl x509 -in other.pem -pubkey -noout > other.pub
    head -c 5000 /dev/urandom > rootfs.img; sleep 1`);
});
afterAll(shop.close);

function changed(source: string, name: string, place: number): string {
  const bytes = readFileSync(at(source));
  bytes[place]! ^= 0xff;
  writeFileSync(at(name), bytes);
  return at(name);
}

function cut(source: string, name: string, share: number): string {
  const bytes = readFileSync(at(source));
  writeFileSync(at(name), bytes.subarray(0, Math.floor(bytes.length * share)));
  return at(name);
}

describe.skipIf(!has('swupdate', 'cpio', 'openssl'))('swupdate -c', () => {
  /**
   * What it says, not how it ends: its exit code is that of a race between its processes (0 or 1 for the same good file).
   * `-H` is needed once sw-description names hardware; the purpose is emailProtection unless another is asked for.
   */
  const theirs = (path: string, key: string, ...args: readonly string[]): boolean => {
    const environment = { PATH: process.env['PATH'] ?? '', TMPDIR: at('tmp') };
    const run = spawnSync('swupdate', ['-c', '-i', path, '-k', key, '-H', 'board:1.0', ...args], {
      cwd: folder,
      env: environment,
      encoding: 'utf8',
      timeout: 60_000,
    });
    return `${run.stdout}${run.stderr}`.includes('SWUPDATE successful !');
  };

  beforeAll(() => {
    sh(`printf 'software = { version = "1.0"; hardware-compatibility: [ "1.0" ]; images: ( { filename = "rootfs.img"; device = "/dev/x"; sha256 = "%s"; } ); };\\n' "$(sha256sum rootfs.img | cut -c1-64)" > sw-description
      pack() { printf '%s\\n' sw-description $2 rootfs.img | cpio -o -H crc > $1.swu; }
      pack unsigned
      for who in release expired other coder; do
        openssl cms -sign -in sw-description -out sw-description.sig -signer $who.pem -inkey $who.key -outform DER -nosmimecap -binary
        pack $who sw-description.sig
      done`);
  });

  test.each(['release.swu', 'unsigned.swu', 'expired.swu', 'other.swu'])('agrees on %s', async (name) => {
    expect(await ours(at(name), at('ca.pem'))).toBe(theirs(at(name), 'ca.pem'));
  });

  test('takes the good one and none of the others, so that agreeing means something', () => {
    expect(['release', 'unsigned', 'expired', 'other'].map((who) => theirs(at(`${who}.swu`), 'ca.pem'))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(theirs(at('release.swu'), 'other.pem')).toBe(false);
  });

  test('a signer for code is taken where swupdate is told that purpose', async () => {
    expect(await ours(at('coder.swu'), at('ca.pem'))).toBe(
      theirs(at('coder.swu'), 'ca.pem', '--cert-purpose', 'codeSigning'),
    );
  });

  test('assay is never laxer on changed bytes and on cut archives', async () => {
    const size = readFileSync(at('release.swu')).length;
    const stricter: number[] = [];
    for (let index = 0; index < 24; index++) {
      const place = Math.floor((size * (index + 0.5)) / 24);
      const path = changed('release.swu', 'changed.swu', place);
      const [we, they] = [await ours(path, at('ca.pem')), theirs(path, 'ca.pem')];
      expect(we && !they, `byte ${place}`).toBe(false);
      if (we !== they) stricter.push(place);
    }
    expect(stricter).toEqual([]);
    for (const share of [0.1, 0.5, 0.7]) {
      const path = cut('release.swu', 'cut.swu', share);
      expect(await ours(path, at('ca.pem')), `cut at ${share}`).toBe(theirs(path, 'ca.pem'));
    }
  });
});

describe.skipIf(!has('openssl', 'minisign', 'signify-openbsd'))('detached signatures', () => {
  const SCHEMES = [
    {
      tool: 'minisign -V',
      suffix: '.minisig',
      keys: ['minisign.pub', 'minisign2.pub'],
      make: 'minisign -G -W -p minisign.pub -s m.key; minisign -G -W -p minisign2.pub -s m2.key; minisign -S -s m.key -m fw.bin',
      verify: (path: string, key: string) => runs('minisign', '-V', '-q', '-p', key, '-m', path),
    },
    {
      tool: 'signify -V',
      suffix: '.sig',
      keys: ['signify.pub', 'signify2.pub'],
      make: 'signify-openbsd -G -n -p signify.pub -s signify.sec; signify-openbsd -G -n -p signify2.pub -s signify2.sec; signify-openbsd -S -s signify.sec -m fw.bin',
      verify: (path: string, key: string) =>
        runs('signify-openbsd', '-V', '-q', '-p', key, '-m', path, '-x', `${path}.sig`),
    },
    {
      tool: 'openssl dgst -verify',
      suffix: '.sig',
      keys: ['release.pub', 'other.pub'],
      make: 'openssl dgst -sha256 -sign release.key -out fw.bin.sig fw.bin',
      verify: (path: string, key: string) =>
        runs('openssl', 'dgst', '-sha256', '-verify', key, '-signature', `${path}.sig`, path),
    },
    {
      tool: 'openssl cms -verify',
      suffix: '.p7s',
      keys: ['ca.pem', 'other.pem'],
      make: 'openssl cms -sign -binary -in fw.bin -out fw.bin.p7s -outform DER -signer release.pem -inkey release.key',
      verify: (path: string, key: string) =>
        runs(
          ...(['openssl', 'cms', '-verify', '-binary', '-inform', 'DER', '-in', `${path}.p7s`] as const),
          ...['-content', path, '-CAfile', key, '-out', '/dev/null'],
        ),
    },
  ];

  test.each(SCHEMES)('$tool agrees on good, foreign, changed and cut', async ({ suffix, keys, make, verify }) => {
    const [good = '', stranger = ''] = keys;
    copyFileSync(at('rootfs.img'), at('fw.bin'));
    for (const each of ['.sig', '.minisig', '.p7s']) rmSync(at(`fw.bin${each}`), { force: true });
    sh(make);
    expect([await ours(at('fw.bin'), at(good)), verify('fw.bin', good)]).toEqual([true, true]);
    expect([await ours(at('fw.bin'), at(stranger)), verify('fw.bin', stranger)]).toEqual([false, false]);
    for (const place of [0, 1000, 4999]) {
      changed('rootfs.img', 'fw.bin', place);
      expect([await ours(at('fw.bin'), at(good)), verify('fw.bin', good)], `byte ${place}`).toEqual([false, false]);
    }
    cut('rootfs.img', 'fw.bin', 0.5);
    expect([await ours(at('fw.bin'), at(good)), verify('fw.bin', good)]).toEqual([false, false]);
    copyFileSync(at('rootfs.img'), at('fw.bin'));
    const size = readFileSync(at(`fw.bin${suffix}`)).length;
    copyFileSync(at(`fw.bin${suffix}`), at('kept'));
    for (let index = 0; index < 40; index++) {
      const place = Math.floor((size * (index + 0.5)) / 40);
      changed('kept', `fw.bin${suffix}`, place);
      const [we, they] = [await ours(at('fw.bin'), at(good)), verify('fw.bin', good)];
      expect(we && !they, `byte ${place} of the signature`).toBe(false);
    }
  });
});
