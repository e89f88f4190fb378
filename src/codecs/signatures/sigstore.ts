/** Bundles of Sigstore (`cosign sign-blob`): a signature over the file; the log and the certificate of the moment are told, not followed. */
import type { X509Certificate } from 'node:crypto';
import { FaultError } from '../../lib/fault.ts';
import { certificateOf } from '../formats/cms.ts';
import type { Scheme } from './check.ts';
import { oneLine } from './cms.ts';
import type { Message } from './message.ts';
import { keyOfCertificate, type PublicKey } from './public-key.ts';
import { attribute, type Signed, type Trust } from './trust.ts';

interface Bundle {
  readonly signature: string;
  readonly certificate?: X509Certificate;
}

type Tree = { readonly [key: string]: unknown };
const at = (tree: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (node, key) => (typeof node === 'object' && node !== null ? (node as Tree)[key] : undefined),
    tree,
  );
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Of the form of the protobuf specifications, or of cosign's own before it; nothing for other JSON. */
export function sigstoreBundle(bytes: string): Bundle | undefined {
  if (!bytes.trimStart().startsWith('{')) return undefined;
  let tree: unknown;
  try {
    tree = JSON.parse(bytes);
  } catch {
    // What is no JSON is no bundle.
    return undefined;
  }
  const signature = text(at(tree, 'messageSignature', 'signature')) ?? text(at(tree, 'base64Signature'));
  if (signature === undefined) return undefined;
  const material = at(tree, 'verificationMaterial');
  const der =
    text(at(material, 'certificate', 'rawBytes')) ??
    text(at(material, 'x509CertificateChain', 'certificates', '0', 'rawBytes'));
  const pem = text(at(tree, 'cert'));
  const raw = der ?? (pem === undefined || pem.includes('BEGIN') ? pem : Buffer.from(pem, 'base64').toString('latin1'));
  return { signature, ...(raw === undefined ? {} : { certificate: certificateIn(raw, der !== undefined) }) };
}

const certificateIn = (raw: string, isDer: boolean): X509Certificate =>
  certificateOf(Buffer.from(raw, isDer ? 'base64' : 'latin1'));

const SCHEMES: readonly Scheme[] = [
  { algorithm: 'ECDSA', hash: 'sha256', encoding: 'der' },
  { algorithm: 'RSASSA-PKCS1-v1_5', hash: 'sha256' },
  { algorithm: 'Ed25519', hash: 'sha512' },
];
const KIND: { readonly [type: string]: Scheme['algorithm'] } = {
  EC: 'ECDSA',
  RSA: 'RSASSA-PKCS1-v1_5',
  Ed25519: 'Ed25519',
};

export async function sigstoreSignature(
  trust: Trust,
  { signature, certificate }: Bundle,
  message: Message,
): Promise<Signed> {
  const embedded: PublicKey | undefined = certificate === undefined ? undefined : keyOfCertificate(certificate);
  const schemes =
    embedded === undefined ? SCHEMES : SCHEMES.filter(({ algorithm }) => algorithm === KIND[embedded.type]);
  const bytes = Buffer.from(signature, 'base64');
  let first: Signed | undefined;
  for (const scheme of schemes) {
    const one = await attribute(trust, {
      scheme,
      message,
      signature: bytes,
      ...(embedded === undefined ? {} : { embedded }),
    });
    if (one.verifiedBy !== undefined || one.sampleKey !== undefined || one.outcome === 'refused') return one;
    first = first === undefined || one.outcome !== 'signer-unknown' ? one : first;
  }
  if (first === undefined) throw new FaultError('unsupported', 'a signature of another kind');
  const signer = certificate === undefined ? undefined : (certificate.subjectAltName ?? oneLine(certificate.subject));
  return signer === undefined ? first : { ...first, signer };
}
