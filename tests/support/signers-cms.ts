/** Makes certificates and CMS signed data byte by byte, hostile ones too: what no tool would write can be written here. */
import { createHash, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { TrustedKey } from '../../src/core/model/verifier.ts';
import type { Pair } from './signers.ts';

/** DER with lengths of up to four bytes. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const short = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, content]);
}
export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
export const octetString = (bytes: Uint8Array): Buffer => der(4, bytes);
export const NULL = Buffer.from([5, 0]);

export function integer(value: number | Uint8Array): Buffer {
  if (value instanceof Uint8Array) {
    const first = value.findIndex((byte) => byte !== 0);
    const short = first === -1 ? Buffer.from([0]) : value.subarray(first);
    return der(2, (short[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), short);
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return integer(new Uint8Array(bytes));
}

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits: number[] = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift(0x80 | (left % 128));
    return digits;
  });
  return der(6, Buffer.from(bytes));
}

export const ID = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  rsa: '1.2.840.113549.1.1.1',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

const DIGEST: { readonly [hash: string]: string } = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const RSA_WITH: { readonly [hash: string]: string } = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};
const ECDSA_WITH: { readonly [hash: string]: string } = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};
const ED25519 = '1.3.101.112';

export const digestAlgorithm = (hash: string): Buffer => sequence(oid(DIGEST[hash] ?? hash), NULL);

export function signatureAlgorithm({ asymmetricKeyType: kind }: KeyObject, hash: string): Buffer {
  if (kind === 'rsa') return sequence(oid(RSA_WITH[hash] ?? ''), NULL);
  return sequence(oid(kind === 'ec' ? (ECDSA_WITH[hash] ?? '') : ED25519));
}
const signed = (bytes: Uint8Array, secret: KeyObject, hash: string): Buffer =>
  sign(secret.asymmetricKeyType === 'ed25519' ? null : hash, bytes, secret);

export interface Issued {
  readonly name: string;
  readonly pair: Pair;
  readonly bytes: Buffer;
  readonly trusted: TrustedKey;
  readonly serial: number;
  readonly issuer: string;
}

export interface CertificateOptions {
  readonly by?: Issued;
  readonly authority?: boolean;
  /** Bits of the first octet of key usage: 0x80 signs, 0x04 issues. */
  readonly usage?: number;
  readonly purposes?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly hash?: string;
  readonly serial?: number;
}

const nameOf = (text: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(text)))));
const time = (iso: string): Buffer => der(0x18, Buffer.from(`${iso.replaceAll('-', '')}000000Z`));

export function certificate(name: string, pair: Pair, options: CertificateOptions = {}): Issued {
  const { by, authority = false, from = '2020-01-01', until = '2060-01-01', hash = 'sha256' } = options;
  const { purposes, usage, serial = 1 + name.length } = options;
  const secret = by?.pair.secret ?? pair.secret;
  const algorithm = signatureAlgorithm(secret, hash);
  const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), octetString(value));
  const extensions = [
    extension('2.5.29.19', authority ? sequence(Buffer.from([1, 1, 0xff])) : sequence()),
    ...(usage === undefined ? [] : [extension('2.5.29.15', der(3, Buffer.from([0, usage])))]),
    ...(purposes === undefined ? [] : [extension('2.5.29.37', sequence(...purposes.map(oid)))]),
  ];
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    algorithm,
    nameOf(by?.name ?? name),
    sequence(time(from), time(until)),
    nameOf(name),
    pair.spki,
    der(0xa3, sequence(...extensions)),
  );
  const bytes = sequence(body, algorithm, der(3, Buffer.from([0]), signed(body, secret, hash)));
  const trusted = {
    name: `${name}.pem`,
    kind: 'certificate' as const,
    bytes: new Uint8Array(new X509Certificate(bytes).raw),
  };
  return { name, pair, bytes, trusted, serial, issuer: by?.name ?? name };
}

export interface CmsOptions {
  readonly hash?: string;
  /** Encloses the content; `type` is its content type. */
  readonly enclosed?: Uint8Array;
  readonly type?: string;
  /** Signs the content itself. */
  readonly bare?: boolean;
  /** Beside the signer's. */
  readonly chain?: readonly Issued[];
  /** In place of the algorithm that fits the key. */
  readonly algorithm?: Buffer;
  /** In place of the signature; gets what is to be signed. */
  readonly forge?: (message: Buffer) => Buffer;
  /** Further signed attributes. */
  readonly attributes?: readonly Buffer[];
  /** Unsigned attributes. */
  readonly unsigned?: readonly Buffer[];
  /** What is digested, where it is not the content (Authenticode leaves the outermost header out). */
  readonly digested?: Uint8Array;
}

export const attribute = (type: string, value: Buffer): Buffer => sequence(oid(type), set(value));

export function cms(content: Uint8Array, signer: Issued, options: CmsOptions = {}): Buffer {
  const { hash = 'sha256', type = ID.data, chain = [], attributes = [], unsigned = [], bare = false } = options;
  const digest = createHash(hash)
    .update(options.digested ?? content)
    .digest();
  const list = [
    attribute(ID.contentType, oid(type)),
    attribute(ID.messageDigest, octetString(digest)),
    ...attributes,
  ].sort(Buffer.compare);
  const message = bare ? Buffer.from(content) : set(...list);
  const { secret } = signer.pair;
  const signature = options.forge?.(message) ?? signed(message, secret, hash);
  const info = sequence(
    integer(1),
    sequence(nameOf(signer.issuer), integer(signer.serial)),
    digestAlgorithm(hash),
    ...(bare ? [] : [der(0xa0, ...list)]),
    options.algorithm ?? signatureAlgorithm(secret, hash),
    octetString(signature),
    ...(unsigned.length === 0 ? [] : [der(0xa1, ...unsigned)]),
  );
  const body = sequence(
    integer(1),
    set(digestAlgorithm(hash)),
    sequence(oid(type), ...(options.enclosed === undefined ? [] : [der(0xa0, options.enclosed)])),
    der(0xa0, signer.bytes, ...chain.map(({ bytes }) => bytes)),
    set(info),
  );
  return sequence(oid(ID.signedData), der(0xa0, body));
}
