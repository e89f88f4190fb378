/** Keys and certificates of seals: what may sign, what may verify, and the chain from one to the other. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { identityOf } from '../codecs/formats/cms.ts';
import { keyId } from '../core/evidence/seal.ts';
import { UsageError } from '../lib/fault.ts';
import { safeText } from '../lib/text.ts';
import { readWhole } from '../lib/whole-file.ts';
import { KEY_FILE, readTrustedKey } from './trusted-key.ts';

const KINDS = 'assay seals with Ed25519 or ECDSA P-256';
const CHAIN = 8;

/** What kind of key it is, in words; undefined for the two that seal. */
function unfit(key: KeyObject): string | undefined {
  const kind = key.asymmetricKeyType;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (kind === 'ed25519' || (kind === 'ec' && curve === 'prime256v1')) return undefined;
  return kind === 'ec' ? `ECDSA on ${curve ?? 'another curve'}` : (kind ?? 'another kind').toUpperCase();
}

function suitable(path: string, key: KeyObject): KeyObject {
  const kind = unfit(key);
  if (kind !== undefined) throw new UsageError(`${path}: this is a key of ${kind}`, KINDS);
  return key;
}

/** The private key that seals, as PEM without a password. */
export function readSealingKey(path: string): KeyObject {
  const text = Buffer.from(readWhole(path, KEY_FILE)).toString('latin1');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text))
    throw new UsageError(`${path}: the key is encrypted`, 'openssl pkey -in KEY -out PLAIN takes the password off');
  if (!text.includes('PRIVATE KEY-----')) {
    const what = /-----BEGIN (PUBLIC KEY|CERTIFICATE)/.exec(text)?.[1];
    const told =
      what === undefined ? 'no private key in PEM' : what === 'CERTIFICATE' ? 'a certificate' : 'a public key';
    throw new UsageError(
      `${path}: this is ${told}`,
      'a seal is made with a private key: openssl genpkey -algorithm ed25519',
    );
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw new UsageError(`${path}: the private key cannot be read`, `PEM; ${KINDS}`);
  }
  return suitable(path, key);
}

/** The signer's certificate and those above it, as base64 of DER; the first must hold the key. */
export function readChain(path: string, key: KeyObject): readonly string[] {
  const text = Buffer.from(readWhole(path, KEY_FILE)).toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]{1,100000}-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new UsageError(`${path}: there is no certificate in PEM in it`);
  if (blocks.length > CHAIN) throw new UsageError(`${path}: it has more than ${CHAIN} certificates`);
  const chain = blocks.map((block) => certificateOf(block) ?? fail(path));
  if (chain[0] === undefined || keyId(chain[0].publicKey) !== keyId(key))
    throw new UsageError(`${path}: the first certificate is of another key`, 'the signer’s certificate comes first');
  const wrong = firstProblem(chain, new Date());
  if (wrong !== undefined) throw new UsageError(`${path}: ${wrong}`);
  return chain.map(({ raw }) => raw.toString('base64'));
}

/** Bits of the key usage (RFC 5280 §4.2.1.3). */
const SIGNING = 0xc0;
const ISSUING = 0x04;

/** A certificate that says what its key is for, and not for this. */
function misuse(certificate: X509Certificate, bits: number): string | undefined {
  let usage: number | undefined;
  try {
    ({ usage } = identityOf(certificate));
  } catch {
    return `a certificate cannot be read: ${nameOf(certificate)}`;
  }
  if (usage === undefined || (usage & bits) !== 0) return undefined;
  return `a certificate is not for ${bits === SIGNING ? 'signatures' : 'issuing others'}: ${nameOf(certificate)}`;
}

/** A date that cannot be read is no date on which it holds. */
function untimely(certificate: X509Certificate, at: Date): string | undefined {
  const { validFrom, validTo } = certificate;
  if (at >= new Date(validFrom) && at <= new Date(validTo)) return undefined;
  const why = at < new Date(validFrom) ? `not valid before ${validFrom}` : `valid until ${validTo}`;
  return `a certificate was not valid when it was sealed (${why}): ${nameOf(certificate)}`;
}

const fail = (path: string): never => {
  throw new UsageError(`${path}: a certificate in it is broken`);
};

function certificateOf(bytes: string | Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

export interface SealTrust {
  readonly key: KeyObject;
  readonly certificate?: X509Certificate;
}

/** The public key or certificate that a seal is verified with. */
export function readSealTrust(path: string): SealTrust {
  const { kind, bytes } = readTrustedKey(path);
  if (kind === 'certificate') {
    const certificate = new X509Certificate(Buffer.from(bytes));
    return { key: certificate.publicKey, certificate };
  }
  if (kind !== 'spki')
    throw new UsageError(`${path}: a ${kind} key verifies no seal`, `${KINDS}: PEM or DER, or a certificate`);
  return { key: suitable(path, createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' })) };
}

/** The key that the trust speaks for: its own, or that of the chain's first certificate where the chain ends at it. */
export function trustedKeyFor(
  trust: SealTrust,
  chain: readonly string[],
  keyid: string,
  at: string,
): { readonly key: KeyObject; readonly signer?: string } | string {
  const certificates = chain.slice(0, CHAIN).map((one) => certificateOf(Buffer.from(one, 'base64')));
  const [leaf] = certificates;
  const sealedAt = new Date(at);
  if (keyId(trust.key) === keyid) {
    // A bare key is trusted for what it is; a certificate for what it says.
    const own = trust.certificate;
    const wrong = own === undefined ? undefined : (misuse(own, SIGNING) ?? untimely(own, sealedAt));
    return wrong ?? { key: trust.key, ...(leaf === undefined ? {} : { signer: nameOf(leaf) }) };
  }
  if (trust.certificate === undefined || leaf === undefined) return 'it was made with another key';
  const path = [...certificates.filter((one) => one !== undefined), trust.certificate];
  const end = path.findIndex((one) => one.fingerprint256 === trust.certificate?.fingerprint256);
  const wrong = firstProblem(path.slice(0, end + 1), sealedAt) ?? chainProblem(path, trust.certificate);
  if (wrong !== undefined) return wrong;
  const kind = unfit(leaf.publicKey);
  if (kind !== undefined) return `its certificate holds a key of ${kind}`;
  return { key: leaf.publicKey, signer: nameOf(leaf) };
}

const firstProblem = (path: readonly X509Certificate[], at: Date): string | undefined =>
  path.flatMap((one, index) => misuse(one, index === 0 ? SIGNING : ISSUING) ?? untimely(one, at) ?? [])[0];

/** Each certificate must be issued by the next, up to the given one, which the chain may carry itself. */
function chainProblem(path: readonly X509Certificate[], top: X509Certificate): string | undefined {
  for (const [index, one] of path.entries()) {
    const above = path[index + 1];
    if (above === undefined || one.fingerprint256 === top.fingerprint256) return undefined;
    if (!above.ca || !one.checkIssued(above) || !one.verify(above.publicKey))
      return `its certificate was not issued by the given one: ${nameOf(one)}`;
  }
  return undefined;
}

const nameOf = ({ subject }: X509Certificate): string => safeText((subject ?? '').replaceAll('\n', ', '));
