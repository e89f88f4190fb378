/** Evidence by SHA-256: bytes kept once under the name of their hash, in memory or in a folder. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Blob, memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { EvidenceRef } from '../model/fact.ts';
import type { Redactor } from './redact.ts';

export interface EvidenceStore {
  keep(bytes: Uint8Array, mediaType: string, locator?: string): EvidenceRef;
  open(evidence: EvidenceRef): Blob;
}

/** Bytes kept of one piece of evidence; what is beyond is cut off and said in the locator. */
const PIECE = 1 << 20;
/** Bytes of evidence in one dossier; what comes later is referred to by its hash and not kept. */
const BUDGET = 1 << 30;
/** Bytes of a piece that are told with the fact itself. */
export const EXCERPT = 256;
const HASH = /^[0-9a-f]{64}$/;

/** Without a folder evidence lives in memory. */
export function createEvidenceStore(redact: Redactor, folder?: string): EvidenceStore {
  const memory = new Map<string, Uint8Array>();
  const known = new Set<string>();
  let spent = 0;
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const put = (sha256: string, kept: Uint8Array): void => {
    if (known.has(sha256) || spent + kept.length > BUDGET) return;
    known.add(sha256);
    spent += kept.length;
    if (folder === undefined) memory.set(sha256, Uint8Array.from(kept));
    else writeFileSync(join(folder, sha256), kept, { mode: 0o600 });
  };
  return {
    keep(bytes, mediaType, locator) {
      const cut = bytes.length > PIECE;
      const whole = cut ? bytes.subarray(0, PIECE) : bytes;
      const clean = redact(whole, mediaType);
      const kept = clean ?? whole;
      const sha256 = createHash('sha256').update(kept).digest('hex');
      if (kept.length > EXCERPT) put(sha256, kept);
      const place = cut ? `${locator ?? 'from the start'}, first ${PIECE} of ${bytes.length} bytes` : locator;
      const told = { sha256, mediaType, size: kept.length, ...(place === undefined ? {} : { locator: place }) };
      return { ...told, ...(clean === undefined ? {} : { redacted: true }), ...begun(kept) };
    },
    open(evidence) {
      const bytes = memory.get(evidence.sha256) ?? wholeExcerpt(evidence);
      if (bytes !== undefined) return memoryBlob(bytes);
      return folder === undefined ? absent(evidence) : openEvidence(folder, evidence);
    },
  };
}

const absent = ({ sha256 }: EvidenceRef): never => {
  throw new FaultError('unreadable', `the evidence ${sha256.slice(0, 12)} is not in the dossier`);
};

const begun = (kept: Uint8Array): Pick<EvidenceRef, 'excerpt'> =>
  kept.length === 0 ? {} : { excerpt: Buffer.from(kept.subarray(0, EXCERPT)).toString('base64') };

/** The bytes of a piece that its excerpt holds whole. */
function wholeExcerpt({ excerpt, size, sha256 }: EvidenceRef): Uint8Array | undefined {
  if (excerpt === undefined || size > EXCERPT) return undefined;
  const bytes = Buffer.from(excerpt, 'base64');
  return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined;
}

/** Evidence of a dossier on disk; refuses a name that is no hash and bytes that are not what the name says. */
export function openEvidence(folder: string, evidence: EvidenceRef): Blob {
  const whole = wholeExcerpt(evidence);
  if (whole !== undefined) return memoryBlob(whole);
  const path = join(folder, evidence.sha256);
  if (!HASH.test(evidence.sha256) || !existsSync(path) || statSync(path).size > PIECE + 4096) return absent(evidence);
  const bytes = readFileSync(path);
  if (createHash('sha256').update(bytes).digest('hex') !== evidence.sha256)
    throw new FaultError('malformed', `the evidence ${evidence.sha256.slice(0, 12)} was changed`);
  return memoryBlob(bytes);
}
