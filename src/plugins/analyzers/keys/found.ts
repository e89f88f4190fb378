/** Finds private keys and certificates in one file, whatever it is. */
import { pemBlocks } from '../../../codecs/formats/pem.ts';
import { derKeys, dropbearKey, type PrivateKey, privateKeyOf, puttyKey } from '../../../codecs/formats/private-key.ts';
import { type Certificate, readCertificate } from '../../../codecs/formats/x509.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const MAX_SIZE = 64 << 20;
const MAX_BARE = 64 << 10;

/** Files that may hold keys: everything with content that can be searched in one go. */
export const mayHoldKeys = (file: FileEntry): boolean =>
  file.type === 'file' &&
  file.linkTo === undefined &&
  file.size >= 48 &&
  (file.size <= MAX_SIZE || file.root !== undefined);

export type KeyInFile = Omit<PrivateKey, 'format'> & {
  readonly format: PrivateKey['format'] | 'openpgp' | 'wireguard' | 'jks' | 'pkcs12';
};

/** The whole content; a file of a root file system that is too large becomes a gap. */
function searchable(content: Blob): Uint8Array {
  if (content.size > MAX_SIZE)
    throw new FaultError('over-budget', `the file is larger than ${MAX_SIZE >> 20} MiB and was not searched`);
  return content.read(0, content.size);
}

/** Private keys in a file. A structure that does not parse is none. */
export function keysIn(content: Blob, name: string): readonly KeyInFile[] {
  const bytes = searchable(content);
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  const bare = bytes.length <= MAX_BARE ? whole(bytes, start) : undefined;
  if (bare !== undefined) return [bare];
  const found: KeyInFile[] = pemBlocks(bytes)
    .map((block) => (block.label === 'PGP PRIVATE KEY BLOCK' ? openpgp(block.offset) : privateKeyOf(block)))
    .filter((key) => key !== undefined);
  const seen = new Set(found.map(({ spki }) => spki));
  for (const key of derKeys(bytes)) if (!seen.has(key.spki)) found.push(key);
  if (bytes.length <= MAX_BARE) found.push(...wireguard(bytes, name));
  return found;
}

const openpgp = (offset: number): KeyInFile => ({
  format: 'openpgp',
  type: 'other',
  bits: 0,
  encrypted: false,
  offset,
});

/** Files that are one key from their first byte on. */
function whole(bytes: Uint8Array, start: Buffer): KeyInFile | undefined {
  const text = start.toString('latin1');
  if (start[0] === 0 && text.startsWith('\0\0\0')) return dropbearKey(bytes);
  if (text.startsWith('PuTTY-User-Key-File-')) return puttyKey(Buffer.from(bytes).toString('latin1'));
  if (start.length >= 12 && start.readUInt32BE(0) === 0xfeedfeed && start.readUInt32BE(8) > 0) return keystore(start);
  if (isPkcs12(start)) return { format: 'pkcs12', type: 'other', bits: 0, encrypted: true, offset: 0 };
  return undefined;
}

/** Java's key store with a private key as its first entry (tag 1); one of certificates only is a trust store. */
const keystore = (start: Buffer): KeyInFile | undefined =>
  start.length >= 16 && start.readUInt32BE(12) === 1
    ? { format: 'jks', type: 'other', bits: 0, encrypted: true, offset: 0 }
    : undefined;

/** PFX: a SEQUENCE with version 3 and a SEQUENCE that begins with the OID of PKCS#7 data (RFC 7292 §4). */
function isPkcs12(start: Buffer): boolean {
  const version = Buffer.from([2, 1, 3, 0x30]);
  const data = Buffer.from([6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
  return start[0] === 0x30 && start.indexOf(version) >= 2 && start.indexOf(version) <= 6 && start.includes(data);
}

/** `PrivateKey = …` of wg-quick and `option private_key '…'` of UCI: 32 bytes in base64. */
function wireguard(bytes: Uint8Array, name: string): readonly KeyInFile[] {
  if (!/wireguard|\/wg[\w-]*\.conf$|\/config\/network$/i.test(name)) return [];
  const text = Buffer.from(bytes).toString('latin1');
  const found: KeyInFile[] = [];
  for (const match of text.matchAll(
    /^\s*(?:PrivateKey\s*=|option\s+private_key)\s*'?([A-Za-z0-9+/]{42}[A-Za-z0-9+/=]{2})'?\s*$/gm,
  )) {
    if (found.length < 50)
      found.push({ format: 'wireguard', type: 'X25519', bits: 256, encrypted: false, offset: match.index });
  }
  return found;
}

/** Certificates in a file; at most 4,000. */
export function certificatesIn(content: Blob): readonly Certificate[] {
  const bytes = searchable(content);
  const found: Certificate[] = [];
  for (const { label, der } of pemBlocks(bytes)) {
    if (label !== 'CERTIFICATE' && label !== 'X509 CERTIFICATE' && label !== 'TRUSTED CERTIFICATE') continue;
    const certificate = readable(der);
    if (certificate !== undefined) found.push(certificate);
  }
  if (found.length === 0 && bytes.length <= MAX_BARE && bytes[0] === 0x30 && bytes[1] === 0x82) {
    const certificate = readable(bytes);
    if (certificate !== undefined) found.push(certificate);
  }
  return found;
}

function readable(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der);
  } catch {
    return undefined;
  }
}
