/** X.509 certificates as they are told in facts: names, key, signature, validity, uses. RFC 5280. */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { FaultError } from '../../lib/fault.ts';

export type KeyType = 'RSA' | 'EC' | 'Ed25519' | 'Ed448' | 'DSA' | 'other';

export interface Certificate {
  readonly der: Uint8Array;
  /** `CN=…, O=…`, as written in the certificate. */
  readonly subject: string;
  readonly issuer: string;
  /** Hex. */
  readonly serial: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Lifetime in days. */
  readonly days: number;
  readonly keyType: KeyType;
  readonly keyBits: number;
  readonly curve?: string;
  /** RSA only; absent beyond 2^53. */
  readonly exponent?: number;
  readonly signatureAlgorithm: string;
  /** `none` for Ed25519 and Ed448. */
  readonly signatureHash: string;
  /** Hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly spki: string;
  /** Hex SHA-256 of the certificate. */
  readonly sha256: string;
  readonly selfSigned: boolean;
  readonly ca: boolean;
  /** DNS names and addresses of the subject alternative name. */
  readonly names: readonly string[];
  /** OIDs of the extended key usage; absent where there is none. */
  readonly purposes?: readonly string[];
  /** Node's own object, for verification. */
  readonly x509: X509Certificate;
}

const SIGNATURES: { readonly [oid: string]: readonly [string, string] } = {
  '1.2.840.113549.1.1.2': ['RSA-MD2', 'MD2'],
  '1.2.840.113549.1.1.3': ['RSA-MD4', 'MD4'],
  '1.2.840.113549.1.1.4': ['RSA-MD5', 'MD5'],
  '1.2.840.113549.1.1.5': ['RSA-SHA1', 'SHA-1'],
  '1.3.14.3.2.29': ['RSA-SHA1', 'SHA-1'],
  '1.2.840.113549.1.1.14': ['RSA-SHA224', 'SHA-224'],
  '1.2.840.113549.1.1.11': ['RSA-SHA256', 'SHA-256'],
  '1.2.840.113549.1.1.12': ['RSA-SHA384', 'SHA-384'],
  '1.2.840.113549.1.1.13': ['RSA-SHA512', 'SHA-512'],
  '1.2.840.113549.1.1.10': ['RSASSA-PSS', 'SHA-1'],
  '1.2.840.10045.4.1': ['ECDSA-SHA1', 'SHA-1'],
  '1.2.840.10045.4.3.1': ['ECDSA-SHA224', 'SHA-224'],
  '1.2.840.10045.4.3.2': ['ECDSA-SHA256', 'SHA-256'],
  '1.2.840.10045.4.3.3': ['ECDSA-SHA384', 'SHA-384'],
  '1.2.840.10045.4.3.4': ['ECDSA-SHA512', 'SHA-512'],
  '1.2.840.10040.4.3': ['DSA-SHA1', 'SHA-1'],
  '2.16.840.1.101.3.4.3.1': ['DSA-SHA224', 'SHA-224'],
  '2.16.840.1.101.3.4.3.2': ['DSA-SHA256', 'SHA-256'],
  '1.3.101.112': ['Ed25519', 'none'],
  '1.3.101.113': ['Ed448', 'none'],
};
const HASHES: { readonly [oid: string]: string } = {
  '1.3.14.3.2.26': 'SHA-1',
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
  '2.16.840.1.101.3.4.2.4': 'SHA-224',
};

/** Curve sizes where the name does not end in them. */
const CURVES: { readonly [name: string]: number } = {
  prime256v1: 256,
  prime192v1: 192,
  SM2: 256,
  wtls7: 160,
  wtls9: 160,
};

/** Reads DER or PEM. Throws FaultError `malformed`. */
export function readCertificate(bytes: Uint8Array | string): Certificate {
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(bytes);
  } catch (cause) {
    throw new FaultError('malformed', 'the certificate can not be read', { cause });
  }
  const der = new Uint8Array(x509.raw);
  const [notBefore, notAfter] = [instant(x509.validFrom), instant(x509.validTo)];
  const [signatureAlgorithm, signatureHash] = signatureOf(der);
  const purposes = x509.keyUsage as readonly string[] | undefined;
  return {
    der,
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    serial: x509.serialNumber.toLowerCase(),
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notAfter).toISOString(),
    days: Math.round((notAfter - notBefore) / 86_400_000),
    ...keyOf(x509),
    signatureAlgorithm,
    signatureHash,
    sha256: createHash('sha256').update(der).digest('hex'),
    selfSigned: isSelfSigned(x509),
    ca: x509.ca,
    names: namesOf(x509.subjectAltName),
    ...(purposes === undefined ? {} : { purposes }),
    x509,
  };
}

const oneLine = (name: string | undefined): string => (name ?? '').split('\n').join(', ').slice(0, 1024);

function instant(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new FaultError('malformed', 'the validity of the certificate can not be read');
  return time;
}

