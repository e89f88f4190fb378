/** Who signed: one signature held against the given keys, the key that came with it, and public sample keys. */
import { X509Certificate } from 'node:crypto';
import { FaultError } from '../../lib/fault.ts';
import { type Checked, check, fits, type Scheme } from './check.ts';
import type { Message } from './message.ts';
import { keyOfCertificate, type PublicKey, publicKey } from './public-key.ts';

export interface GivenKey {
  readonly name: string;
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** What is trusted, and what must never be: the part of a verifier's context that signatures need. */
export interface Trust {
  readonly keys: readonly GivenKey[];
  /** Public halves of sample and test keys whose private halves are published. */
  readonly samples: readonly GivenKey[];
  readonly now: Date;
  readonly signal: AbortSignal;
  /** The file name of what is signed: catalogues go by it. */
  readonly name?: string;
  sampleKey(fingerprint: string): string | undefined;
}

export interface CertificateSeen {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly valid: boolean;
  readonly why?: string;
}

/** The same shape as a found signature of the model. */
export interface Signed {
  readonly algorithm: string;
  readonly hash?: string;
  readonly keyType?: string;
  readonly keyBits?: number;
  readonly curve?: string;
  readonly keyFingerprint?: string;
  readonly signer?: string;
  readonly certificate?: CertificateSeen;
  readonly outcome: 'verified' | 'signer-unknown' | 'wrong-key' | 'broken' | 'refused';
  readonly verifiedBy?: string;
  readonly sampleKey?: string;
  /** The key ended before now, and the signature says that it is older (ISO 8601). */
  readonly keyExpired?: string;
  readonly message: string;
}

/** Names of files that lie beside what they sign. */
export const COMPANIONS: readonly string[] = [
  '.sig',
  '.minisig',
  '.asc',
  '.p7s',
  '.p7b',
  '.gpg',
  '.sign',
  '.signature',
  '.jcat',
  '.sigstore',
  '.sigstore.json',
];

export interface NamedKey {
  readonly name: string;
  readonly key: PublicKey;
}

/** Lists of keys are asked again for every signature: each is parsed once. */
const parsed = new WeakMap<readonly GivenKey[], readonly NamedKey[]>();

/** The plain public keys among the given ones; certificates give theirs. */
export function publicKeysOf(keys: readonly GivenKey[]): readonly NamedKey[] {
  const known = parsed.get(keys);
  if (known !== undefined) return known;
  const found: NamedKey[] = [];
  for (const { name, kind, bytes } of keys) {
    if (kind === 'spki') found.push({ name, key: publicKey(bytes) });
    if (kind === 'certificate') found.push({ name, key: keyOfCertificate(new X509Certificate(bytes)) });
  }
  parsed.set(keys, found);
  return found;
}

export interface Claim {
  readonly scheme: Scheme;
  readonly message: Message;
  readonly signature: Uint8Array;
  /** The key that the artefact brings: it tells a broken signature from a stranger's. */
  readonly embedded?: PublicKey;
  /** Whether a key is the one that the signature names (key hash, key number); then a mismatch is a broken signature. */
  readonly names?: (key: PublicKey) => boolean;
  /** Keys in a form of the scheme's own (minisign, signify), beside the given SPKI and certificates. */
  readonly given?: readonly NamedKey[];
}

const HASH: { readonly [hash: string]: string } = {
  md5: 'MD5',
  sha1: 'SHA-1',
  sha224: 'SHA-224',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};
export const hashTitle = (hash: string): string => HASH[hash] ?? hash.toUpperCase();

export const keyFacts = (key: PublicKey): Pick<Signed, 'keyType' | 'keyBits' | 'curve' | 'keyFingerprint'> => ({
  keyType: key.type,
  keyBits: key.bits,
  ...(key.curve === undefined ? {} : { curve: key.curve }),
  keyFingerprint: key.fingerprint,
});

type Tried = NamedKey & { readonly role: 'given' | 'embedded' | 'sample' };

/** The samples are many, and are parsed only when nothing else fits. */
function* tries(first: readonly Tried[], samples: readonly GivenKey[]): Generator<Tried> {
  yield* first;
  for (const one of publicKeysOf(samples)) yield { ...one, role: 'sample' };
}

/** Tries the given keys, then the embedded one, then the samples. A key that fits the scheme and fails is told apart from none. */
export async function attribute(trust: Trust, claim: Claim): Promise<Signed> {
  const { scheme, embedded } = claim;
  const base = { algorithm: scheme.algorithm, hash: hashTitle(scheme.hash) };
  const given = [...publicKeysOf(trust.keys), ...(claim.given ?? [])].filter(({ key }) => fits(scheme, key));
  const first = [
    ...given.map((one) => ({ ...one, role: 'given' as const })),
    ...(embedded === undefined ? [] : [{ name: '', key: embedded, role: 'embedded' as const }]),
  ];
  for (const one of tries(first, trust.samples)) {
    if (!fits(scheme, one.key)) continue;
    const checked = await check(scheme, one.key, claim.message, claim.signature, trust.signal);
    if (checked.outcome !== 'bad') return { ...base, ...keyFacts(one.key), ...told(trust, one, checked) };
  }
  return { ...base, ...(embedded === undefined ? {} : keyFacts(embedded)), ...unmet(trust, claim, given) };
}

function told(
  trust: Trust,
  { name, key, role }: Tried,
  checked: Checked,
): Pick<Signed, 'outcome' | 'message' | 'verifiedBy' | 'sampleKey'> {
  if (checked.outcome === 'refused') return { outcome: 'refused', message: checked.why };
  const sampleName = trust.sampleKey(key.fingerprint) ?? (role === 'sample' ? name : undefined);
  const sample = sampleName === undefined ? {} : { sampleKey: sampleName };
  if (role === 'given') {
    const message = sampleName === undefined ? `verifies with ${name}` : `verifies with ${name}, which is public`;
    return { outcome: 'verified', verifiedBy: name, ...sample, message };
  }
  if (sampleName !== undefined)
    return { outcome: 'signer-unknown', ...sample, message: `made with a public sample key: ${sampleName}` };
  return trust.keys.length > 0
    ? { outcome: 'wrong-key', message: 'made with another key than the given one' }
    : { outcome: 'signer-unknown', message: 'holds, but no given key tells by whom' };
}

function unmet(
  trust: Trust,
  { names, embedded }: Claim,
  given: readonly NamedKey[],
): Pick<Signed, 'outcome' | 'message'> {
  if (embedded !== undefined) return { outcome: 'broken', message: 'does not hold for the key that comes with it' };
  if (names !== undefined && given.some(({ key }) => names(key)))
    return { outcome: 'broken', message: 'names the given key and does not hold for it' };
  // A given key of another kind did not make it either.
  return trust.keys.length > 0
    ? { outcome: 'wrong-key', message: 'does not hold for the given key: another key, or changed since' }
    : { outcome: 'signer-unknown', message: 'cannot be verified without the public key' };
}

/** Runs a part whose faults say that a signature is none. */
export async function orBroken(algorithm: string, part: () => Promise<Signed>): Promise<Signed> {
  try {
    return await part();
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    const outcome = error.fault.kind === 'unsupported' || error.fault.kind === 'over-budget' ? 'refused' : 'broken';
    return { algorithm, outcome, message: error.fault.message };
  }
}
