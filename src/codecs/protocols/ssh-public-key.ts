/** Reads SSH public key blobs: type, size, and the SPKI that images and certificates know them by (RFC 4253 §6.6, RFC 5656, RFC 8709). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { bitLength, SshCursor } from './ssh-wire.ts';

export interface SshPublicKey {
  readonly type: string;
  readonly bits: number;
  /** Hex SHA-256 of the DER SPKI; absent for kinds that Node cannot express. */
  readonly spki?: string;
}

const CURVES: { readonly [name: string]: { readonly bits: number; readonly jwk: string } } = {
  nistp256: { bits: 256, jwk: 'P-256' },
  nistp384: { bits: 384, jwk: 'P-384' },
  nistp521: { bits: 521, jwk: 'P-521' },
};

/** Parses a plain key blob or the key inside an OpenSSH certificate; throws FaultError `malformed`. */
export function parseSshPublicKey(blob: Uint8Array): SshPublicKey {
  const cursor = new SshCursor(blob);
  const type = cursor.string().toString('latin1');
  const certificate = /^(.+)-cert-v0[01]@openssh\.com$/.exec(type);
  if (certificate !== null) cursor.string();
  const plain = certificate?.[1] ?? type;
  const { bits, key } = keyOf(plain, cursor);
  const spki = key === undefined ? undefined : spkiOf(key);
  return spki === undefined ? { type, bits } : { type, bits, spki };
}

function keyOf(type: string, cursor: SshCursor): { bits: number; key?: () => KeyObject } {
  if (type === 'ssh-rsa' || type.startsWith('rsa-sha2-')) return rsaOf(cursor);
  if (type === 'ssh-ed25519' || type === 'sk-ssh-ed25519@openssh.com') {
    const x = cursor.string();
    return { bits: x.length * 8, key: () => jwk({ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }) };
  }
  if (type === 'ssh-ed448') {
    const x = cursor.string();
    return { bits: x.length * 8, key: () => jwk({ kty: 'OKP', crv: 'Ed448', x: x.toString('base64url') }) };
  }
  if (type === 'ssh-dss') return { bits: bitLength(cursor.string()) };
  if (type.startsWith('ecdsa-sha2-') || type.startsWith('sk-ecdsa-')) return curveOf(cursor);
  return { bits: 0 };
}

function rsaOf(cursor: SshCursor): { bits: number; key: () => KeyObject } {
  const e = cursor.string();
  const n = cursor.string();
  return {
    bits: bitLength(n),
    key: () => jwk({ kty: 'RSA', e: bare(e).toString('base64url'), n: bare(n).toString('base64url') }),
  };
}

function curveOf(cursor: SshCursor): { bits: number; key?: () => KeyObject } {
  const curve = CURVES[cursor.string().toString('latin1')];
  const point = cursor.string();
  if (curve === undefined || point[0] !== 4) return { bits: curve?.bits ?? 0 };
  const half = (point.length - 1) / 2;
  const coordinate = (from: number): string => point.subarray(from, from + half).toString('base64url');
  return {
    bits: curve.bits,
    key: () => jwk({ kty: 'EC', crv: curve.jwk, x: coordinate(1), y: coordinate(1 + half) }),
  };
}

const bare = (mpint: Buffer): Buffer => (mpint[0] === 0 ? mpint.subarray(1) : mpint);
const jwk = (key: { [member: string]: string }): KeyObject => createPublicKey({ key, format: 'jwk' });

/** A point off its curve or an absurd modulus is refused by OpenSSL: then there is no SPKI to compare. */
function spkiOf(make: () => KeyObject): string | undefined {
  try {
    return createHash('sha256')
      .update(make().export({ format: 'der', type: 'spki' }))
      .digest('hex');
  } catch {
    return undefined;
  }
}