/** Verifies with its own key; a certificate whose algorithm OpenSSL refuses counts by its names alone. */
function isSelfSigned(x509: X509Certificate): boolean {
  if (x509.subject !== x509.issuer) return false;
  try {
    return x509.verify(x509.publicKey);
  } catch {
    return true;
  }
}

type KeyFacts = Pick<Certificate, 'keyType' | 'keyBits' | 'spki'> & {
  readonly curve?: string;
  readonly exponent?: number;
};

function keyOf(x509: X509Certificate): KeyFacts {
  let key: KeyObject;
  try {
    key = x509.publicKey;
  } catch {
    return { keyType: 'other', keyBits: 0, spki: createHash('sha256').update(spkiBytes(x509.raw)).digest('hex') };
  }
  const spki = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const details = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss': {
      const exponent = Number(details.publicExponent ?? 0n);
      const told = Number.isSafeInteger(exponent) ? { exponent } : {};
      return { keyType: 'RSA', keyBits: details.modulusLength ?? 0, spki, ...told };
    }
    case 'ec': {
      const curve = details.namedCurve ?? 'unknown';
      return { keyType: 'EC', keyBits: CURVES[curve] ?? Number(/\d{3}/.exec(curve)?.[0] ?? 0), curve, spki };
    }
    case 'ed25519':
      return { keyType: 'Ed25519', keyBits: 256, spki };
    case 'ed448':
      return { keyType: 'Ed448', keyBits: 456, spki };
    case 'dsa':
      return { keyType: 'DSA', keyBits: details.modulusLength ?? 0, spki };
    default:
      return { keyType: 'other', keyBits: 0, spki };
  }
}

/** `DNS:a, IP Address:1.2.3.4`; Node quotes names that hold odd characters as JSON. */
function namesOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(', ')
    .map((part) => /^(?:DNS|IP Address):"?([^"]*)"?$/.exec(part)?.[1] ?? '')
    .filter((name) => name !== '')
    .slice(0, 256);
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** One DER element at `at`; undefined beyond the bytes. */
export function derElement(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  let start = at + 2;
  let length = first;
  if (first > 0x80) {
    if (first > 0x84) return undefined;
    length = 0;
    for (let index = 0; index < first - 0x80; index += 1) length = length * 256 + (bytes[start + index] ?? 0);
    start += first - 0x80;
  }
  const end = start + length;
  return end > bytes.length ? undefined : { tag, start, end };
}

function oidText(bytes: Uint8Array): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of bytes.subarray(0, 64)) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      parts.push(value);
      value = 0;
    }
  }
  const first = parts[0] ?? 0;
  const head = first < 80 ? [Math.floor(first / 40), first % 40] : [2, first - 80];
  return [...head, ...parts.slice(1)].join('.');
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }. */
function signatureOf(der: Uint8Array): readonly [string, string] {
  const outer = derElement(der, 0);
  const tbs = outer === undefined ? undefined : derElement(der, outer.start);
  const algorithm = tbs === undefined ? undefined : derElement(der, tbs.end);
  const name = algorithm === undefined ? undefined : derElement(der, algorithm.start);
  if (algorithm === undefined || name === undefined || name.tag !== 6) return ['unknown', 'unknown'];
  const oid = oidText(der.subarray(name.start, name.end));
  const known = SIGNATURES[oid] ?? [oid, 'unknown'];
  return known[0] === 'RSASSA-PSS' ? [known[0], pssHash(der.subarray(name.end, algorithm.end)) ?? known[1]] : known;
}

/** RSASSA-PSS-params: hashAlgorithm is [0], SHA-1 where absent (RFC 4055 §3.1). */
function pssHash(parameters: Uint8Array): string | undefined {
  const sequence = derElement(parameters, 0);
  const tagged = sequence === undefined ? undefined : derElement(parameters, sequence.start);
  if (tagged === undefined || tagged.tag !== 0xa0) return undefined;
  const algorithm = derElement(parameters, tagged.start);
  const oid = algorithm === undefined ? undefined : derElement(parameters, algorithm.start);
  return oid === undefined ? undefined : HASHES[oidText(parameters.subarray(oid.start, oid.end))];
}

/** The SubjectPublicKeyInfo: the seventh element of the TBS certificate, the sixth where the version is left out. */
function spkiBytes(der: Uint8Array): Uint8Array {
  const outer = derElement(der, 0);
  const tbs = outer === undefined ? undefined : derElement(der, outer.start);
  let element = tbs === undefined ? undefined : derElement(der, tbs.start);
  let skip = element?.tag === 0xa0 ? 6 : 5;
  let begin = tbs?.start ?? 0;
  while (element !== undefined && skip > 0) {
    begin = element.end;
    element = derElement(der, begin);
    skip -= 1;
  }
  return element === undefined ? der : der.subarray(begin, element.end);
}
