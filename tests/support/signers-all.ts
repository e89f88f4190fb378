/** One good artefact of every format that the tests sign themselves, with the key that verifies it: seeds for mutations. */
import { sign } from 'node:crypto';
import type { TrustedKey } from '../../src/core/model/verifier.ts';
import { miOtaImage, party } from './mi-ota.ts';
import { ucertFor, ucertSignature, usign, usignKey, withMetadata, withSignature } from './openwrt.ts';
import {
  avbPartition,
  ecPair,
  edPair,
  espImage,
  filler,
  geckoFile,
  mcubootImage,
  type Pair,
  rsaPair,
  zigbeeFile,
} from './signers.ts';
import { payloadFile, signedArchive } from './signers-android.ts';
import { cabFile, cmsBlob, jcatFile, METAINFO, sumBlob } from './signers-cab.ts';
import { capsuleFile } from './signers-capsule.ts';
import { certificate, cms } from './signers-cms.ts';
import { indexOf, pgpSigner, releaseOf } from './signers-feed.ts';
import { signedProgram } from './signers-pe.ts';
import { matterFile, nordicPackage } from './signers-radio.ts';
import { sshPublic, sshSigned } from './signers-ssh.ts';
import { storedZip, zipOf } from './zip.ts';

export interface Made {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly keys: readonly TrustedKey[];
  /** The artefact's own name, where a format goes by it. */
  readonly file?: string;
  /** Signatures beside the artefact, which stay as they are. */
  readonly companions?: { readonly [suffix: string]: Uint8Array };
  /** `bytes` is the signature beside this file. */
  readonly beside?: Uint8Array;
  readonly suffix?: string;
}

export async function madeArtefacts(): Promise<readonly Made[]> {
  const [rsa, rsa3, rsa4, ec, ed] = [rsaPair(), rsaPair(3072), rsaPair(4096), ecPair(), edPair()];
  const made = (name: string, bytes: Uint8Array, { trusted }: Pick<Pair, 'trusted'>): Made => ({
    name,
    bytes,
    keys: [trusted],
  });
  return [
    made('made-mcuboot-rsa', mcubootImage(rsa, { counter: 4 }), rsa),
    made('made-mcuboot-ec', mcubootImage(ec), ec),
    made('made-mcuboot-ed25519', mcubootImage(ed), ed),
    made('made-gecko', geckoFile(ec), ec),
    made('made-zigbee', zigbeeFile(geckoFile(ec)), ec),
    made('made-esp-v2', espImage(rsa3), rsa3),
    made('made-esp-v1', espImage(ec), ec),
    made('made-payload-rsa', payloadFile(rsa), rsa),
    made('made-payload-rsa4096', payloadFile(rsa4), rsa4),
    made('made-payload-ec', payloadFile(ec), ec),
    made('made-payload-metadata', payloadFile(rsa, { payloadSigned: false }), rsa),
    made('made-avb', avbPartition(rsa, { index: 3n }), rsa),
    made('made-nordic', nordicPackage(ec), ec),
    made('made-matter', matterFile(filler(900), Buffer.alloc(32)), ec),
    ...openwrt(),
    ...detached(rsa, ec, ed),
    ...authenticode(),
    ...vendorService(),
    ...android(),
    ...(await mijia()),
    ...(await feeds()),
  ];
}

function openwrt(): readonly Made[] {
  const [release, builder] = [usignKey(), usignKey(edPair(), Buffer.from('bbbbbbbbbbbbbbbb', 'hex'))];
  const image = withMetadata(filler(1500));
  const chain = Buffer.concat([ucertFor(release, builder), ucertSignature(builder, image)]);
  const keys = [release.trusted];
  return [
    { name: 'made-openwrt-usign', bytes: withSignature(image, Buffer.from(usign(release, image))), keys },
    { name: 'made-openwrt-ucert', bytes: withSignature(image, chain), keys },
  ];
}

