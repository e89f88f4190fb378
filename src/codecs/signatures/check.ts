/** Verifies one signature with one key, strictly: padding is compared whole, lengths must be exact, weak digests are refused. */
import { constants, createHash, createVerify, publicDecrypt, timingSafeEqual, verify } from 'node:crypto';
import { FaultError } from '../../lib/fault.ts';
import { derChildren, derWhole, positiveInteger, TAG } from '../formats/der.ts';
import type { Message } from './message.ts';
import type { PublicKey } from './public-key.ts';

export type Algorithm = 'RSASSA-PKCS1-v1_5' | 'RSASSA-PSS' | 'ECDSA' | 'Ed25519';

export interface Scheme {
  readonly algorithm: Algorithm;
  /** `sha256` …; of Ed25519 the digest inside is its own. */
  readonly hash: string;
  /** PSS: undefined takes any. */
  readonly saltLength?: number;
  readonly mgfHash?: string;
  /** ECDSA: DER, r and s side by side, or DER with zeros behind (MCUboot of old). */
  readonly encoding?: 'der' | 'raw' | 'der-padded';
}

export type Checked = { readonly outcome: 'good' | 'bad' } | { readonly outcome: 'refused'; readonly why: string };

const WEAK: ReadonlySet<string> = new Set(['md2', 'md4', 'md5', 'sha1', 'ripemd160']);
const KEY_TYPE: { readonly [A in Algorithm]: PublicKey['type'] } = {
  'RSASSA-PKCS1-v1_5': 'RSA',
  'RSASSA-PSS': 'RSA',
  ECDSA: 'EC',
  Ed25519: 'Ed25519',
};

export const fits = (scheme: Scheme, key: PublicKey): boolean => KEY_TYPE[scheme.algorithm] === key.type;
export const isWeakHash = (hash: string): boolean => WEAK.has(hash.toLowerCase().replace('-', ''));

/** Whether the signature of the message verifies with the key. */
export async function check(
  scheme: Scheme,
  key: PublicKey,
  message: Message,
  signature: Uint8Array,
  signal?: AbortSignal,
): Promise<Checked> {
  if (!fits(scheme, key)) return { outcome: 'bad' };
  const good = await holds(scheme, key, message, signature, signal).catch(notByNumbers);
  if (!good) return { outcome: 'bad' };
  // Only what holds is refused: a weak key among many says nothing of a signature that it did not make.
  if (key.weak !== undefined) return { outcome: 'refused', why: key.weak };
  if (isWeakHash(scheme.hash)) return { outcome: 'refused', why: `signatures over ${scheme.hash} can be forged` };
  return { outcome: 'good' };
}

/** Numbers with which OpenSSL cannot reckon (an even modulus) verify nothing; all else that is thrown is none of ours. */
export function notByNumbers(error: unknown): false {
  const { code } = error as { readonly code?: unknown };
  if (error instanceof FaultError || typeof code !== 'string' || !code.startsWith('ERR_OSSL')) throw error;
  return false;
}

async function holds(
  scheme: Scheme,
  key: PublicKey,
  message: Message,
  signature: Uint8Array,
  signal?: AbortSignal,
): Promise<boolean> {
  switch (scheme.algorithm) {
    case 'Ed25519':
      return signature.length === 64 && verify(null, message.bytes(), key.key, Buffer.from(signature));
    case 'ECDSA':
      return ecdsa(scheme, key, message, signature);
    case 'RSASSA-PKCS1-v1_5': {
      const digest = await message.digest(scheme.hash, signal);
      const opened = openRsa(key, signature);
      return opened !== undefined && same(opened, paddedDigest(scheme.hash, digest, opened.length));
    }
    case 'RSASSA-PSS': {
      const digest = await message.digest(scheme.hash, signal);
      const opened = openRsa(key, signature);
      return opened !== undefined && pss(scheme, opened, digest, key.bits);
    }
  }
}

const same = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && one.length === other.length && timingSafeEqual(one, other);

/** s^e mod n as octets of the modulus' length; nothing for a signature of another length or one that is not below n. */
function openRsa(key: PublicKey, signature: Uint8Array): Buffer | undefined {
  if (key.modulus === undefined || signature.length !== key.modulus.length) return undefined;
  if (Buffer.compare(signature, key.modulus) >= 0) return undefined;
  return publicDecrypt({ key: key.key, padding: constants.RSA_NO_PADDING }, Buffer.from(signature));
}

