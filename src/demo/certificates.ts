/** Certificates of the hardened demo device, made anew at each start so that no key is shipped. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface DemoIdentity {
  /** PEM of the key and of the certificate that the device serves. */
  readonly key: string;
  readonly certificate: string;
  /** PEM of the maker's own authority, to be given as `--ca`. */
  readonly authority: string;
}

/** An authority and a server certificate for 127.0.0.1 and localhost, valid for a year from `now`. */
export async function makeIdentity(now: Date): Promise<DemoIdentity> {
  x509.cryptoProvider.set(webcrypto as never);
  const notBefore = new Date(now.getTime() - 86_400_000);
  const notAfter = new Date(now.getTime() + 365 * 86_400_000);
  const maker = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const unit = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '5aa1f0c3d2e4b596',
    name: 'O=Demo Camera Maker, CN=Demo Camera Root',
    notBefore,
    notAfter,
    keys: maker as never,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '6bb2e1d4c3f5a687',
    subject: 'O=Demo Camera Maker, CN=democam.local',
    issuer: authority.subject,
    notBefore,
    notAfter,
    publicKey: unit.publicKey as never,
    signingKey: maker.privateKey as never,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: 'democam.local' },
      ]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', unit.privateKey));
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
  return { key, certificate: `${certificate.toString('pem')}\n`, authority: `${authority.toString('pem')}\n` };
}