/** Each kind twice: the file changes, the signature changes. */
function detached(rsa: Pair, ec: Pair, ed: Pair): readonly Made[] {
  const file = filler(900);
  const authority = certificate('authority', rsa, { authority: true });
  const signer = certificate('signer', ecPair(), { by: authority });
  const kinds: readonly (readonly [string, string, Buffer, TrustedKey])[] = [
    ['cms', '.p7s', cms(file, signer), authority.trusted],
    ['rsa', '.sig', sign('sha256', file, rsa.secret), rsa.trusted],
    ['ec', '.sig', sign('sha256', file, ec.secret), ec.trusted],
    ['ed25519', '.sig', sign(null, file, ed.secret), ed.trusted],
    ['ssh', '.sig', sshSigned(file, ed), sshPublic(ed)],
    ['sigstore', '.sigstore.json', sigstoreBundle(file, ec), ec.trusted],
  ];
  return kinds.flatMap(([name, suffix, signature, key]) => [
    { name: `made-beside-${name}`, bytes: file, keys: [key], companions: { [suffix]: signature } },
    { name: `made-signature-${name}`, bytes: signature, keys: [key], beside: file, suffix },
  ]);
}

const sigstoreBundle = (file: Uint8Array, pair: Pair): Buffer =>
  Buffer.from(
    JSON.stringify({
      messageSignature: { signature: sign('sha256', file, pair.secret).toString('base64') },
      verificationMaterial: { certificate: { rawBytes: certificate('workflow', pair).bytes.toString('base64') } },
    }),
  );

/** A package of files, and one with a payload that is signed by itself too. */
function android(): readonly Made[] {
  const rsa = rsaPair();
  const signer = certificate('release', rsa);
  const keys = [signer.trusted, rsa.trusted];
  const members = (content: Uint8Array) => [
    { name: 'META-INF/com/android/metadata', content: 'post-build=1\n' },
    { name: 'payload.bin', content },
  ];
  return [
    { name: 'made-ota', bytes: signedArchive(zipOf(members(filler(900))), signer), keys },
    { name: 'made-ota-payload', bytes: signedArchive(storedZip(members(payloadFile(rsa))), signer), keys },
  ];
}

function authenticode(): readonly Made[] {
  const authority = certificate('authority', rsaPair(), { authority: true });
  const signer = certificate('signer', rsaPair(), { by: authority });
  return [{ name: 'made-authenticode', bytes: signedProgram(signer), keys: [authority.trusted] }];
}

function vendorService(): readonly Made[] {
  const authority = certificate('authority', rsaPair(), { authority: true });
  const signer = certificate('signer', ecPair(), { by: authority });
  const image = filler(900);
  const items = {
    'firmware.bin': [sumBlob(image), cmsBlob(image, signer)],
    'firmware.metainfo.xml': [sumBlob(METAINFO), cmsBlob(METAINFO, signer)],
  };
  const members = [
    { name: 'firmware.bin', bytes: image },
    { name: 'firmware.metainfo.xml', bytes: METAINFO },
  ];
  const keys = [authority.trusted];
  // The catalogue has a folder's bytes of its own, so that what is installed is told from what signs it.
  return [
    { name: 'made-capsule', bytes: capsuleFile(signer), keys },
    { name: 'made-cabinet', bytes: cabFile([...members, { name: 'firmware.jcat', bytes: jcatFile(items) }]), keys },
    { name: 'made-beside-jcat', bytes: image, file: 'firmware.bin', companions: { '.jcat': jcatFile(items) }, keys },
  ];
}

async function mijia(): Promise<readonly Made[]> {
  const root = await party('root');
  const issuer = await party('issuer', root);
  const signer = await party('signer', issuer);
  return [{ name: 'made-mijia', bytes: await miOtaImage(issuer, signer), keys: [root.trusted] }];
}

async function feeds(): Promise<readonly Made[]> {
  const [key, pgp] = [usignKey(), await pgpSigner()];
  const index = indexOf([
    { name: 'first', bytes: filler(700) },
    { name: 'second', bytes: filler(900) },
  ]);
  const release = releaseOf([{ path: 'main/Packages', bytes: index }]);
  const file = filler(900);
  const armoured = Buffer.from(await pgp.detached(file));
  return [
    {
      name: 'made-opkg',
      bytes: index,
      keys: [key.trusted],
      file: 'Packages',
      companions: { '.sig': Buffer.from(usign(key, index)) },
    },
    {
      name: 'made-inrelease',
      bytes: Buffer.from(await pgp.cleartext(release)),
      keys: [pgp.trusted],
      file: 'InRelease',
    },
    {
      name: 'made-release',
      bytes: release,
      keys: [pgp.trusted],
      file: 'Release',
      companions: { '.gpg': Buffer.from(await pgp.detached(release)) },
    },
    { name: 'made-beside-pgp', bytes: file, keys: [pgp.trusted], companions: { '.asc': armoured } },
    { name: 'made-signature-pgp', bytes: armoured, keys: [pgp.trusted], beside: file, suffix: '.asc' },
  ];
}
