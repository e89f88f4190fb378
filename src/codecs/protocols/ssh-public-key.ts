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

interface Sized {
  readonly bits: number;
  readonly key?: () => KeyObject;
}

function keyOf(type: string, cursor: SshCursor): Sized {
  if (type === 'ssh-rsa' || type.startsWith('rsa-sha2-')) return rsaOf(cursor);
  if (type === 'ssh-ed25519' || type === 'sk-ssh-ed25519@openssh.com') {
    const x = cursor.string();
    return { bits: x.length * 8, key: () => jwk({ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }) };
  }
  if (type === 'ssh-ed448') {
    const x = cursor.string();
    return { bits: x.length * 8, key: () => jwk({ kty: 'OKP', crv: 'Ed448', x: x.toString('base64url') }) };
  }
  if (type === 'ssh-dss') return dsaOf(cursor);
  if (type.startsWith('ecdsa-sha2-') || type.startsWith('sk-ecdsa-')) return curveOf(cursor);
  return { bits: 0 };
}

function rsaOf(cursor: SshCursor): Sized {
  const e = cursor.string();
  const n = cursor.string();
  return {
    bits: bitLength(n),
    key: () => jwk({ kty: 'RSA', e: bare(e).toString('base64url'), n: bare(n).toString('base64url') }),
  };
}

/** Node has no JWK for DSA: its SPKI is laid out by hand (RFC 3279 §2.3.2). */
function dsaOf(cursor: SshCursor): Sized {
  const [p, q, g, y] = Array.from({ length: 4 }, () => cursor.string());
  const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts);
    const size = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([
      Buffer.from([tag, ...(size[0] === 0x82 && body.length < 256 ? [0x81, body.length] : size)]),
      body,
    ]);
  };
  const dsa = Buffer.from('06072a8648ce380401', 'hex');
  const algorithm = der(0x30, dsa, der(0x30, der(2, p!), der(2, q!), der(2, g!)));
  const spki = der(0x30, algorithm, der(3, Buffer.of(0), der(2, y!)));
  return { bits: bitLength(p!), key: () => createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}

function curveOf(cursor: SshCursor): Sized {
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
