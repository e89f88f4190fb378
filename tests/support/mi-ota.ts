/** Makes signed firmware of the Mijia form: root → issuer → signer, ECDSA P-256 over firmware and metadata. */
import 'reflect-metadata';
import { createPrivateKey, sign, type webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TrustedKey } from '../../src/core/model/verifier.ts';
import { filler } from './signers.ts';

/** Handed on, for the package must be loaded behind `reflect-metadata`. */
export const KEY_USAGE = KeyUsageFlags;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface Party {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly trusted: TrustedKey;
}

export async function party(
  name: string,
  by?: Party,
  until = '2060-01-01',
  usage: KeyUsageFlags = KeyUsageFlags.digitalSignature,
): Promise<Party> {
  const keys = (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const authority = name !== 'signer';
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '01',
    subject: `O=${name}, C=CN`,
    issuer: by?.certificate.subject ?? `O=${name}, C=CN`,
    notBefore: new Date('2018-01-01'),
    notAfter: new Date(until),
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(authority),
      new KeyUsagesExtension(authority ? KeyUsageFlags.keyCertSign : usage),
    ],
  });
  const trusted: TrustedKey = { name: `${name}.pem`, kind: 'certificate', bytes: new Uint8Array(certificate.rawData) };
  return { certificate, keys, trusted };
}

export async function miOtaImage(issuer: Party, signer: Party, firmware: Uint8Array = filler(2000)): Promise<Buffer> {
  const field = (tag: number, value: Uint8Array): Buffer => Buffer.concat([Buffer.from([tag, value.length]), value]);
  const fields = Buffer.concat([
    field(1, Buffer.from([1, 2, 3, 0x21, 0x00])),
    field(4, Buffer.from('fixture.sensor.one')),
    field(3, Buffer.from([1])),
    Buffer.alloc(4, 0xaa),
  ]);
  const certificates = Buffer.from(
    [issuer, signer].map(({ certificate }) => `${certificate.toString('pem')}\n`).join(''),
  );
  const head = Buffer.alloc(28);
  head.set([0x4d, 0x49, 0xef, 0x54, 0x46, 0x4f, 0x54, 0x41], 4);
  head.writeUInt32LE(0x01020304, 12);
  head.writeUInt16LE(head.length + fields.length, 16);
  head.writeUInt16LE(0x0863, 18);
  head.writeUInt32LE(firmware.length, 20);
  head.writeUInt32LE(certificates.length, 24);
  const message = Buffer.concat([firmware, head, fields]);
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', signer.keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return Buffer.concat([message, certificates, sign('sha256', message, key), Buffer.alloc(5, 0xff)]);
}
