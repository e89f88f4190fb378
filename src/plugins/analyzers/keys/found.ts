/** Finds private keys and certificates in one file, whatever it is. */

import { createPublicKey } from 'node:crypto';
import { isJks, jksKeys } from '../../../codecs/formats/jks.ts';
import { gnupgSecret, type OpenPgpKey, openpgpSecret } from '../../../codecs/formats/openpgp-key.ts';
import { MAX_BLOCKS, PEM_BEGIN, type PemBlock, pemBlocksAt } from '../../../codecs/formats/pem.ts';
import {
  DER_STARTS,
  derKeysAt,
  dropbearKey,
  fromDer,
  lockedDer,
  PASSPHRASES,
  type PrivateKey,
  privateKeyOf,
  puttyKey,
  toldOf,
} from '../../../codecs/formats/private-key.ts';
import { MOST_WIREGUARD, mayHoldWireguard, wireguardKeys } from '../../../codecs/formats/wireguard.ts';
import { type Certificate, readCertificate } from '../../../codecs/formats/x509.ts';
import { CERTIFICATE_WORDS, certificatesAt } from '../../../codecs/formats/x509-places.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';
import { placesOf } from '../../../core/model/places.ts';
import type { Blob } from '../../../lib/blob.ts';

/** Locked keys of one file on which passphrases are tried. */
const MAX_LOCKED = 20;
const MAX_BARE = 1 << 20;
/** A key of WireGuard in base 64. */
const SMALLEST = 44;

/** Files that may hold keys: everything with content that can be searched in one go. */
export const mayHoldKeys = (file: FileEntry): boolean =>
  file.type === 'file' && file.linkTo === undefined && file.size >= SMALLEST;

export type KeyInFile = Omit<PrivateKey, 'format'> & {
  readonly format: PrivateKey['format'] | 'openpgp' | 'wireguard' | 'jks' | 'pkcs12';
};

/** What both analyzers of the family look for. */
export const KEY_WORDS: readonly string[] = [PEM_BEGIN, ...DER_STARTS];

type Context = Pick<AnalyzerContext, 'places' | 'gap'>;
const cut = (message: string, context: Context): void => context.gap({ kind: 'over-budget', message });

/** The PEM blocks of a file: both analyzers of the family ask for them, and so does each kind of key. */
const known = new WeakMap<Blob, readonly PemBlock[]>();

export function pemIn(content: Blob, context: Context): readonly PemBlock[] {
  const places = placesOf(PEM_BEGIN, context, 'PEM blocks');
  const blocks = known.get(content) ?? pemBlocksAt(content, places);
  // Each analyzer leaves open what it would have told.
  if (blocks.length === MAX_BLOCKS) cut(`only the first ${MAX_BLOCKS} PEM blocks were read`, context);
  known.set(content, blocks);
  return blocks;
}

/** Private keys in a file. A structure that does not parse is none. */
export function keysIn(content: Blob, name: string, context: Context): readonly KeyInFile[] {
  const small = content.size <= MAX_BARE;
  const bytes = small ? content.read(0, content.size) : new Uint8Array(0);
  const bare = small
    ? whole(bytes, Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)))
    : undefined;
  if (bare !== undefined) return [bare];
  if (isJks(bytes)) return javaKeys(bytes);
  if (!small) tellLargeStore(content.read(0, 64), context);
  let locked = 0;
  const found: KeyInFile[] = pemIn(content, context)
    .map((block) => {
      if (block.label === 'PGP PRIVATE KEY BLOCK') return openpgp(openpgpSecret(block.der), block.offset);
      if (block.encrypted || block.label.startsWith('ENCRYPTED')) locked += 1;
      return privateKeyOf(block, locked <= MAX_LOCKED);
    })
    .filter((key) => key !== undefined);
  const seen = new Set(found.map(({ spki }) => spki));
  for (const key of bareKeys(content, context)) if (!seen.has(key.spki)) found.push(key);
  if (small && mayHoldWireguard(name)) {
    const keys = wireguard(bytes, name);
    if (keys.length === MOST_WIREGUARD) cut(`only the first ${MOST_WIREGUARD} keys of WireGuard were read`, context);
    found.push(...keys);
  }
  return found;
}

function tellLargeStore(start: Uint8Array, context: Context): void {
  if (isJks(start) || isPkcs12(Buffer.from(start)))
    cut(`a key store of more than ${MAX_BARE >> 20} MiB was not opened`, context);
}

function bareKeys(content: Blob, context: Context): readonly KeyInFile[] {
  return DER_STARTS.flatMap((start) => {
    const { keys, more } = derKeysAt(content, placesOf(start, context, 'DER keys'));
    if (more) cut('more places look like a key than were tried', context);
    return keys;
  });
}

