/** What the signers of a CMS are worth: signature, signed attributes, and the chain to a given key or certificate. */
import type { X509Certificate } from 'node:crypto';
import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type Cms, type CmsSigner, certificateOf, hashOf, identityOf, OID } from '../formats/cms.ts';
import { type DerElement, derChildren, derWhole, oidOf, smallInteger, TAG } from '../formats/der.ts';
import { check, notByNumbers, type Scheme } from './check.ts';
import { type Message, messageOf } from './message.ts';
import { keyOfCertificate, type PublicKey, publicKey } from './public-key.ts';
import { revocation } from './revocation.ts';
import { type CertificateSeen, hashTitle, keyFacts, orBroken, type Signed, type Trust } from './trust.ts';

const MOST_CHAIN = 16;
/** Extended key usages that sign software or mail (RFC 5280, 4.2.1.12), and any. */
const PURPOSES = ['1.3.6.1.5.5.7.3.3', '1.3.6.1.5.5.7.3.4', '2.5.29.37.0'];

/** `anyPurpose` asks for no extended purpose; `purposes` are those to ask for in place of signing software or mail. */
export interface Asked {
  readonly anyPurpose?: boolean;
  readonly purposes?: readonly string[];
}

/** One entry for each signer. `content` is what was signed: the enclosed content, or what the CMS stands beside. */
export async function cmsSignatures(
  trust: Trust,
  cms: Cms,
  content: Message,
  asked: Asked = {},
): Promise<readonly Signed[]> {
  const found: Signed[] = [];
  for (const signer of cms.signers)
    found.push(await orBroken('CMS', () => signerOf(trust, { cms, signer, content, asked })));
  return found;
}

interface Signing {
  readonly asked: Asked;
  readonly cms: Cms;
  readonly signer: CmsSigner;
  readonly content: Message;
}

async function signerOf(trust: Trust, signing: Signing): Promise<Signed> {
  const { cms, signer, asked } = signing;
  const given = trust.keys.filter(({ kind }) => kind === 'certificate').map(({ bytes }) => certificateOf(bytes));
  const certificate = [...cms.certificates, ...given].find((one) => isSigner(one, signer));
  const candidates = certificate === undefined ? trustedKeys(trust) : [keyOfCertificate(certificate)];
  const first = candidates[0];
  if (first === undefined)
    return {
      algorithm: 'CMS',
      hash: hashTitle(signer.digest),
      outcome: 'signer-unknown',
      message: 'its certificate is not in it, and no key was given',
    };
  const scheme = schemeOf(signer, first);
  const base = { algorithm: scheme.algorithm, hash: hashTitle(scheme.hash) };
  const digest = await attributesHold(signing);
  if (digest !== undefined) return { ...base, ...keyFacts(first), outcome: 'broken', message: digest };
  const message = signer.signedAttributes === undefined ? signing.content : inMemory(signer.signedAttributes);
  for (const key of candidates) {
    const checked = await check(scheme, key, message, signer.signature, trust.signal);
    if (checked.outcome === 'refused') return { ...base, ...keyFacts(key), outcome: 'refused', message: checked.why };
    if (checked.outcome === 'good')
      return { ...base, ...keyFacts(key), ...heldBy(trust, cms.certificates, key, certificate, asked) };
  }
  const outcome = certificate === undefined ? 'wrong-key' : 'broken';
  return { ...base, ...keyFacts(first), outcome, message: 'the signature does not hold' };
}

const inMemory = (bytes: Uint8Array): Message => messageOf(memoryBlob(bytes), [{ start: 0, end: bytes.length }]);

const trustedKeys = (trust: Trust): readonly PublicKey[] =>
  trust.keys.filter(({ kind }) => kind === 'spki').map(({ bytes }) => publicKey(bytes));

function isSigner(certificate: X509Certificate, signer: CmsSigner): boolean {
  const identity = identityOf(certificate);
  const { issuerAndSerial, keyIdentifier } = signer;
  if (keyIdentifier !== undefined) return identity.keyIdentifier?.equals(keyIdentifier) ?? false;
  return (
    issuerAndSerial !== undefined &&
    identity.issuer.equals(issuerAndSerial.issuer) &&
    identity.serial.equals(issuerAndSerial.serial)
  );
}

