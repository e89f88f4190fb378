/** Formats that hold their signature, for the table of verdicts: who makes them, and who says whether they hold. */
import { basename, join, resolve } from 'node:path';
import { usign, usignKey, withMetadata, withSignature } from './openwrt.ts';
import { filler } from './signers.ts';
import { indexOf } from './signers-feed.ts';
import { PGP } from './verdict-beside.ts';
import type { VerdictFormat } from './verdict-page.ts';
import type { Workshop } from './workshop.ts';
import { storedZip } from './zip.ts';

export const EFI = join(process.env['ASSAY_CORPUS'] ?? '../shared/corpus', 'files/fw-shim-signed__shimx64.efi.signed');

const last = (bytes: Buffer): number => bytes.length - 60;
/** Its last message gets lost now and then in the race of its processes: it is asked again, and never takes what it must not. */
const swupdate = (name: string, key: string): string =>
  `for try in 1 2 3 4; do swupdate -c -i ${name} -k ${key} -H board:1.0 2>&1 | grep 'SWUPDATE successful' > /dev/null && exit 0; done; exit 1`;
const described = (name: string, more: string): string =>
  `rm -rf x; mkdir x; cd x; cpio -idu --quiet < ../${name} && openssl dgst -sha256 -verify ../KEY ${more} -signature sw-description.sig sw-description`;
const packs = (who: string, sign: string): string => `
  printf 'software = { version = "1.0"; hardware-compatibility: [ "1.0" ]; images: ( { filename = "fw.bin"; device = "/dev/x"; sha256 = "%s"; } ); };\\n' "$(sha256sum fw.bin | cut -c1-64)" > sw-description
  rm -f sw-description.sig; ${sign}
  for f in sw-description sw-description.sig fw.bin; do [ -e $f ] && echo $f; done | cpio -o -H crc > ${who}`;
const cmsOf = (who: string): string =>
  `openssl cms -sign -in sw-description -out sw-description.sig -signer ${who}.pem -inkey ${who}.key -outform DER -nosmimecap -binary`;

/** A UEFI program whose signatures are taken off. */
const BARE = `cp ${resolve(EFI)} bare.efi; for i in 1 2; do sbattach --remove bare.efi || true; done`;

/** openssl's word on the CMS of a capsule, whose parts are cut out here by their stated sizes. */
function capsuleHolds(shop: Workshop, name: string, key: string): boolean {
  const bytes = shop.read(name);
  const auth = 28 + 16 + 48;
  if (bytes.length < auth + 32) return false;
  const size = bytes.readUInt32LE(auth + 8);
  shop.write('capsule.p7', bytes.subarray(auth + 32, auth + 8 + size));
  shop.write('capsule.signed', Buffer.concat([bytes.subarray(auth + 8 + size), bytes.subarray(auth, auth + 8)]));
  return shop.runs(
    `openssl cms -verify -binary -inform DER -in capsule.p7 -content capsule.signed -CAfile ${key} -purpose any -out /dev/null`,
  );
}

function otaHolds(shop: Workshop, name: string, key: string): boolean {
  const bytes = shop.read(name);
  const [start, comment] = [bytes.readUInt16LE(bytes.length - 6), bytes.readUInt16LE(bytes.length - 2)];
  const end = bytes.length - comment - 2;
  if (end < 0 || start > bytes.length || start < 7) return false;
  shop.write('ota.signed', bytes.subarray(0, end));
  shop.write('ota.cms', bytes.subarray(bytes.length - start, -6));
  return shop.runs(
    `openssl cms -verify -binary -inform DER -in ota.cms -content ota.signed -out /dev/null -CAfile ${key} -purpose any`,
  );
}