const openpgp = (key: OpenPgpKey | undefined, offset: number): KeyInFile | undefined =>
  key === undefined ? undefined : { format: 'openpgp', ...key, offset };

/** Files that are one key from their first byte on. */
function whole(bytes: Uint8Array, start: Buffer): KeyInFile | undefined {
  const text = start.toString('latin1');
  if (start[0] === 0 && text.startsWith('\0\0\0')) return dropbearKey(bytes);
  if (text.startsWith('PuTTY-User-Key-File-')) return puttyKey(Buffer.from(bytes).toString('latin1'));
  const pgp = openpgpSecret(bytes) ?? gnupgIn(bytes);
  if (pgp !== undefined) return openpgp(pgp, 0);
  const locked = lockedDer(bytes);
  if (locked !== undefined) return locked;
  if (isPkcs12(start)) return { format: 'pkcs12', type: 'other', bits: 0, encrypted: true, offset: 0 };
  return undefined;
}

/** Its word for what it is stands near the start: nearly no file has it. */
function gnupgIn(bytes: Uint8Array): OpenPgpKey | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 8192));
  return head.subarray(0, 512).includes('private-key') ? gnupgSecret(head.toString('latin1')) : undefined;
}

/** The likeliest first: guesses at newer stores are few. */
const OF_JAVA = [...new Set(['changeit', 'password', 'changeme', ...PASSPHRASES])];

/** The private keys of a Java key store; a store of certificates only has none. */
function javaKeys(bytes: Uint8Array): readonly KeyInFile[] {
  return jksKeys(bytes, OF_JAVA).map(({ key, passphrase, certificate, untried }) => {
    const open = key === undefined ? undefined : fromDer(key);
    const outside = certificate === undefined ? undefined : readable(certificate);
    return {
      format: 'jks' as const,
      ...(open === undefined ? toldBy(outside) : toldOf(createPublicKey(open))),
      encrypted: true,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(untried === undefined ? {} : { untried }),
      offset: 0,
    };
  });
}

/** What a certificate says of the key that belongs to it. */
const toldBy = (outside: Certificate | undefined): Pick<KeyInFile, 'type' | 'bits' | 'spki'> =>
  outside === undefined
    ? { type: 'other', bits: 0 }
    : { type: outside.keyType as KeyInFile['type'], bits: outside.keyBits, spki: outside.spki };

/** What passwords of the list open of a PKCS#12 file; its keys in place of the closed one. */
export async function openedStore(content: Blob, closed: KeyInFile): Promise<readonly KeyInFile[]> {
  const { openPkcs12 } = await import('../../../codecs/formats/pkcs12.ts');
  const store = openPkcs12(content.read(0, content.size), PASSPHRASES);
  if (store === 'costly') return [{ ...closed, untried: true }];
  if (store === undefined) return [closed];
  return store.keys.map((der) => {
    const key = fromDer(der);
    const told = key === undefined ? { type: 'other' as const, bits: 0 } : toldOf(createPublicKey(key));
    return { ...closed, ...told, passphrase: store.passphrase };
  });
}

/** PFX: a SEQUENCE with version 3 and a SEQUENCE that begins with the OID of PKCS#7 data (RFC 7292 §4). */
function isPkcs12(start: Buffer): boolean {
  const version = Buffer.from([2, 1, 3, 0x30]);
  const data = Buffer.from([6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
  return start[0] === 0x30 && start.indexOf(version) >= 2 && start.indexOf(version) <= 6 && start.includes(data);
}

const wireguard = (bytes: Uint8Array, name: string): readonly KeyInFile[] =>
  wireguardKeys(Buffer.from(bytes).toString('latin1'), name).map(({ key, offset }) => ({
    format: 'wireguard',
    encrypted: false,
    offset,
    ...toldOf(createPublicKey(key)),
  }));

/** Certificates in a file. */
export function certificatesIn(content: Blob, context: Context): readonly Certificate[] {
  const found: Certificate[] = [];
  for (const { label, der } of pemIn(content, context)) {
    if (label !== 'CERTIFICATE' && label !== 'X509 CERTIFICATE' && label !== 'TRUSTED CERTIFICATE') continue;
    const certificate = readable(der);
    if (certificate !== undefined) found.push(certificate);
  }
  const seen = new Set(found.map(({ sha256 }) => sha256));
  for (const one of bareCertificates(content, context)) {
    if (!seen.has(one.sha256)) found.push(one);
    seen.add(one.sha256);
  }
  return found;
}

const bareCertificates = (content: Blob, context: Context): readonly Certificate[] =>
  CERTIFICATE_WORDS.flatMap((word) => {
    const { found, more } = certificatesAt(content, placesOf(word, context, 'certificates'));
    if (more) cut('more places look like a certificate than were tried', context);
    return found;
  });

function readable(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der);
  } catch {
    return undefined;
  }
}