/** Why the signed attributes do not speak for the content (RFC 5652, 5.4 and 11); nothing when they do. */
async function attributesHold({ cms, signer, content }: Signing): Promise<string | undefined> {
  if (signer.signedAttributes === undefined) {
    if (cms.contentType !== OID.data) return 'content of a type of its own without signed attributes';
    // A set of attributes that is signed as content could be passed off as attributes (RFC 9629, 8).
    const [head] = content.chunks();
    return head?.[0] === TAG.set ? 'the content could be signed attributes of something else' : undefined;
  }
  const type = only(signer.attributes.get(OID.contentType));
  if (type === undefined || oidOf(type) !== cms.contentType) return 'the signed content type is another';
  const stated = only(signer.attributes.get(OID.messageDigest));
  if (stated?.tag !== TAG.octets) return 'no signed digest';
  return stated.value.equals(await content.digest(signer.digest)) ? undefined : 'the content is not what was signed';
}

const only = (values: readonly DerElement[] | undefined): DerElement | undefined =>
  values?.length === 1 ? values[0] : undefined;

const RSA: { readonly [oid: string]: string | undefined } = {
  '1.2.840.113549.1.1.1': undefined,
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.113549.1.1.14': 'sha224',
};
const ECDSA: { readonly [oid: string]: string | undefined } = {
  '1.2.840.10045.2.1': undefined,
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};
const PSS = '1.2.840.113549.1.1.10';
const ED25519 = '1.3.101.112';

/** The scheme that the signer states; its digest must be the one that the attributes use, its kind that of the key. */
function schemeOf(signer: CmsSigner, key: PublicKey): Scheme {
  const { signatureOid: oid, digest } = signer;
  const scheme = statedScheme(signer);
  if (scheme === undefined) throw new FaultError('unsupported', `the signature algorithm ${oid}`);
  if (scheme.algorithm !== 'Ed25519' && scheme.hash !== digest)
    throw new FaultError('malformed', `the signature states ${scheme.hash}, the signer ${digest}`);
  const kind = scheme.algorithm === 'ECDSA' ? 'EC' : scheme.algorithm === 'Ed25519' ? 'Ed25519' : 'RSA';
  if (kind !== key.type) throw new FaultError('malformed', `a signature for ${kind} with a key for ${key.type}`);
  return scheme;
}

function statedScheme({ signatureOid: oid, signatureParameters, digest }: CmsSigner): Scheme | undefined {
  if (oid in RSA) return { algorithm: 'RSASSA-PKCS1-v1_5', hash: RSA[oid] ?? digest };
  if (oid in ECDSA) return { algorithm: 'ECDSA', hash: ECDSA[oid] ?? digest, encoding: 'der' };
  if (oid === ED25519) return { algorithm: 'Ed25519', hash: 'sha512' };
  return oid === PSS ? pssOf(signatureParameters) : undefined;
}

/** RSASSA-PSS-params (RFC 4055, 3.1); what is absent means SHA-1 and 20 bytes of salt. */
function pssOf(parameters: DerElement | undefined): Scheme {
  let hash = 'sha1';
  let mgfHash = 'sha1';
  let saltLength = 20;
  for (const { tag, value } of parameters === undefined ? [] : derChildren(parameters)) {
    if (tag === 0xa0) hash = hashOf(derWhole(value));
    else if (tag === 0xa1) mgfHash = hashOf(derWhole(derChildren(derWhole(value))[1]?.whole ?? value));
    else if (tag === 0xa2) saltLength = smallInteger(derWhole(value));
  }
  return { algorithm: 'RSASSA-PSS', hash, mgfHash, saltLength };
}

/** The signature holds: by whom, going by what was given and by the certificates that came with it. */
export function heldBy(
  trust: Trust,
  certificates: readonly X509Certificate[],
  key: PublicKey,
  certificate: X509Certificate | undefined,
  options: Asked = {},
): Pick<Signed, 'outcome' | 'message' | 'verifiedBy' | 'sampleKey' | 'signer' | 'certificate'> {
  const sample = sampleIn(trust, key, certificate === undefined ? [] : [certificate, ...certificates]);
  const seen = certificate === undefined ? undefined : certificateSeen(certificate, trust.now);
  const told = {
    ...(sample === undefined ? {} : { sampleKey: sample }),
    ...(certificate === undefined ? {} : { signer: oneLine(certificate.subject) }),
    ...(seen === undefined ? {} : { certificate: seen }),
  };
  const pinned = trust.keys.find(({ kind, bytes }) => kind === 'spki' && publicKey(bytes).spki.equals(key.spki));
  if (pinned !== undefined)
    return { ...told, outcome: 'verified', verifiedBy: pinned.name, message: `verifies with ${pinned.name}` };
  const anchors = trust.keys.filter(({ kind }) => kind === 'certificate');
  if (certificate === undefined || anchors.length === 0) {
    const foreign = trust.keys.some(({ kind }) => kind === 'spki');
    if (sample !== undefined)
      return { ...told, outcome: 'signer-unknown', message: `made with a public sample key: ${sample}` };
    return foreign
      ? { ...told, outcome: 'wrong-key', message: 'made with another key than the given one' }
      : { ...told, outcome: 'signer-unknown', message: 'holds, but no given certificate tells by whom' };
  }
  return { ...told, ...chained(trust, certificates, certificate, options) };
}