/** DigestInfo prefixes of RFC 8017, 9.2, note 1. */
const PREFIX: { readonly [hash: string]: string } = {
  md5: '3020300c06082a864886f70d020505000410',
  sha1: '3021300906052b0e03021a05000414',
  sha224: '302d300d06096086480165030402040500041c',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

/** EMSA-PKCS1-v1_5 (RFC 8017, 9.2): made anew and compared whole, so nothing can hide behind the digest. */
function paddedDigest(hash: string, digest: Buffer, size: number): Buffer | undefined {
  const prefix = PREFIX[hash];
  if (prefix === undefined) return undefined;
  const info = Buffer.concat([Buffer.from(prefix, 'hex'), digest]);
  if (size < info.length + 11) return undefined;
  const fill = Buffer.alloc(size - info.length - 3, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), fill, Buffer.from([0]), info]);
}

/** EMSA-PSS-VERIFY (RFC 8017, 9.1.2). */
function pss(scheme: Scheme, opened: Buffer, digest: Buffer, bits: number): boolean {
  const room = Math.ceil((bits - 1) / 8);
  const encoded = opened.subarray(opened.length - room);
  if (opened.length > room && opened[0] !== 0) return false;
  const size = digest.length;
  if (encoded.length < size + 2 || encoded[encoded.length - 1] !== 0xbc) return false;
  const masked = encoded.subarray(0, encoded.length - size - 1);
  const tag = encoded.subarray(masked.length, masked.length + size);
  const unused = 8 * room - (bits - 1);
  if (unused > 0 && masked[0]! >> (8 - unused) !== 0) return false;
  const mask = maskOf(scheme.mgfHash ?? scheme.hash, tag, masked.length);
  const block = Buffer.from(masked.map((byte, index) => byte ^ mask[index]!));
  block[0]! &= 0xff >> unused;
  const one = block.findIndex((byte) => byte !== 0);
  if (one === -1 || block[one] !== 1) return false;
  const salt = block.subarray(one + 1);
  if (scheme.saltLength !== undefined && salt.length !== scheme.saltLength) return false;
  const again = createHash(scheme.hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  return same(again, tag);
}

/** MGF1 (RFC 8017, B.2.1). */
function maskOf(hash: string, seed: Uint8Array, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let counter = 0, have = 0; have < length; counter++) {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(counter);
    const part = createHash(hash).update(seed).update(index).digest();
    parts.push(part);
    have += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

function ecdsa(scheme: Scheme, key: PublicKey, message: Message, signature: Uint8Array): boolean {
  const width = Math.ceil(key.bits / 8);
  const raw = scheme.encoding === 'raw' ? Buffer.from(signature) : sideBySide(trimmed(scheme, signature), width);
  if (raw === undefined || raw.length !== 2 * width || isZero(raw.subarray(0, width)) || isZero(raw.subarray(width)))
    return false;
  const verifier = createVerify(scheme.hash);
  for (const chunk of message.chunks()) verifier.update(chunk);
  return verifier.verify({ key: key.key, dsaEncoding: 'ieee-p1363' }, raw);
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** MCUboot's signer of old filled DER signatures with zeros to a fixed length. */
function trimmed({ encoding }: Scheme, signature: Uint8Array): Uint8Array {
  const size = 2 + (signature[1] ?? 0);
  if (encoding !== 'der-padded' || size > signature.length || !isZero(signature.subarray(size))) return signature;
  return signature.subarray(0, size);
}

/** DER `SEQUENCE { r, s }` → r and s at full width; nothing when it is not exactly that. */
function sideBySide(signature: Uint8Array, width: number): Buffer | undefined {
  try {
    const numbers = derChildren(derWhole(signature, TAG.sequence)).map(positiveInteger);
    if (numbers.length !== 2 || numbers.some(({ length }) => length > width)) return undefined;
    return Buffer.concat(numbers.flatMap((number) => [Buffer.alloc(width - number.length), number]));
  } catch {
    // What is no DER is no signature: that is the answer, not a fault.
    return undefined;
  }
}
