/** Public keys for signatures: from SPKI, from raw numbers, with their fingerprint; keys that verify anything are refused. */
import { createHash, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { FaultError } from '../../lib/fault.ts';
import { derChild, derChildren, derOf, derWhole, positiveInteger, TAG } from '../formats/der.ts';

export interface PublicKey {
  readonly key: KeyObject;
  readonly spki: Buffer;
  /** Hex SHA-256 of the SPKI. */
  readonly fingerprint: string;
  readonly type: 'RSA' | 'EC' | 'Ed25519' | 'other';
  /** Of the modulus, or of the curve's field. */
  readonly bits: number;
  readonly curve?: string;
  readonly modulus?: Buffer;
  /** Why this key must not verify anything. */
  readonly weak?: string;
}

const CURVES: { readonly [name: string]: readonly [string, number, string] } = {
  prime256v1: ['P-256', 256, '2a8648ce3d030107'],
  secp384r1: ['P-384', 384, '2b81040022'],
  secp521r1: ['P-521', 521, '2b81040023'],
  prime192v1: ['P-192', 192, '2a8648ce3d030101'],
  secp224r1: ['P-224', 224, '2b81040021'],
  secp256k1: ['secp256k1', 256, '2b8104000a'],
};
const EC = Buffer.from('2a8648ce3d0201', 'hex');
const RSA = Buffer.from('2a864886f70d010101', 'hex');
const ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** y-coordinates of the points of small order, non-canonical forms included (RFC 8032; little-endian, sign bit cleared). */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Throws FaultError for bytes that are no key. */
export function publicKey(spki: Uint8Array): PublicKey {
  try {
    return described(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
  } catch (error) {
    if (error instanceof FaultError) throw error;
    throw new FaultError('malformed', 'no public key that can be read', { cause: error });
  }
}

export function keyOfCertificate(certificate: X509Certificate): PublicKey {
  try {
    return described(certificate.publicKey);
  } catch (error) {
    throw new FaultError('unsupported', 'the public key of the certificate cannot be read', { cause: error });
  }
}

function described(key: KeyObject): PublicKey {
  const spki = key.export({ format: 'der', type: 'spki' });
  const base = { key, spki, fingerprint: createHash('sha256').update(spki).digest('hex') };
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss') {
    const modulus = modulusOf(spki);
    const bits = details?.modulusLength ?? 0;
    const weak = weakRsa(bits, details?.publicExponent ?? 0n);
    return { ...base, type: 'RSA', bits, modulus, ...(weak === undefined ? {} : { weak }) };
  }
  if (key.asymmetricKeyType === 'ec') {
    const [curve, bits] = CURVES[details?.namedCurve ?? ''] ?? [details?.namedCurve ?? 'explicit', 0];
    const weak = bits < 224 ? { weak: `ECDSA on ${curve} is too weak` } : {};
    return { ...base, type: 'EC', bits, curve, ...weak };
  }
  if (key.asymmetricKeyType === 'ed25519') {
    const y = Buffer.from(spki.subarray(-32));
    y[31] = (y[31] ?? 0) & 0x7f;
    const weak = SMALL_ORDER.has(y.toString('hex')) ? { weak: 'an Ed25519 key of small order verifies anything' } : {};
    return { ...base, type: 'Ed25519', bits: 256, curve: 'Ed25519', ...weak };
  }
  return { ...base, type: 'other', bits: 0 };
}

function weakRsa(bits: number, exponent: bigint): string | undefined {
  if (exponent < 3n || exponent % 2n === 0n) return `an RSA exponent of ${exponent} signs nothing`;
  return bits < 2048 ? `an RSA key of ${bits} bits is too short` : undefined;
}

function modulusOf(spki: Buffer): Buffer {
  const bits = derChild(derChildren(derWhole(spki, TAG.sequence)), 1, TAG.bits);
  const numbers = derChildren(derWhole(bits.value.subarray(1), TAG.sequence));
  return positiveInteger(derChild(numbers, 0, TAG.integer));
}

const integer = (octets: Uint8Array): Buffer => {
  let at = 0;
  while (at < octets.length - 1 && octets[at] === 0) at += 1;
  const short = octets.subarray(at);
  return derOf(TAG.integer, (short[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), short);
};

/** From big-endian octets of modulus and exponent. */
export function rsaKey(modulus: Uint8Array, exponent: Uint8Array): PublicKey {
  const key = derOf(TAG.sequence, integer(modulus), integer(exponent));
  const algorithm = derOf(TAG.sequence, derOf(TAG.oid, RSA), Buffer.from([5, 0]));
  return publicKey(derOf(TAG.sequence, algorithm, derOf(TAG.bits, Buffer.from([0]), key)));
}

/** From big-endian coordinates on a curve as OpenSSL names it (`prime256v1`). */
export function ecKey(curve: string, x: Uint8Array, y: Uint8Array): PublicKey {
  const known = CURVES[curve];
  if (known === undefined) throw new FaultError('unsupported', `the curve ${curve}`);
  const algorithm = derOf(TAG.sequence, derOf(TAG.oid, EC), derOf(TAG.oid, Buffer.from(known[2], 'hex')));
  return publicKey(derOf(TAG.sequence, algorithm, derOf(TAG.bits, Buffer.from([0, 4]), x, y)));
}

export function ed25519Key(raw: Uint8Array): PublicKey {
  if (raw.length !== 32) throw new FaultError('malformed', 'an Ed25519 key has 32 bytes');
  return publicKey(Buffer.concat([ED25519, raw]));
}
