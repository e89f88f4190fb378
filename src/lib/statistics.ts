/** What statistics say of bytes: their entropy, and whether they can be told from random ones. */
import { type Blob, chunksOf } from './blob.ts';

/** Chi-square over 256 values: mean 255, standard deviation 22.6 for random bytes; these are 4 deviations. */
const CHI_LOW = 165;
const CHI_HIGH = 346;
/** Fewer bytes than this say nothing about randomness. */
const ENOUGH = 4096;

export interface Statistics {
  /** Bits per byte. */
  readonly entropy: number;
  readonly chiSquare: number;
}

export function statisticsOf(blob: Blob): Statistics {
  const counts = new Float64Array(256);
  for (const chunk of chunksOf(blob)) for (const byte of chunk) counts[byte] = (counts[byte] ?? 0) + 1;
  const expected = blob.size / 256;
  let entropy = 0;
  let chiSquare = 0;
  for (const count of counts) {
    if (expected > 0) chiSquare += (count - expected) ** 2 / expected;
    if (count > 0) entropy -= (count / blob.size) * Math.log2(count / blob.size);
  }
  return { entropy: Math.round(entropy * 1000) / 1000, chiSquare };
}

/** Whether the bytes cannot be told from random ones: encrypted, or compressed by a coder without any frame. */
export function looksEncrypted(blob: Blob, { entropy, chiSquare }: Statistics): boolean {
  if (blob.size < ENOUGH || entropy < 7.9) return false;
  if (chiSquare > CHI_HIGH || (chiSquare < CHI_LOW && blob.size < 65_536)) return false;
  return chiSquare >= CHI_LOW / 2 && windowsAgree(blob);
}

/** Every 64 KiB window for itself: compressed data has windows (tables, headers) that random data has not. */
function windowsAgree(blob: Blob): boolean {
  const window = 65_536;
  if (blob.size < 2 * window) return true;
  const windows = Math.min(64, Math.floor(blob.size / window));
  const step = Math.floor(blob.size / windows);
  let odd = 0;
  for (let index = 0; index < windows; index++) {
    const { chiSquare } = statisticsOf(blob.slice(index * step, index * step + window));
    if (chiSquare > CHI_HIGH) odd += 1;
  }
  return odd <= windows / 20;
}
