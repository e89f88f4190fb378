/** Formats of signatures beside a file, for the table of verdicts: who makes them, and who says whether they hold. */
import type { VerdictFormat } from './verdict-page.ts';

export const PGP = `mkdir -p -m 700 .; for who in one two; do gpg --list-keys $who || gpg --batch --passphrase '' --quick-gen-key $who rsa2048 sign 1d; done
  gpg --export one > pgp.gpg; gpg --export two > pgp2.gpg`;

const beside = (
  format: string,
  tool: string,
  suffix: string,
  keys: readonly [string, string],
  make: string,
  takes: (name: string, key: string) => string,
  name = 'fw.bin',
): VerdictFormat => ({
  format: `${format} (beside)`,
  tool,
  name,
  keys,
  suffix,
  make: (shop) => shop.sh(make.replace(/^PGP$/m, PGP)),
  takes: (shop, file, key) => shop.runs(takes(file, key)),
  signature: (bytes) => Math.floor(bytes.length / 2),
});

export const BESIDE: readonly VerdictFormat[] = [
  beside(
    'OpenPGP',
    'gpgv',
    '.asc',
    ['pgp.gpg', 'pgp2.gpg'],
    'PGP\nrm -f fw.bin.asc; gpg --batch --yes -u one --digest-algo SHA256 --armor --detach-sign -o fw.bin.asc fw.bin',
    (name, key) => `gpgv --keyring ./${key} ${name}.asc ${name}`,
  ),
  beside(
    'minisign',
    'minisign -V',
    '.minisig',
    ['mini.pub', 'mini2.pub'],
    'for n in "" 2; do minisign -G -f -W -p mini$n.pub -s mini$n.key; done; minisign -S -s mini.key -m fw.bin',
    (name, key) => `minisign -V -q -p ${key} -m ${name}`,
  ),
  beside(
    'signify',
    'signify -V',
    '.sig',
    ['sig.pub', 'sig2.pub'],
    'rm -f sig.* sig2.*; for n in "" 2; do signify-openbsd -G -n -p sig$n.pub -s sig$n.sec; done; signify-openbsd -S -s sig.sec -m fw.bin',
    (name, key) => `signify-openbsd -V -q -p ${key} -m ${name} -x ${name}.sig`,
  ),
  beside(
    'SSH',
    'ssh-keygen -Y verify',
    '.sig',
    ['ssh.pub', 'ssh2.pub'],
    "rm -f ssh ssh2 ssh.pub ssh2.pub fw.bin.sig; for n in '' 2; do ssh-keygen -q -t ed25519 -N '' -f ssh$n; done; ssh-keygen -Y sign -q -f ssh -n file fw.bin",
    (name, key) =>
      `echo "maker $(cat ${key})" > allowed; ssh-keygen -Y verify -f allowed -I maker -n file -s ${name}.sig < ${name}`,
  ),
  beside(
    'Sigstore',
    'openssl dgst -verify',
    '.sigstore.json',
    ['ec.pub', 'ec2.pub'],
    `openssl dgst -sha256 -sign ec.key -out raw fw.bin
    printf '{"messageSignature":{"signature":"%s"},"verificationMaterial":{"publicKey":{"hint":"x"}}}' "$(base64 -w0 raw)" > fw.bin.sigstore.json`,
    (name, key) =>
      `python3 -c "import json,base64,sys; open('raw','wb').write(base64.b64decode(json.load(open('${name}.sigstore.json'))['messageSignature']['signature'], validate=True))" && openssl dgst -sha256 -verify ${key} -signature raw ${name}`,
  ),
  beside(
    'jcat',
    'jcat-tool verify',
    '.jcat',
    ['self.pem', 'other.pem'],
    'rm -f fw.bin.jcat; jcat-tool self-sign fw.bin.jcat fw.bin --kind sha256; jcat-tool sign fw.bin.jcat fw.bin self.pem self.key',
    (name, key) =>
      `cp ${key} tmp/key.pem; cd $(dirname ${name}); jcat-tool verify fw.bin.jcat fw.bin --public-key ${'$OLDPWD'}/tmp/key.pem | grep "PASSED pkcs7" > /dev/null`,
  ),
  beside(
    'CMS',
    'openssl cms -verify',
    '.p7s',
    ['ca.pem', 'other.pem'],
    'openssl cms -sign -binary -in fw.bin -out fw.bin.p7s -outform DER -signer release.pem -inkey release.key',
    (name, key) =>
      `openssl cms -verify -binary -inform DER -in ${name}.p7s -content ${name} -CAfile ${key} -out /dev/null`,
  ),
  ...(
    [
      ['RSA', 'release.key', ['release.pub', 'other.pub']],
      ['ECDSA', 'ec.key', ['ec.pub', 'ec2.pub']],
    ] as const
  ).map(([title, secret, keys]) =>
    beside(
      title,
      'openssl dgst -verify',
      '.sig',
      keys,
      `openssl dgst -sha256 -sign ${secret} -out fw.bin.sig fw.bin`,
      (name, key) => `openssl dgst -sha256 -verify ${key} -signature ${name}.sig ${name}`,
    ),
  ),
  beside(
    'Ed25519',
    'openssl pkeyutl -verify',
    '.sig',
    ['ed.pub', 'ed2.pub'],
    'openssl pkeyutl -sign -rawin -inkey ed.key -in fw.bin -out fw.bin.sig',
    (name, key) => `openssl pkeyutl -verify -rawin -pubin -inkey ${key} -in ${name} -sigfile ${name}.sig`,
  ),
];