function makeOta(shop: Workshop, name: string): void {
  const zip = storedZip([{ name: 'META-INF/com/android/metadata', content: filler(3000) }]);
  shop.write('open', zip.subarray(0, -2));
  for (const who of ['release', 'expired']) {
    shop.sh(
      `openssl cms -sign -in open -signer ${who}.pem -inkey ${who}.key -binary -noattr -outform DER -md sha256 -out cms`,
    );
    const cms = shop.read('cms');
    const foot = Buffer.alloc(6, 0xff);
    foot.writeUInt16LE(cms.length + 6, 0);
    foot.writeUInt16LE(cms.length + 6, 4);
    const size = foot.subarray(4);
    const bytes = Buffer.concat([shop.read('open'), size, cms, foot]);
    shop.write(who === 'release' ? name : `expired.${name}`, bytes);
  }
  shop.write(`unsigned.${name}`, zip);
}

/** The signature that fwtool appended, by the sizes that its chunk states. */
function sysupgradeHolds(shop: Workshop, name: string, key: string): boolean {
  const bytes = shop.read(name);
  const size = bytes.readUInt32BE(bytes.length - 4);
  if (bytes.toString('latin1', bytes.length - 16, bytes.length - 12) !== 'FWx0' || size > bytes.length) return false;
  shop.write('sys.image', bytes.subarray(0, -size));
  shop.write('sys.sig', bytes.subarray(-size, -16));
  return shop.runs(`signify-openbsd -V -q -p ${key} -m sys.image -x sys.sig`);
}

function makeOpenwrt(shop: Workshop): ReturnType<typeof usignKey> {
  const [key, other] = [usignKey(), usignKey()];
  shop.write('usign.pub', key.file);
  shop.write('usign2.pub', other.file);
  return key;
}

/** Artefacts and keys that lie in `fixtures/updates`; `*` stands for the name of the good one. */
function fixed(
  good: string,
  keys: readonly [string, string],
  more: { readonly [name: string]: string } = {},
): Pick<VerdictFormat, 'keys' | 'make'> {
  const own = (key: string): string => `fixture-${basename(key)}`;
  return {
    keys: [own(keys[0]), own(keys[1])],
    make(shop, name) {
      shop.take(good, name);
      for (const [as, fixture] of Object.entries(more)) shop.take(fixture, as.replace('*', name));
      for (const key of keys) shop.take(key, own(key));
    },
  };
}

const certified = (name: string, key: string): string =>
  `apksigner verify --print-certs ${name} | grep "$(openssl x509 -in ${key} -outform DER | sha256sum | cut -c1-64)" > /dev/null`;

