/** Reads private keys in the forms that images hold; a key counts only when it parses, never by its marker. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Blob } from '../../lib/blob.ts';
import { type DerElement, derAt, derChildren, smallInteger, TAG } from './der.ts';
import { type PemBlock, pemBlocks } from './pem.ts';
import { publicKeyOf, SshFields } from './ssh-blob.ts';

export type KeyFormat = 'pkcs1' | 'pkcs8' | 'sec1' | 'openssh' | 'dropbear' | 'putty' | 'openpgp' | 'der' | 'other';
export type PrivateKeyType = 'RSA' | 'EC' | 'Ed25519' | 'Ed448' | 'X25519' | 'DSA' | 'DH' | 'other';

export interface PrivateKey {
  readonly format: KeyFormat;
  readonly type: PrivateKeyType;
  /** 0 where it is not known. */
  readonly bits: number;
  readonly curve?: string;
  /** Hex SHA-256 of the public half as SPKI. */
  readonly spki?: string;
  readonly encrypted: boolean;
  readonly passphrase?: string;
  /** One guess would cost more than is right for a stranger's file: no passphrase was tried. */
  readonly untried?: boolean;
  readonly offset: number;
  /** RSA only. */
  readonly modulus?: bigint;
  readonly exponent?: number;
}

type Told = Omit<PrivateKey, 'format' | 'encrypted' | 'offset' | 'passphrase' | 'untried'>;

const CURVE_BITS: { readonly [name: string]: number } = { prime256v1: 256, prime192v1: 192 };
/** What encrypted keys of sample code and SDKs are locked with. */
export const PASSPHRASES = [
  '',
  'password',
  'changeit',
  'secret',
  'test',
  '1234',
  '123456',
  'admin',
  'passw0rd',
  'mypassword',
  'default',
  'foobar',
  'changeme',
  'android',
  '12345678',
  'storepass',
  'keypass',
  'root',
  'server',
  'client',
  'openssl',
];

/** What is known of a key by its public half. */
export function toldOf(key: KeyObject): Told {
  const spki = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const details = key.asymmetricKeyDetails ?? {};
  // The types of Node leave out dh.
  switch (key.asymmetricKeyType as string | undefined) {
    case 'rsa':
    case 'rsa-pss': {
      const exponent = Number(details.publicExponent ?? 0n);
      return { type: 'RSA', bits: details.modulusLength ?? 0, spki, exponent, modulus: modulusOf(key) };
    }
    case 'ec': {
      const curve = details.namedCurve ?? '';
      return { type: 'EC', bits: CURVE_BITS[curve] ?? Number(/\d{3}/.exec(curve)?.[0] ?? 0), curve, spki };
    }
    case 'ed25519':
      return { type: 'Ed25519', bits: 256, spki };
    case 'ed448':
      return { type: 'Ed448', bits: 456, spki };
    case 'x25519':
      return { type: 'X25519', bits: 256, spki };
    case 'dsa':
      return { type: 'DSA', bits: details.modulusLength ?? 0, spki };
    case 'dh':
      return { type: 'DH', bits: 0, spki };
    default:
      return { type: 'other', bits: 0, spki };
  }
}

/** `SEQUENCE { algorithm, BIT STRING { SEQUENCE { n, e } } }`: keys for PSS have no JWK. */
function modulusOf(key: KeyObject): bigint {
  const [, bits] = derChildren(derAt(key.export({ type: 'spki', format: 'der' })));
  const [modulus] = derChildren(derAt(bits!.value.subarray(1)));
  return BigInt(`0x${modulus!.value.toString('hex')}`);
}

const LABELS: { readonly [label: string]: KeyFormat } = {
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
  'DSA PRIVATE KEY': 'other',
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'pkcs8',
};

/** The key of a PEM block; undefined when it is none or does not parse. */
export function privateKeyOf(block: PemBlock, mayTry = true): PrivateKey | undefined {
  if (block.label === 'OPENSSH PRIVATE KEY') return opensshKey(block.der, block.offset);
  if (block.label === 'PGP PRIVATE KEY BLOCK') return undefined;
  const format = LABELS[block.label];
  if (format === undefined) return undefined;
  const encrypted = block.encrypted || block.label === 'ENCRYPTED PRIVATE KEY';
  if (!encrypted) {
    const key = attempt(() => createPrivateKey({ key: block.text, format: 'pem' })) ?? fromDer(block.der);
    return key === undefined ? undefined : { format, encrypted, offset: block.offset, ...toldOf(createPublicKey(key)) };
  }
  const untried = !mayTry || isCostly(block.der);
  for (const passphrase of untried ? [] : PASSPHRASES) {
    const key = attempt(() => createPrivateKey({ key: block.text, format: 'pem', passphrase }));
    if (key !== undefined)
      return { format, encrypted, passphrase, offset: block.offset, ...toldOf(createPublicKey(key)) };
  }
  // An encrypted body is at least as long as the smallest key; its structure can not be shown to be one.
  const type = block.label.startsWith('RSA')
    ? 'RSA'
    : block.label.startsWith('EC ')
      ? 'EC'
      : block.label.startsWith('DSA')
        ? 'DSA'
        : 'other';
  const locked = { format, type, bits: 0, encrypted, offset: block.offset } as const;
  return block.der.length < 48 ? undefined : { ...locked, ...(untried ? { untried } : {}) };
}

