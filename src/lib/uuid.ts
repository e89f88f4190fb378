/** Names made of what they name: version 5 UUIDs (RFC 9562 §5.5) and short digests, so that the same report gives the same bytes. */
import { createHash, hash } from 'node:crypto';

/** The namespace of every name that assay makes; fixed once. */
const NAMESPACE = Buffer.from('c81f2bd75d6b5e6b9a0e3f3c5c1c2f10', 'hex');

/** The version 5 UUID of a name; the same name gives the same UUID for ever. */
export function uuidOf(...name: readonly string[]): string {
  const named = Buffer.concat([NAMESPACE, Buffer.from(JSON.stringify(name))]);
  const digest = Buffer.from(hash('sha1', named, 'hex'), 'hex').subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** SHA-256 of a text as hex. */
export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');