export const WITHIN: readonly VerdictFormat[] = [
  ...['plain', 'verity'].map(
    (form): VerdictFormat => ({
      format: `RAUC ${form}`,
      tool: 'rauc info',
      name: `${form}.raucb`,
      ...fixed(`${form}.raucb`, ['ca.pem', 'other.pem'], form === 'plain' ? { 'expired.*': 'expired.raucb' } : {}),
      takes: (shop, name, key) => shop.runs(`rauc --keyring ${key} info ${name}`),
      // The hash tree of a verity bundle is followed when it is mounted: what `rauc info` reads is in the signature.
      payload: (bytes) => (form === 'plain' ? 200 : bytes.length - 1500),
      signature: last,
    }),
  ),
  {
    format: 'RAUC crypt, not yet encrypted for a device',
    tool: 'rauc info',
    name: 'crypt.raucb',
    keys: ['ca.pem', 'other.pem'],
    make: (shop, name) =>
      shop.sh(`rm -rf crypt ${name}; mkdir crypt; cp fw.bin crypt/rootfs.img
        printf '[update]\\ncompatible=Board\\nversion=1\\n[bundle]\\nformat=crypt\\n[image.rootfs]\\nfilename=rootfs.img\\n' > crypt/manifest.raucm
        rauc bundle --cert release.pem --key release.key crypt ${name}`),
    takes: (shop, name, key) => shop.runs(`rauc --keyring ${key} info ${name}`),
    payload: (bytes) => bytes.length - 1500,
    signature: last,
  },
  {
    format: 'SWUpdate, CMS',
    tool: 'swupdate -c',
    name: 'cms.swu',
    keys: ['ca.pem', 'other.pem'],
    make: (shop) =>
      shop.sh(
        packs('cms.swu', cmsOf('release')) + packs('expired.cms.swu', cmsOf('expired')) + packs('unsigned.cms.swu', ''),
      ),
    takes: (shop, name, key) => shop.runs(swupdate(name, key)),
    payload: (bytes) => bytes.length - 2000,
    signature: (bytes) => bytes.indexOf('sw-description.sig') + 900,
  },
  ...(
    [
      ['RSA', '', 'rsa.swu'],
      ['PSS', '-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-2', 'pss.swu'],
    ] as const
  ).map(
    ([title, options, name]): VerdictFormat => ({
      format: `SWUpdate, ${title}`,
      tool: 'openssl dgst -verify',
      name,
      keys: ['release.pub', 'other.pub'],
      make: (shop) =>
        shop.sh(
          packs(name, `openssl dgst -sha256 -sign release.key ${options} -out sw-description.sig sw-description`) +
            packs(`unsigned.${name}`, ''),
        ),
      takes: (shop, file, key) => shop.runs(described(file, options).replace('KEY', key)),
      payload: (bytes) => bytes.indexOf('/dev/x'),
      signature: (bytes) => bytes.indexOf('sw-description.sig') + 100,
    }),
  ),
  {
    format: 'Mender',
    tool: 'mender-artifact validate',
    name: 'ec.mender',
    ...fixed('ec.mender', ['ec.pub', 'signer.pub'], { 'unsigned.*': 'unsigned.mender' }),
    takes: (shop, name, key) => shop.runs(`mender-artifact validate -k ${key} ${name}`),
    payload: (bytes) => bytes.indexOf('header.tar') + 700,
    signature: (bytes) => bytes.indexOf('manifest.sig') + 540,
  },
  {
    format: 'U-Boot FIT',
    tool: 'openssl dgst -verify over the region',
    name: 'conf.itb',
    ...fixed('conf.itb', ['signer.pub', 'ec.pub'], { 'unsigned.*': 'unsigned.itb' }),
    takes: (shop, name, key) =>
      shop.runs(
        `python3 ${resolve('tests/lab/fit-region.py')} ${name} conf-1 region value && openssl dgst -sha256 -verify ${key} -signature value region`,
      ),
    payload: (bytes) => bytes.indexOf('kernel-1'),
    signature: (bytes) => bytes.indexOf('signature-1') + 300,
  },
  {
    format: 'UEFI program',
    tool: 'sbverify',
    name: 'boot.efi',
    keys: ['self.pem', 'other.pem'],
    make(shop, name) {
      shop.sh(`${BARE}; cp bare.efi unsigned.${name}
        sbsign --key self.key --cert self.pem --output ${name} bare.efi`);
    },
    takes: (shop, name, key) => shop.runs(`sbverify --cert ${key} ${name}`),
    signature: last,
  },
  {
    format: 'UEFI program, nested signature',
    tool: 'osslsigncode verify',
    name: 'nested.efi',
    keys: ['self.pem', 'ca.pem'],
    make(shop, name) {
      shop.sh(`${BARE}; rm -f one.efi ${name}
        osslsigncode sign -certs self.pem -key self.key -h sha256 -in bare.efi -out one.efi
        osslsigncode sign -nest -certs self.pem -key self.key -h sha256 -in one.efi -out ${name}`);
    },
    takes: (shop, name, key) => shop.runs(`osslsigncode verify -CAfile ${key} -in ${name}`),
  },
  {
    format: 'UEFI capsule',
    tool: 'openssl cms -verify over its parts',
    name: 'fw.cap',
    keys: ['self.pem', 'other.pem'],
    make: (shop, name) =>
      shop.sh(`id='--guid 12345678-1234-1234-1234-123456789abc --index 1'
        mkeficapsule -m 9 -p self.key -c self.pem $id fw.bin ${name}; mkeficapsule $id fw.bin unsigned.${name}`),
    takes: capsuleHolds,
    payload: last,
    signature: () => 28 + 16 + 48 + 600,
  },
  {
    format: 'fwupd cabinet',
    tool: 'gcab, jcat-tool verify',
    name: 'fw.cab',
    keys: ['self.pem', 'other.pem'],
    make: (shop, name) =>
      shop.sh(`rm -f fw.jcat; gcab -c -n unsigned.${name} fw.bin
        jcat-tool self-sign fw.jcat fw.bin --kind sha256; jcat-tool sign fw.jcat fw.bin self.pem self.key; gcab -c -n ${name} fw.bin fw.jcat`),
    takes: (shop, name, key) =>
      shop.runs(`rm -rf cab; mkdir cab; gcab -x -n -C cab ${name}; cd cab
        jcat-tool verify fw.jcat fw.bin --public-key ../${key} | grep "PASSED pkcs7" > /dev/null`),
    payload: (bytes) => bytes.indexOf('fw.jcat') + 2000,
    signature: last,
  },
  {
    format: 'Android package, schemes 1 to 3',
    tool: 'apksigner verify',
    name: 'all.apk',
    ...fixed('apk/all.apk', ['apk/app.pem', 'apk/next.pem'], { 'unsigned.*': 'apk/unsigned.apk' }),
    takes: (shop, name, key) => shop.runs(certified(`--min-sdk-version 18 ${name}`, key)),
    payload: () => 100,
    signature: (bytes) => bytes.lastIndexOf('APK Sig Block 42') - 1500,
  },
  {
    format: 'Android package, scheme 4 (beside)',
    tool: 'apksigner verify',
    name: 'v4.apk',
    suffix: '.idsig',
    ...fixed('apk/v4.apk', ['apk/app.pem', 'apk/next.pem'], { '*.idsig': 'apk/v4.apk.idsig' }),
    takes: (shop, name, key) =>
      shop.runs(
        certified(`--min-sdk-version 28 $([ -e ${name}.idsig ] && echo -v4-signature-file ${name}.idsig) ${name}`, key),
      ),
    payload: () => 100,
    signature: () => 60,
  },
  {
    format: 'Android over-the-air zip',
    tool: 'openssl cms -verify over its parts',
    name: 'ota.zip',
    keys: ['ca.pem', 'other.pem'],
    make: makeOta,
    takes: otaHolds,
    payload: () => 500,
    signature: last,
  },
  {
    format: 'OpenWrt sysupgrade, usign',
    tool: 'signify -V over its parts',
    name: 'sysupgrade.bin',
    keys: ['usign.pub', 'usign2.pub'],
    make(shop, name) {
      const image = withMetadata(filler(1500));
      const key = makeOpenwrt(shop);
      shop.write(name, withSignature(image, Buffer.from(usign(key, image))));
      shop.write(`unsigned.${name}`, image);
    },
    takes: sysupgradeHolds,
    payload: () => 700,
    signature: last,
  },
  {
    format: 'opkg index',
    tool: 'signify -V',
    name: 'Packages',
    suffix: '.sig',
    keys: ['usign.pub', 'usign2.pub'],
    make(shop, name) {
      const index = indexOf([{ name: 'first', bytes: filler(700) }]);
      shop.write(name, index);
      shop.write(`${name}.sig`, usign(makeOpenwrt(shop), index));
    },
    takes: (shop, name, key) => shop.runs(`signify-openbsd -V -q -p ${key} -m ${name} -x ${name}.sig`),
    signature: last,
  },
  {
    format: 'apt InRelease',
    tool: 'gpgv',
    name: 'InRelease',
    keys: ['pgp.gpg', 'pgp2.gpg'],
    make: (shop, name) =>
      shop.sh(`${PGP}
        printf 'Origin: x\\nSuite: stable\\nDate: Mon, 01 Jun 2026 00:00:00 UTC\\nSHA256:\\n %s 9 main/Contents\\n' "$(sha256sum fw.bin | cut -c1-64)" > rel
        rm -f ${name}; gpg --batch --yes -u one --digest-algo SHA256 --clearsign -o ${name} rel`),
    takes: (shop, name, key) => shop.runs(`gpgv --keyring ./${key} ${name}`),
    payload: (bytes) => bytes.indexOf('stable'),
    signature: (bytes) => bytes.indexOf('-----END PGP') - 60,
  },
];
