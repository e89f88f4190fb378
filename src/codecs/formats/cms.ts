/** CMS signed data (RFC 5652) and PKCS #7: its parts, bounded and in DER only. What they are worth is `signatures/cms.ts`'s. */
import { X509Certificate } from 'node:crypto';
import { FaultError } from '../../lib/fault.ts';
import { type DerElement, derChild, derChildren, derWhole, oidOf, smallInteger, TAG } from './der.ts';

export interface CmsSigner {
  /** DER of issuer and serial number, or the subject key identifier. */
  readonly issuerAndSerial?: { readonly issuer: Buffer; readonly serial: Buffer };
  readonly keyIdentifier?: Buffer;
  readonly digest: string;
  readonly signatureOid: string;
  readonly signatureParameters?: DerElement;
  /** DER of the attributes as SET OF, which is what is signed; absent when the content is signed itself. */
  readonly signedAttributes?: Buffer;
  readonly attributes: ReadonlyMap<string, readonly DerElement[]>;
  /** Attributes that nothing signs: time stamps, further signatures. */
  readonly unsigned: ReadonlyMap<string, readonly DerElement[]>;
  readonly signature: Buffer;
}

export interface Cms {
  readonly contentType: string;
  /** The enclosed content: octets of an octet string, or the value of another type (Authenticode). */
  readonly content?: Buffer;
  readonly certificates: readonly X509Certificate[];
  readonly signers: readonly CmsSigner[];
}

export const OID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
} as const;

const MOST_BYTES = 4 << 20;
const MOST_CERTIFICATES = 64;
const MOST_SIGNERS = 16;

const HASHES: { readonly [oid: string]: string } = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** The name of a digest by its AlgorithmIdentifier. */
export function hashOf(algorithm: DerElement): string {
  const oid = oidOf(derChild(derChildren(algorithm), 0, TAG.oid));
  const hash = HASHES[oid];
  if (hash === undefined) throw new FaultError('unsupported', `the digest ${oid}`);
  return hash;
}

/** The content type alone: signed, enveloped, or what else. */
export function cmsType(bytes: Uint8Array): string | undefined {
  try {
    return oidOf(derChild(derChildren(derWhole(bytes, TAG.sequence)), 0, TAG.oid));
  } catch {
    // Foreign bytes that are no CMS have no type.
    return undefined;
  }
}

/** Throws FaultError: `malformed`, `encrypted` for enveloped data, `over-budget`. */
export function parseCms(bytes: Uint8Array): Cms {
  if (bytes.length > MOST_BYTES) throw new FaultError('over-budget', `a CMS of ${bytes.length} bytes`);
  const outer = derChildren(derWhole(bytes, TAG.sequence));
  const type = oidOf(derChild(outer, 0, TAG.oid));
  if (type === OID.envelopedData) throw new FaultError('encrypted', 'the CMS is encrypted');
  if (type !== OID.signedData || outer.length !== 2) throw new FaultError('malformed', 'no CMS signed data');
  const parts = derChildren(derWhole(derChild(outer, 1, 0xa0).value, TAG.sequence));
  const enclosed = derChildren(derChild(parts, 2, TAG.sequence));
  const certificates = parts.slice(3).filter(({ tag }) => tag === 0xa0);
  const signers = parts.at(-1);
  if (signers === undefined || signers.tag !== TAG.set || parts.length < 4)
    throw new FaultError('malformed', 'CMS without signers');
  const people = derChildren(signers);
  if (people.length > MOST_SIGNERS) throw new FaultError('over-budget', `a CMS with ${people.length} signers`);
  const content = contentOf(enclosed);
  return {
    contentType: oidOf(derChild(enclosed, 0, TAG.oid)),
    ...(content === undefined ? {} : { content }),
    certificates: certificates.flatMap(certificatesOf),
    signers: people.map(signerOf),
  };
}

function contentOf(enclosed: readonly DerElement[]): Buffer | undefined {
  const holder = enclosed[1];
  if (holder === undefined) return undefined;
  if (holder.tag !== 0xa0) throw new FaultError('malformed', 'CMS with a strange content');
  return derWhole(holder.value).value;
}

function certificatesOf(set: DerElement): X509Certificate[] {
  const all = derChildren(set).filter(({ tag }) => tag === TAG.sequence);
  if (all.length > MOST_CERTIFICATES) throw new FaultError('over-budget', `a CMS with ${all.length} certificates`);
  return all.map(({ whole }) => certificateOf(whole));
}

