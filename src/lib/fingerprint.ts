/** Fingerprints of identifiers, by which equal is told from different without keeping them. */
import { createHash } from 'node:crypto';

/** The first 16 hex digits of the SHA-256 of a text, in lower case and without blanks around it. */
export const fingerprintOf = (text: string): string =>
  createHash('sha256').update(text.trim().toLowerCase()).digest('hex').slice(0, 16);