/** PBES2 (RFC 8018) and the schemes of PKCS#5 and PKCS#12, by what their OIDs begin with. */
const PBES = [Buffer.from('2a864886f70d0105', 'hex'), Buffer.from('2a864886f70d010c01', 'hex')];

/** A file that is one EncryptedPrivateKeyInfo (RFC 5958 §3) in DER: what PEM calls ENCRYPTED PRIVATE KEY. */
export function lockedDer(bytes: Uint8Array): PrivateKey | undefined {
  if (bytes[0] !== TAG.sequence) return undefined;
  const der = attempt(() => derAt(bytes).whole);
  const [algorithm, octets, ...more] = der === undefined ? [] : (attempt(() => derChildren(derAt(der))) ?? []);
  if (der === undefined || algorithm?.tag !== TAG.sequence || octets?.tag !== TAG.octets || more.length > 0)
    return undefined;
  const oid = attempt(() => derChildren(algorithm)[0]);
  if (oid?.tag !== TAG.oid || !PBES.some((start) => start.equals(oid.value.subarray(0, start.length))))
    return undefined;
  const label = 'ENCRYPTED PRIVATE KEY';
  const body = der.toString('base64').replace(/.{64}/g, '$&\n');
  const text = `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
  return privateKeyOf({ label, der, encrypted: true, offset: 0, text });
}

const MAX_ROUNDS = 300_000;

/** Whether the parameters of a key derivation (PBKDF2's rounds, scrypt's N, of PBES1 or 2 and PKCS#12) ask for too much work. */
export function isCostly(der: Uint8Array): boolean {
  return attempt(() => mostRounds(derChildren(derAt(der))[0], 0) > MAX_ROUNDS) ?? false;
}

/** The largest INTEGER in an algorithm identifier and what it nests. */
function mostRounds(element: DerElement | undefined, depth: number): number {
  if (element === undefined || depth > 6) return 0;
  if (element.tag === TAG.integer) return element.value.length > 5 ? Number.POSITIVE_INFINITY : smallInteger(element);
  if (element.tag !== TAG.sequence) return 0;
  return Math.max(0, ...derChildren(element).map((child) => mostRounds(child, depth + 1)));
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** A bare PKCS#8, PKCS#1 or SEC 1 structure. */
export function fromDer(der: Uint8Array): KeyObject | undefined {
  const key = Buffer.from(der.buffer, der.byteOffset, der.length);
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    const made = attempt(() => createPrivateKey({ key, format: 'der', type }));
    if (made !== undefined) return made;
  }
  return undefined;
}

/** `openssh-key-v1`: the public half stands in clear, whatever the private one is locked with (PROTOCOL.key). */
function opensshKey(bytes: Uint8Array, offset: number): PrivateKey | undefined {
  const magic = 'openssh-key-v1\0';
  if (Buffer.from(bytes.subarray(0, magic.length)).toString('latin1') !== magic) return undefined;
  const fields = new SshFields(bytes, magic.length);
  const cipher = fields.text();
  fields.field();
  fields.field();
  if (cipher === undefined || fields.number() !== 1) return undefined;
  const blob = fields.field();
  const secret = fields.field();
  if (blob === undefined || secret === undefined || secret.length < 16) return undefined;
  const encrypted = cipher !== 'none';
  if (!encrypted && secret.readUInt32BE(0) !== secret.readUInt32BE(4)) return undefined;
  const told = toldOfBlob(blob);
  return told === undefined ? undefined : { format: 'openssh', encrypted, offset, ...told };
}

function toldOfBlob(blob: Uint8Array): Told | undefined {
  const key = publicKeyOf(blob);
  if (key !== undefined) return toldOf(key);
  const fields = new SshFields(blob);
  const type = fields.text();
  // PuTTY's; OpenSSH and Dropbear make none.
  if (type === 'ssh-ed448') return { type: 'Ed448', bits: 456 };
  if (type !== 'ssh-dss') return undefined;
  const prime = fields.field();
  return prime === undefined ? undefined : { type: 'DSA', bits: Math.max(0, prime.length - 1) * 8 };
}

/** Dropbear's host keys: the public fields, then the private ones, in SSH's wire form without any header. */
export function dropbearKey(bytes: Uint8Array): PrivateKey | undefined {
  const fields = new SshFields(bytes);
  const type = fields.text() ?? '';
  if (!/^(ssh-rsa|ssh-dss|ecdsa-sha2-nistp\d{3}|ssh-ed25519)$/.test(type)) return undefined;
  if (type === 'ssh-ed25519') {
    // One field: 32 bytes of seed, 32 of the public point.
    const both = fields.field();
    if (both?.length !== 64) return undefined;
    const told = toldOfBlob(wire(type, both.subarray(32)));
    return told === undefined ? undefined : { format: 'dropbear', encrypted: false, offset: 0, ...told };
  }
  const [first, second, third] = [fields.field(), fields.field(), fields.field()];
  // A public key alone ends here: its private exponent is what makes it a private key.
  if (first === undefined || second === undefined || third === undefined || third.length < 16) return undefined;
  const told = toldOfBlob(wire(type, first, second));
  return told === undefined ? undefined : { format: 'dropbear', encrypted: false, offset: 0, ...told };
}

function wire(type: string, ...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    [Buffer.from(type), ...fields].flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
}

/** PuTTY's `.ppk`, versions 2 and 3. */
export function puttyKey(text: string): PrivateKey | undefined {
  if (!/^PuTTY-User-Key-File-[23]: /.test(text)) return undefined;
  const lines = text.split(/\r?\n/).slice(0, 500);
  const after = (name: string): string =>
    lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
  const count = Math.min(Number(after('Public-Lines')) || 0, 100);
  const start = lines.findIndex((line) => line.startsWith('Public-Lines: ')) + 1;
  const told = toldOfBlob(Buffer.from(lines.slice(start, start + count).join(''), 'base64'));
  return told === undefined
    ? undefined
    : { format: 'putty', encrypted: after('Encryption') !== 'none', offset: 0, ...told };
}

const MAX_TRIES = 1000;
/** What follows SEQUENCE and its length in PKCS#1 (version 0, a long INTEGER) and PKCS#8 (version 0, an algorithm). */
export const DER_STARTS: readonly string[] = [
  '\x02\x01\x00\x02\x82',
  '\x02\x01\x00\x02\x81',
  '\x02\x01\x00\x30',
  // SEC 1: version 1, then the private number as octets.
  '\x02\x01\x01\x04',
];

/** DER keys at the places of one of `DER_STARTS`, each proved by parsing it; whether more places look like a key than were tried. */
export function derKeysAt(
  content: Blob,
  places: Iterable<number>,
): { readonly keys: readonly PrivateKey[]; readonly more: boolean } {
  const keys: PrivateKey[] = [];
  let tries = 0;
  for (const at of places) {
    const sequence = sequenceBefore(content, at);
    if (sequence === undefined) continue;
    const bytes = content.read(sequence.from, sequence.to - sequence.from);
    const der = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (!isShaped(der)) continue;
    tries += 1;
    if (tries > MAX_TRIES) return { keys, more: true };
    const key = fromDer(der);
    if (key === undefined) continue;
    keys.push({ format: 'der', encrypted: false, offset: sequence.from, ...toldOf(createPublicKey(key)) });
  }
  return { keys, more: false };
}

/** Whether the elements are those of PKCS#1 (nine INTEGERs) or PKCS#8 (INTEGER, SEQUENCE, OCTET STRING …) or SEC 1 (INTEGER, OCTET STRING, [0] …): cheaper than to parse the key. */
function isShaped(der: Buffer): boolean {
  const tags: number[] = [];
  let at = der[1]! < 0x80 ? 2 : 2 + (der[1]! & 0x7f);
  while (at + 2 <= der.length && tags.length < 16) {
    const first = der[at + 1]!;
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (count > 2 || at + 2 + count > der.length) return false;
    tags.push(der[at]!);
    at += 2 + count + (count === 0 ? first : der.readUIntBE(at + 2, count));
  }
  if (at > der.length) return false;
  const pkcs8 = tags[1] === TAG.sequence && tags[2] === TAG.octets;
  // SEC 1 with its curve: without one it says nothing that could be checked.
  const sec1 = tags[1] === TAG.octets && tags[2] === 0xa0;
  return pkcs8 || sec1 || (tags.length >= 9 && tags.slice(0, 9).every((tag) => tag === TAG.integer));
}

/** The SEQUENCE whose content begins at `at`, if its length fits a key and the bytes there are. */
function sequenceBefore(content: Blob, at: number): { readonly from: number; readonly to: number } | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = [
    ...new Uint8Array(Math.max(0, 4 - at)),
    ...content.read(Math.max(0, at - 4), Math.min(4, at)),
  ];
  const forms: readonly (readonly [number, number])[] = [
    [4, a === 0x30 && b === 0x82 ? (c << 8) | d : 0],
    [3, b === 0x30 && c === 0x81 ? d : 0],
    [2, c === 0x30 && d < 0x80 ? d : 0],
  ];
  const form = forms.find(([, length]) => length >= 40 && length <= 8192 && at + length <= content.size);
  return form === undefined ? undefined : { from: at - form[0], to: at + form[1] };
}

/** Every private key in PEM form, with those PEM blocks that only say that they are one left out. */
export const pemKeys = (bytes: Uint8Array): readonly PrivateKey[] =>
  pemBlocks(bytes)
    .map((block) => privateKeyOf(block))
    .filter((key) => key !== undefined);
