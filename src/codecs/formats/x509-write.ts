/** Makes a certificate of nobody's, signed by its own fresh key: what a stranger would show. RFC 5280. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { derOf, TAG } from './der.ts';

export interface Stranger {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
}

const SHA256_RSA = Buffer.from('06092a864886f70d01010b0500', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const VERSION_3 = Buffer.from('a003020102', 'hex');
const DAY = 86_400_000;

/** RSA of 2048 bits, which every server that asks for certificates can read; valid for a day around `now`. */
export function strangerCertificate(now: Date): Stranger {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = derOf(TAG.sequence, SHA256_RSA);
  const name = derOf(
    TAG.sequence,
    derOf(TAG.set, derOf(TAG.sequence, COMMON_NAME, derOf(0x0c, Buffer.from('a stranger')))),
  );
  const time = (at: number): Buffer =>
    derOf(0x18, Buffer.from(`${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`));
  const validity = derOf(TAG.sequence, time(now.getTime() - DAY), time(now.getTime() + DAY));
  const body = derOf(
    TAG.sequence,
    VERSION_3,
    derOf(TAG.integer, Buffer.from('51a17e', 'hex')),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  const der = derOf(TAG.sequence, body, algorithm, derOf(TAG.bits, Buffer.from([0]), signature));
  const lines = der.toString('base64').replace(/(.{64})/g, '$1\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