function sampleIn(trust: Trust, key: PublicKey, certificates: readonly X509Certificate[]): string | undefined {
  const keys = [key.fingerprint, ...certificates.map((one) => keyOfCertificate(one).fingerprint)];
  for (const fingerprint of keys) {
    const name = trust.sampleKey(fingerprint);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** A chain of issuers to a given certificate: each signature, each validity, each right to sign. */
function chained(
  trust: Trust,
  certificates: readonly X509Certificate[],
  leaf: X509Certificate,
  asked: Asked,
): Pick<Signed, 'outcome' | 'message' | 'verifiedBy' | 'certificate'> {
  const anchors = trust.keys
    .filter(({ kind }) => kind === 'certificate')
    .map(({ name, bytes }) => ({ name, certificate: certificateOf(bytes) }));
  const seen = certificateSeen(leaf, trust.now);
  const refused = (why: string): ReturnType<typeof chained> => ({
    outcome: 'refused',
    message: why,
    certificate: { ...seen, valid: false, why },
  });
  const purpose = purposeOf(leaf, asked);
  if (purpose !== undefined) return refused(purpose);
  let at = leaf;
  for (let depth = 0; depth < MOST_CHAIN; depth++) {
    const late = certificateSeen(at, trust.now);
    if (!late.valid) return refused(`${oneLine(at.subject)}: ${late.why ?? 'not valid'}`);
    const anchor = anchors.find(({ certificate }) => certificate.fingerprint256 === at.fingerprint256);
    if (anchor !== undefined)
      return { outcome: 'verified', verifiedBy: anchor.name, message: `chains to ${anchor.name}` };
    const issuer = [...anchors.map(({ certificate }) => certificate), ...certificates].find(
      (one) => one.fingerprint256 !== at.fingerprint256 && issued(at, one),
    );
    if (issuer === undefined) break;
    const weak = keyOfCertificate(issuer).weak ?? weakSignature(at) ?? revocation(trust.keys, at, issuer, trust.now);
    if (weak !== undefined) return refused(weak);
    at = issuer;
  }
  return { outcome: 'wrong-key', message: 'holds, but its certificate does not chain to the given one' };
}

const CERT_SIGN = 0x04;
function issued(certificate: X509Certificate, by: X509Certificate): boolean {
  const { usage } = identityOf(by);
  if (!by.ca || (usage !== undefined && (usage & CERT_SIGN) === 0) || !certificate.checkIssued(by)) return false;
  try {
    return certificate.verify(by.publicKey);
  } catch (error) {
    return notByNumbers(error);
  }
}

function weakSignature(certificate: X509Certificate): string | undefined {
  const algorithm = derChildren(derWhole(certificate.raw))[1];
  const oid = algorithm === undefined ? '' : oidOf(derWhole(derChildren(algorithm)[0]?.whole ?? algorithm.whole));
  const hash = RSA[oid] ?? ECDSA[oid];
  return hash === 'md5' || hash === 'sha1' ? `a certificate signed over ${hash} can be forged` : undefined;
}

/** What the key may be used for is asked of every certificate. */
function purposeOf(leaf: X509Certificate, { anyPurpose = false, purposes: wanted }: Asked): string | undefined {
  const purposes = leaf.keyUsage as readonly string[] | undefined;
  const { usage } = identityOf(leaf);
  if (usage !== undefined && (usage & 0xc0) === 0) return 'the certificate is not for signatures';
  // A purpose of its own must be stated: a certificate without any is not for it.
  if (wanted !== undefined && purposes?.some((one) => wanted.includes(one)) !== true)
    return 'the certificate is not for this purpose';
  return wanted !== undefined || anyPurpose || purposes === undefined || purposes.some((one) => PURPOSES.includes(one))
    ? undefined
    : 'the certificate is not for signing software';
}

export const oneLine = (name: string): string => name.split('\n').reverse().join(', ');

export function certificateSeen(certificate: X509Certificate, now: Date): CertificateSeen {
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  // The parser keeps what is no date as it stands.
  const dated = !Number.isNaN(from.getTime()) && !Number.isNaN(to.getTime());
  const why = !dated ? 'its dates cannot be read' : now < from ? 'not yet valid' : now > to ? 'expired' : undefined;
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    notBefore: dated ? from.toISOString() : certificate.validFrom,
    notAfter: dated ? to.toISOString() : certificate.validTo,
    valid: why === undefined,
    ...(why === undefined ? {} : { why }),
  };
}
