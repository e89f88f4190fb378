/** ssh-keygen, jcat-tool with gcab, mkeficapsule, apksigner's scheme 4 and osslsigncode beside assay: what they make, and what they say of what is made here. */
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edPair, filler } from '../support/signers.ts';
import { sshPublic, sshSigned } from '../support/signers-ssh.ts';
import { has, workshop } from '../support/workshop.ts';

const { at, sh, runs, ours, close } = workshop();

function change(name: string, place: number): void {
  const bytes = readFileSync(at(name));
  bytes[place]! ^= 1;
  writeFileSync(at(name), bytes);
}

beforeAll(() => {
  writeFileSync(at('fw.bin'), filler(5000));
  sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 30 -subj /CN=maker 2>/dev/null
    openssl req -x509 -newkey rsa:2048 -nodes -keyout o.pem -out other.pem -days 30 -subj /CN=stranger 2>/dev/null`);
}, 120_000);
afterAll(close);

describe.skipIf(!has('ssh-keygen'))('ssh-keygen -Y', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'])(
    'what it signs with %s is verified, and not with a byte changed',
    async (type) => {
      rmSync(at('fw.bin.sig'), { force: true });
      sh(`ssh-keygen -q -t ${type} -N '' -f ssh-${type}; ssh-keygen -q -t ed25519 -N '' -f stranger-${type}
      ssh-keygen -Y sign -q -f ssh-${type} -n file fw.bin; echo "maker $(cat ssh-${type}.pub)" > allowed-${type}`);
      const theirs = (): boolean =>
        runs(`ssh-keygen -Y verify -f allowed-${type} -I maker -n file -s fw.bin.sig < fw.bin`);
      expect([await ours('fw.bin', `ssh-${type}.pub`), theirs()]).toEqual([0, true]);
      expect(await ours('fw.bin', `stranger-${type}.pub`)).toBe(1);
      change('fw.bin', 100);
      expect([await ours('fw.bin', `ssh-${type}.pub`), theirs()]).toEqual([1, false]);
      change('fw.bin', 100);
      rmSync(at('fw.bin.sig'));
    },
  );

  test('takes what the signer of these tests makes', () => {
    const pair = edPair();
    writeFileSync(at('made.sig'), sshSigned(readFileSync(at('fw.bin')), pair));
    writeFileSync(at('allowed'), Buffer.concat([Buffer.from('maker '), Buffer.from(sshPublic(pair).bytes)]));
    expect(runs('ssh-keygen -Y verify -f allowed -I maker -n file -s made.sig < fw.bin')).toBe(true);
  });
});

describe.skipIf(!has('jcat-tool', 'gcab'))('jcat-tool and gcab', () => {
  const theirs = (): boolean => runs('jcat-tool verify fw.jcat fw.bin --public-key j.pem | grep -q "PASSED pkcs7"');
  test.each([
    ['', 'stored'],
    ['-z', 'MSZIP'],
  ])('a catalogue and a cabinet (gcab %s) of theirs are verified, and not when a file is another', async (option) => {
    rmSync(at('fw.jcat'), { force: true });
    // It asks the certificate for its key usage, and takes none without.
    sh(`openssl req -x509 -newkey rsa:2048 -nodes -keyout j.key -out j.pem -days 30 -subj /CN=maker -addext keyUsage=digitalSignature 2>/dev/null
      jcat-tool self-sign fw.jcat fw.bin --kind sha256; jcat-tool sign fw.jcat fw.bin j.pem j.key
      gcab -c -n ${option} fw.cab fw.bin fw.jcat`);
    expect(theirs()).toBe(true);
    expect(await ours('fw.cab', 'j.pem')).toBe(0);
    expect(await ours('fw.cab', 'other.pem')).toBe(1);
    change('fw.bin', 9);
    sh(`gcab -c -n ${option} changed.cab fw.bin fw.jcat`);
    expect(theirs()).toBe(false);
    expect(await ours('changed.cab', 'j.pem')).toBe(1);
    change('fw.bin', 9);
  });
});

describe.skipIf(!has('mkeficapsule', 'openssl'))('mkeficapsule', () => {
  test('a capsule of its is verified as openssl verifies what it signed; unsigned, changed and foreign ones are not', async () => {
    const id = '--guid 12345678-1234-1234-1234-123456789abc --index 1';
    sh(`mkeficapsule -m 9 -p k.pem -c c.pem -d ${id} fw.bin fw.cap; mkeficapsule ${id} fw.bin bare.cap`);
    sh(`{ cat fw.bin; printf '\\x09\\0\\0\\0\\0\\0\\0\\0'; } > signed.bin`);
    const verifies =
      'openssl cms -verify -binary -inform DER -in fw.cap.p7 -content signed.bin -CAfile c.pem -purpose any -out /dev/null';
    expect(runs(verifies)).toBe(true);
    expect(await ours('fw.cap', 'c.pem')).toBe(0);
    expect(await ours('fw.cap', 'other.pem')).toBe(1);
    expect(await ours('bare.cap', 'c.pem')).toBe(1);
    const size = readFileSync(at('fw.cap')).length;
    for (const place of [size - 1, size - 4000, 28 + 16 + 48]) {
      change('fw.cap', place);
      expect(await ours('fw.cap', 'c.pem'), `byte ${place}`).toBe(1);
      change('fw.cap', place);
    }
  });
});

describe.skipIf(!has('apksigner'))('apksigner, scheme 4', () => {
  test('agrees on what it signed, and on a hash tree of another package', async () => {
    copyFileSync('fixtures/updates/apk/unsigned.apk', at('app.apk'));
    sh(`openssl pkcs8 -topk8 -nocrypt -in k.pem -outform DER -out k.pk8
      apksigner sign --key k.pk8 --cert c.pem --min-sdk-version 24 --v1-signing-enabled false --v4-signing-enabled true --v4-no-merkle-tree false app.apk || apksigner sign --key k.pk8 --cert c.pem --min-sdk-version 24 --v1-signing-enabled false --v4-signing-enabled true app.apk`);
    expect(existsSync(at('app.apk.idsig'))).toBe(true);
    const theirs = (): boolean =>
      runs('apksigner verify --min-sdk-version 24 -v4-signature-file app.apk.idsig app.apk');
    expect([await ours('app.apk', 'c.pem'), theirs()]).toEqual([0, true]);
    const size = readFileSync(at('app.apk.idsig')).length;
    for (const place of [30, 60, Math.min(400, size - 1)]) {
      change('app.apk.idsig', place);
      expect(await ours('app.apk', 'c.pem'), `byte ${place}`).toBe(1);
      change('app.apk.idsig', place);
    }
  }, 240_000);
});

const EFI = join(process.env['ASSAY_CORPUS'] ?? '../shared/corpus', 'files/fw-shim-signed__shimx64.efi.signed');
describe.skipIf(!has('osslsigncode', 'sbattach') || !existsSync(EFI))('osslsigncode', () => {
  test('agrees on a program that it signed, on a nested signature, and on changed bytes', async () => {
    copyFileSync(EFI, at('bare.efi'));
    for (let round = 0; round < 2; round++) runs('sbattach --remove bare.efi');
    sh(`osslsigncode sign -certs other.pem -key o.pem -h sha256 -in bare.efi -out first.efi
      osslsigncode sign -nest -certs c.pem -key k.pem -h sha256 -in first.efi -out both.efi`);
    const theirs = (name: string, key: string): boolean => runs(`osslsigncode verify -CAfile ${key} -in ${name}`);
    expect([await ours('first.efi', 'other.pem'), theirs('first.efi', 'other.pem')]).toEqual([0, true]);
    expect([await ours('first.efi', 'c.pem'), theirs('first.efi', 'c.pem')]).toEqual([1, false]);
    expect(await ours('both.efi', 'c.pem')).toBe(0);
    expect(await ours('both.efi', 'other.pem')).toBe(0);
    for (const place of [100, 5000, 400_000]) {
      change('both.efi', place);
      expect([await ours('both.efi', 'c.pem'), theirs('both.efi', 'c.pem')], `byte ${place}`).toEqual([1, false]);
      change('both.efi', place);
    }
  }, 240_000);
});