/** Throws FaultError for bytes that are no certificate. */
export function certificateOf(bytes: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch (error) {
    throw new FaultError('malformed', 'a certificate that cannot be read', { cause: error });
  }
}

function signerOf(element: DerElement): CmsSigner {
  const parts = derChildren(element);
  const sid = parts[1];
  if (sid === undefined) throw new FaultError('malformed', 'CMS signer without identifier');
  smallInteger(derChild(parts, 0, TAG.integer));
  const digest = hashOf(derChild(parts, 2, TAG.sequence));
  const signed = parts[3]?.tag === 0xa0 ? parts[3] : undefined;
  const rest = parts.slice(signed === undefined ? 3 : 4);
  const algorithm = derChildren(derChild(rest, 0, TAG.sequence));
  const signature = derChild(rest, 1, TAG.octets).value;
  const parameters = algorithm[1];
  return {
    ...identifierOf(sid),
    digest,
    signatureOid: oidOf(derChild(algorithm, 0, TAG.oid)),
    ...(parameters === undefined ? {} : { signatureParameters: parameters }),
    ...(signed === undefined
      ? {}
      : { signedAttributes: Buffer.concat([Buffer.from([TAG.set]), signed.whole.subarray(1)]) }),
    attributes: signed === undefined ? new Map() : attributesOf(signed),
    unsigned: unsignedOf(rest[2]),
    signature,
  };
}

function identifierOf(sid: DerElement): Pick<CmsSigner, 'issuerAndSerial' | 'keyIdentifier'> {
  if (sid.tag === 0x80) return { keyIdentifier: sid.value };
  const parts = derChildren(sid);
  const issuer = derChild(parts, 0, TAG.sequence).whole;
  return { issuerAndSerial: { issuer, serial: derChild(parts, 1, TAG.integer).value } };
}

/** An attribute that comes twice is an attack or a bug: neither is taken. */
function attributesOf(signed: DerElement): Map<string, readonly DerElement[]> {
  const found = new Map<string, readonly DerElement[]>();
  for (const attribute of derChildren(signed)) {
    const parts = derChildren(attribute);
    const type = oidOf(derChild(parts, 0, TAG.oid));
    if (found.has(type)) throw new FaultError('malformed', 'a signed attribute comes twice');
    found.set(type, derChildren(derChild(parts, 1, TAG.set)));
  }
  return found;
}

/** Nobody vouches for them: of one that comes twice all values count. */
function unsignedOf(element: DerElement | undefined): Map<string, readonly DerElement[]> {
  const found = new Map<string, readonly DerElement[]>();
  for (const attribute of element?.tag === 0xa1 ? derChildren(element) : []) {
    const parts = derChildren(attribute);
    const type = oidOf(derChild(parts, 0, TAG.oid));
    found.set(type, [...(found.get(type) ?? []), ...derChildren(derChild(parts, 1, TAG.set))]);
  }
  return found;
}

/** Issuer (DER) and serial number of a certificate, and its subject key identifier. */
export function identityOf(certificate: X509Certificate): {
  readonly issuer: Buffer;
  readonly serial: Buffer;
  readonly keyIdentifier?: Buffer;
  readonly usage?: number;
} {
  const parts = derChildren(derChild(derChildren(derWhole(certificate.raw, TAG.sequence)), 0, TAG.sequence));
  const at = parts[0]?.tag === 0xa0 ? 1 : 0;
  const extensions = parts.find(({ tag }) => tag === 0xa3);
  const found = extensions === undefined ? new Map<string, Buffer>() : extensionsOf(extensions);
  const identifier = found.get('2.5.29.14');
  const usage = found.get('2.5.29.15');
  return {
    serial: derChild(parts, at, TAG.integer).value,
    issuer: derChild(parts, at + 2, TAG.sequence).whole,
    ...(identifier === undefined ? {} : { keyIdentifier: derWhole(identifier, TAG.octets).value }),
    ...(usage === undefined ? {} : { usage: derWhole(usage, TAG.bits).value[1] ?? 0 }),
  };
}

function extensionsOf(holder: DerElement): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const extension of derChildren(derWhole(holder.value, TAG.sequence))) {
    const parts = derChildren(extension);
    const value = parts.at(-1);
    if (value?.tag === TAG.octets) found.set(oidOf(derChild(parts, 0, TAG.oid)), value.value);
  }
  return found;
}
