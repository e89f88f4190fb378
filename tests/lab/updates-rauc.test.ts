/** Certificates of RAUC bundles: intermediates, purposes, revocation, dates and partial chains, beside `rauc info`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { has, type Workshop, workshop } from '../support/workshop.ts';

const HERE = has('rauc', 'openssl', 'mksquashfs');
let shop: Workshop;

/** `root` issues `middle`, which issues the signers; `stranger` is a root of its own. */
const PEOPLE = `
  root() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.pem -days 30 -subj /CN=$1 -addext keyUsage=critical,keyCertSign,cRLSign; }
  issue() { # NAME ISSUER EXTENSIONS DAYS
    openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1
    openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $4 -extfile <(printf "$3") -out $1.pem; }
  root root; root stranger
  issue middle root 'basicConstraints=critical,CA:true\\nkeyUsage=critical,keyCertSign,cRLSign\\n' 20
  issue no-authority root 'basicConstraints=critical,CA:false\\nkeyUsage=digitalSignature\\n' 20
  issue signer middle 'keyUsage=digitalSignature\\nextendedKeyUsage=emailProtection\\n' 20
  issue plain middle 'keyUsage=digitalSignature\\n' 20
  issue code middle 'keyUsage=digitalSignature\\nextendedKeyUsage=codeSigning\\n' 20
  issue server middle 'keyUsage=digitalSignature\\nextendedKeyUsage=serverAuth\\n' 20
  issue encrypts middle 'keyUsage=keyEncipherment\\n' 20
  issue expired middle 'keyUsage=digitalSignature\\n' 0
  issue under no-authority 'keyUsage=digitalSignature\\n' 20
  issue old-middle root 'basicConstraints=critical,CA:true\\nkeyUsage=critical,keyCertSign\\n' 0
  issue under-old old-middle 'keyUsage=digitalSignature\\n' 20
  mkdir content; head -c 5000 /dev/urandom > content/rootfs.img
  printf '[update]\\ncompatible=Board\\nversion=1.2\\n[bundle]\\nformat=verity\\n[image.rootfs]\\nfilename=rootfs.img\\n' > content/manifest.raucm
  rauc bundle --cert signer.pem --key signer.key content first.raucb
  size=$(($(stat -c %s first.raucb) - 8 - 16#$(tail -c 8 first.raucb | xxd -p))); head -c $size first.raucb > squash
  openssl cms -verify -noverify -binary -inform DER -in <(tail -c +$((size + 1)) first.raucb | head -c -8) -out manifest
  sign() { # NAME, CERTIFICATES BESIDE THE SIGNER'S
    cat /dev/null "\${@:2}" > more.pem; beside=; [ -s more.pem ] && beside="-certfile more.pem"
    openssl cms -sign -in manifest -signer $1.pem -inkey $1.key $beside -nodetach -outform DER -nosmimecap -binary -out sig
    { cat squash sig; printf '%016x' "$(stat -c %s sig)" | xxd -r -p; } > $1.raucb; }
  for who in signer plain code server encrypts expired; do sign $who middle.pem; done
  sign under no-authority.pem; sign under-old old-middle.pem; cp signer.raucb chained.raucb
  sign signer; cp signer.raucb alone.raucb
  cat root.pem middle.pem > both.pem
  touch index; echo 01 > number
  printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha256\\ndefault_crl_days=30\\n' > ca.cnf
  openssl ca -config ca.cnf -gencrl -keyfile root.key -cert root.pem -out root.crl
  openssl ca -config ca.cnf -gencrl -keyfile middle.key -cert middle.pem -out middle.crl
  openssl ca -config ca.cnf -keyfile middle.key -cert middle.pem -revoke signer.pem
  openssl ca -config ca.cnf -gencrl -keyfile middle.key -cert middle.pem -out revoked.crl; sleep 1`;

beforeAll(() => {
  if (!HERE) return;
  shop = workshop();
  shop.sh(PEOPLE);
}, 240_000);
afterAll(() => shop?.close());

const theirs = (bundle: string, keyring: string, settings = ''): boolean => {
  shop.write('system.conf', `[system]\ncompatible=Board\nbootloader=noop\n[keyring]\npath=${keyring}\n${settings}`);
  return shop.runs(`rauc --conf=system.conf info ${bundle}`);
};

describe.skipIf(!HERE)('rauc info', () => {
  test.each([
    ['chained.raucb', 'root.pem', true],
    ['chained.raucb', 'both.pem', true],
    ['chained.raucb', 'stranger.pem', false],
    ['alone.raucb', 'root.pem', false],
    ['alone.raucb', 'both.pem', true],
    ['plain.raucb', 'root.pem', true],
    ['server.raucb', 'root.pem', false],
    ['encrypts.raucb', 'root.pem', false],
    ['expired.raucb', 'root.pem', false],
    ['under.raucb', 'root.pem', false],
    ['under-old.raucb', 'root.pem', false],
  ])('agrees on %s with the keyring %s', async (bundle, keyring, taken) => {
    expect(theirs(bundle, keyring)).toBe(taken);
    expect((await shop.ours(bundle, keyring)) === 0).toBe(taken);
  });

  test('a signer for code is taken where RAUC asks for that purpose', async () => {
    expect(theirs('code.raucb', 'root.pem')).toBe(false);
    expect(theirs('code.raucb', 'root.pem', 'check-purpose=codesign\n')).toBe(true);
    expect(await shop.ours('code.raucb', 'root.pem')).toBe(0);
  });

  test('an intermediate alone in the keyring is an anchor for assay, and for RAUC where partial chains are allowed', async () => {
    expect(theirs('chained.raucb', 'middle.pem')).toBe(false);
    expect(theirs('chained.raucb', 'middle.pem', 'allow-partial-chain=true\n')).toBe(true);
    expect(await shop.ours('chained.raucb', 'middle.pem')).toBe(0);
  });

  test('a bundle that is encrypted for a device is not seen by assay, nor by RAUC without the device’s key', async () => {
    shop.sh(`cp -r content crypt; sed -i s/format=verity/format=crypt/ crypt/manifest.raucm
      rauc bundle --cert signer.pem --key signer.key --intermediate middle.pem crypt crypt.raucb
      rauc encrypt --to=encrypts.pem --keyring=root.pem crypt.raucb encrypted.raucb`);
    expect([theirs('crypt.raucb', 'root.pem'), await shop.ours('crypt.raucb', 'root.pem')]).toEqual([true, 0]);
    expect([theirs('encrypted.raucb', 'root.pem'), await shop.ours('encrypted.raucb', 'root.pem')]).toEqual([false, 3]);
    expect(theirs('encrypted.raucb', 'root.pem', '[encryption]\nkey=encrypts.key\ncert=encrypts.pem\n')).toBe(true);
  });

  test('a certificate that was revoked is refused where the keyring says so', async () => {
    shop.sh('cat root.pem root.crl middle.crl > good.ring; cat root.pem root.crl revoked.crl > revoked.ring');
    expect(theirs('chained.raucb', 'good.ring', 'check-crl=true\n')).toBe(true);
    expect(theirs('chained.raucb', 'revoked.ring', 'check-crl=true\n')).toBe(false);
    expect(await shop.ours('chained.raucb', 'good.ring')).toBe(0);
    expect(await shop.ours('chained.raucb', 'revoked.ring')).toBe(1);
  });
});
