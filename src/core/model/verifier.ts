/** Update signatures: what one format says of one artefact. */
import type { Blob } from '../../lib/blob.ts';
import type { Fault } from '../../lib/fault.ts';
import { type Range, sizeOf, union, without } from '../../lib/ranges.ts';

/** A public key or certificate that the user trusts, with its origin for messages. `der` is SPKI or certificate; raw formats (minisign, usign, PGP) keep their bytes in `raw`. */
export interface TrustedKey {
  readonly name: string;
  readonly kind: 'spki' | 'certificate' | 'crl' | 'openpgp' | 'minisign' | 'signify' | 'ssh' | 'hmac' | 'raw';
  readonly bytes: Uint8Array;
  /** U-Boot's control device tree: what must be signed with this key, and whether with each such key or with any of them. */
  readonly demand?: { readonly of: 'conf' | 'image'; readonly each: boolean };
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

/** One signature found in an artefact. */
export interface FoundSignature {
  /** `RSASSA-PKCS1-v1_5`, `RSASSA-PSS`, `ECDSA`, `Ed25519`, … */
  readonly algorithm: string;
  readonly hash?: string;
  readonly keyType?: string;
  readonly keyBits?: number;
  readonly curve?: string;
  /** Hex SHA-256 of the SPKI where the key is known. */
  readonly keyFingerprint?: string;
  readonly signer?: string;
  readonly certificate?: {
    readonly subject: string;
    readonly issuer: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly valid: boolean;
    readonly why?: string;
  };
  /** Whether it verifies: with a given key; with a key embedded in the artefact only (`signer-unknown`); not at all; not checkable. */
  readonly outcome: 'verified' | 'signer-unknown' | 'wrong-key' | 'broken' | 'refused';
  /** Name of the trusted key that verified it. */
  readonly verifiedBy?: string;
  /** The key is a public sample or test key: its name. */
  readonly sampleKey?: string;
  /** The key ended before now, and the signature says that it is older (ISO 8601). */
  readonly keyExpired?: string;
  readonly message: string;
}

/** What one format says of an artefact: signed or not, by whom, how much of the payload is covered. */
export interface UpdateVerdict {
  readonly format: string;
  readonly title: string;
  /** An update by its nature, as opposed to a bare image or a flash dump. */
  readonly updateByNature: boolean;
  readonly signed: boolean;
  readonly signatures: readonly FoundSignature[];
  /** Bytes of the artefact that a verified or verifiable signature protects, directly or through hashes that were recomputed. */
  readonly covered: readonly ByteRange[];
  /** Payload bytes (installed, executed, or deciding what is) that no signature protects. */
  readonly uncovered: readonly ByteRange[];
  /** Container framing outside signatures: listed without a finding. */
  readonly framing: readonly ByteRange[];
  /** Digests that protect against accident only: `sha256`, `crc32` …; `holds` false when it does not match. */
  readonly integrity: readonly { readonly algorithm: string; readonly over: string; readonly holds: boolean }[];
  /** What does not hold although the signature binds it: a payload whose digest is another, a part that is missing. */
  readonly broken: readonly string[];
  readonly encrypted: boolean;
  readonly version?: string;
  readonly rollback?: { readonly protected: boolean; readonly value?: string };
  readonly hardware: readonly string[];
  readonly faults: readonly Fault[];
  readonly notes: readonly string[];
}

export interface VerifyContext {
  readonly keys: readonly TrustedKey[];
  /** Public halves of sample and test keys whose private halves are published: tried where an artefact brings no key. */
  readonly samples: readonly TrustedKey[];
  readonly now: Date;
  readonly signal: AbortSignal;
  /** The file name of the artefact: a hint only, for formats that lose their mark when they are cut off. */
  readonly name: string;
  /** Name of the public sample or test key with this SPKI fingerprint (hex SHA-256), if it is one. */
  sampleKey(fingerprint: string): string | undefined;
  /** Runs a job of `codecs/jobs.ts` on a thread of its own, where there are threads. */
  job?(id: string, input: unknown): Promise<unknown>;
  /** A detached signature or companion file beside the artefact (`fw.bin.sig`), by suffix. */
  companion(suffix: string): Blob | undefined;
  /** Another file of the same delivery, by its path from the artefact's folder (`boot.img`, `main/Packages`). */
  sibling(path: string): Blob | undefined;
}

export interface Verifier {
  readonly id: string;
  readonly title: string;
  recognise(artefact: Blob, context: VerifyContext): boolean;
  verify(artefact: Blob, context: VerifyContext): Promise<UpdateVerdict>;
}

/** A verdict that says nothing yet: what a format does not speak of stays so. */
export const blankVerdict = ({ title }: Pick<Verifier, 'title'>, format: string): UpdateVerdict => ({
  format,
  title,
  updateByNature: true,
  signed: false,
  signatures: [],
  covered: [],
  uncovered: [],
  framing: [],
  integrity: [],
  broken: [],
  encrypted: false,
  hardware: [],
  faults: [],
  notes: [],
});

/** Every byte has one of three roles: protected, payload that nothing protects, framing. */
export function account(
  size: number,
  payload: readonly ByteRange[],
  read: readonly Range[],
): Pick<UpdateVerdict, 'covered' | 'uncovered' | 'framing'> {
  // A header may state more than there is.
  const inside = <R extends Range>(range: R): R => ({
    ...range,
    start: Math.max(0, range.start),
    end: Math.min(size, range.end),
  });
  const safe = union(read.map(inside));
  const uncovered = payload.flatMap((range) => without(inside(range), safe));
  const taken = union([...safe, ...uncovered]);
  return {
    covered: safe.map((range) => ({ ...range, what: 'signed' })),
    uncovered,
    framing: without({ start: 0, end: size, what: 'framing' }, taken),
  };
}

/**
 * What the signatures of several parts protect together: once one is verified, ranges of others do not count, so that a
 * stranger's signature over one part never rides on the maker's over another.
 */
export function countedRanges(
  parts: readonly { readonly signature: FoundSignature; readonly read: readonly Range[] }[],
): readonly Range[] {
  const verified = parts.filter(({ signature }) => signature.outcome === 'verified');
  return (verified.length > 0 ? verified : parts).flatMap(({ read }) => read);
}

export type Overall = FoundSignature['outcome'] | 'unsigned' | 'sample-key';

/** One word for an artefact. A signature by a public key is worse than none; one good signature outweighs strangers'. */
export function overall({ signed, signatures, broken }: UpdateVerdict): Overall {
  if (!signed) return 'unsigned';
  const has = (outcome: FoundSignature['outcome']): boolean => signatures.some((one) => one.outcome === outcome);
  if (signatures.some(({ sampleKey }) => sampleKey !== undefined)) return 'sample-key';
  if (broken.length > 0 || has('broken')) return 'broken';
  if (has('verified')) return 'verified';
  if (has('refused')) return 'refused';
  return has('wrong-key') ? 'wrong-key' : 'signer-unknown';
}

export const isWhole = ({ uncovered }: UpdateVerdict): boolean => sizeOf(uncovered) === 0;

/** Whether something kept the verifier from seeing all that it had to see. */
export const isOpen = ({ faults }: UpdateVerdict): boolean => faults.length > 0;
