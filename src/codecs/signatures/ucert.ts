/** Signatures in the form of OpenWrt: usign alone, or behind a chain of ucert certificates. */
import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { edFileOf } from '../formats/ed25519-files.ts';
import { type Ucert, type UcertBlob, ucertBlobs, ucertOf } from '../formats/ucert.ts';
import { check } from './check.ts';
import { edSignature } from './ed25519-files.ts';
import { type Message, messageOf } from './message.ts';
import { ed25519Key, type PublicKey } from './public-key.ts';
import { type CertificateSeen, keyFacts, orBroken, type Signed, type Trust } from './trust.ts';

const ED25519 = { algorithm: 'Ed25519', hash: 'sha512' } as const;
/** `CERTTYPE_AUTH`: the certificate hands the right to sign on. */
const AUTHORITY = 1;

/** One verdict for each signature over the message: a chunk holds a usign text, or a ucert. */
export async function openwrtSignatures(trust: Trust, bytes: Buffer, message: Message): Promise<readonly Signed[]> {
  const text = bytes.toString('latin1');
  if (text.startsWith('untrusted comment:'))
    return [await orBroken('Ed25519', () => edSignature(trust, text.replace(/\0+$/, ''), message))];
  return [await orBroken('Ed25519', () => ucertSignature(trust, ucertBlobs(bytes), message))];
}

interface Link {
  readonly key: PublicKey;
  readonly number: string;
}

/** The first certificate must be by a given key, each next by the one before; the last key signs the message. */
async function ucertSignature(trust: Trust, blobs: readonly UcertBlob[], message: Message): Promise<Signed> {
  const last = blobs.at(-1);
  if (last === undefined || last.payload !== undefined)
    throw new FaultError('malformed', 'the ucert certifies a key and signs no image');
  let root: Signed | undefined;
  let link: Link | undefined;
  let certificate: CertificateSeen | undefined;
  for (const blob of blobs.slice(0, -1)) {
    if (blob.payload === undefined) throw new FaultError('malformed', 'a second signature of the image in the ucert');
    const payload = inMemory(blob.payload);
    if (link === undefined) root = await edSignature(trust, blob.signature, payload);
    else if (!(await holds(link.key, blob.signature, payload)))
      return broken(link.key, 'a certificate of the chain is not signed by the one before');
    const issuer = link?.number ?? edFileOf(blob.signature, 64).number;
    const stated = ucertOf(blob.payload);
    const file = edFileOf(stated.key, 32);
    link = { key: ed25519Key(file.bytes), number: file.number };
    const seen = certificateSeen(stated, issuer, file.number, trust.now);
    certificate = certificate === undefined || certificate.valid ? seen : certificate;
  }
  if (link === undefined || root === undefined) return edSignature(trust, last.signature, message);
  if (!(await holds(link.key, last.signature, message)))
    return broken(link.key, 'the image is not the one that was signed');
  return chained(trust, root, link, certificate);
}

function chained(trust: Trust, root: Signed, link: Link, certificate: CertificateSeen | undefined): Signed {
  const sample = trust.sampleKey(link.key.fingerprint) ?? root.sampleKey;
  const told = {
    ...root,
    ...keyFacts(link.key),
    signer: `usign key ${link.number}`,
    ...(certificate === undefined ? {} : { certificate }),
    ...(sample === undefined ? {} : { sampleKey: sample }),
  };
  // A chain that holds in itself says nothing of an expired link while nobody trusts it.
  if (root.outcome === 'verified' && certificate?.valid === false)
    return { ...told, outcome: 'refused', message: certificate.why ?? 'a certificate of the chain is not valid' };
  return root.outcome === 'verified' ? { ...told, message: `chains to ${root.verifiedBy ?? 'a given key'}` } : told;
}

const inMemory = (bytes: Uint8Array): Message => messageOf(memoryBlob(bytes), [{ start: 0, end: bytes.length }]);

const broken = (key: PublicKey, message: string): Signed => ({
  algorithm: 'Ed25519',
  hash: 'SHA-512',
  ...keyFacts(key),
  outcome: 'broken',
  message,
});

async function holds(key: PublicKey, signature: string, message: Message): Promise<boolean> {
  const file = edFileOf(signature, 64);
  if (file.algorithm !== 'Ed') return false;
  return (await check(ED25519, key, message, file.bytes)).outcome === 'good';
}

function certificateSeen({ type, from, until }: Ucert, issuer: string, subject: string, now: Date): CertificateSeen {
  const seconds = now.getTime() / 1000;
  const why =
    type === AUTHORITY
      ? seconds < from
        ? 'the certificate is not valid yet'
        : seconds >= until
          ? 'the certificate has expired'
          : undefined
      : `a certificate of type ${type} hands no right on`;
  return {
    subject: `usign key ${subject}`,
    issuer: `usign key ${issuer}`,
    notBefore: dateOf(from),
    notAfter: dateOf(until),
    valid: why === undefined,
    ...(why === undefined ? {} : { why }),
  };
}

/** Seconds beyond what a date can hold are told as the last one. */
const dateOf = (seconds: number): string => new Date(Math.min(seconds * 1000, 8.64e15)).toISOString();
