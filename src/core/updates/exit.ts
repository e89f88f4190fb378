/** What `verify-update` ends with, going by what every format said. */
import { isOpen, isWhole, overall, type UpdateVerdict } from '../model/verifier.ts';

/**
 * 0: a given key verifies a signature over the whole payload. 1: unsigned, broken, truncated, covered in part, refused,
 * made by another key, or by one that is public. 3: signer unknown, encrypted, or no format recognised.
 */
export type VerifyCode = 0 | 1 | 3;

export function verifyCode(verdicts: readonly UpdateVerdict[]): VerifyCode {
  if (verdicts.length === 0) return 3;
  const codes = verdicts.map(codeOf);
  if (codes.includes(1)) return 1;
  return codes.includes(3) ? 3 : 0;
}

function codeOf(verdict: UpdateVerdict): VerifyCode {
  const kinds = verdict.faults.map(({ kind }) => kind);
  if (kinds.includes('truncated') || kinds.includes('malformed')) return 1;
  if (isOpen(verdict)) return 3;
  if (!verdict.signed || !isWhole(verdict) || verdict.integrity.some(({ holds }) => !holds)) return 1;
  const word = overall(verdict);
  if (word === 'verified') return 0;
  return word === 'signer-unknown' ? 3 : 1;
}
