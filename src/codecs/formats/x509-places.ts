/** Certificates in DER that lie within a program or in a file of their own: by the algorithm that their first lines name (RFC 5280 §4.1). */
import type { Blob } from '../../lib/blob.ts';
import { type Certificate, readCertificate } from './x509.ts';

/** The algorithm of a signature as a certificate names it: RSA with PKCS #1, ECDSA with SHA-2. */
export const CERTIFICATE_WORDS: readonly string[] = [
  '\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01',
  '\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03',
];

/** Before the algorithm stand two headers, the version and a serial number of at most 20 bytes. */
const BEFORE = 40;
/** One with a key of 512 bits and no names is so long, and hardly any is longer. */
const SHORTEST = 200;
const LONGEST = 16 << 10;
const MAX_TRIES = 5000;

/** Those whose algorithm stands at one of the places, each proved by parsing it; whether there may be more. */
export function certificatesAt(
  content: Blob,
  places: Iterable<number>,
): { readonly found: readonly Certificate[]; readonly more: boolean } {
  const found: Certificate[] = [];
  let tries = 0;
  for (const at of places) {
    const from = Math.max(0, at - BEFORE);
    const der = beginsBefore(Buffer.from(content.read(from, at - from)), from, content);
    if (der === undefined) continue;
    tries += 1;
    if (tries > MAX_TRIES) return { found, more: true };
    const certificate = parsed(der);
    if (certificate !== undefined) found.push(certificate);
  }
  return { found, more: false };
}

/** The SEQUENCE whose first element is a SEQUENCE that begins with a version or a serial number and reaches to the algorithm. */
function beginsBefore(before: Buffer, base: number, content: Blob): Uint8Array | undefined {
  for (let at = before.length - 11; at >= 0; at -= 1) {
    const length = lengthAt(before, at);
    if (length !== undefined && base + at + length <= content.size) return content.read(base + at, length);
  }
  return undefined;
}

function lengthAt(buffer: Buffer, at: number): number | undefined {
  if (buffer[at] !== 0x30 || buffer[at + 1] !== 0x82 || buffer[at + 4] !== 0x30) return undefined;
  const long = buffer[at + 5] === 0x82;
  if (!long && buffer[at + 5] !== 0x81) return undefined;
  const length = 4 + buffer.readUInt16BE(at + 2);
  const inner = long ? buffer.readUInt16BE(at + 6) : (buffer[at + 6] ?? 0);
  // The serial number ends where the algorithm begins.
  let serial = at + (long ? 8 : 7);
  if (buffer[serial] === 0xa0) serial += 5;
  const ends = buffer[serial] === 0x02 && serial + 2 + (buffer[serial + 1] ?? 0) === buffer.length;
  return ends && length >= SHORTEST && length <= LONGEST && inner + 40 < length ? length : undefined;
}

function parsed(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der);
  } catch {
    return undefined;
  }
}
