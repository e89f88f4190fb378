/** A dotted version that is not older than another: numbers as numbers, letters after them (1.1.1n), pre-releases before. */
import type { Keyword } from '../../core/model/keyword.ts';

/** Numbers, words, and `~` or `-` before a word that marks a pre-release. */
const PART = /\d{1,15}|[a-z]{1,32}|~/g;
const PRE_RELEASE = /^(?:alpha|beta|dev|git|pre|rc)$/;

type Part = number | string;

function partsOf(version: string): readonly Part[] {
  const text = version
    .toLowerCase()
    .slice(0, 256)
    .replace(/^v(?=\d)/, '');
  return (text.match(PART) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part));
}

/** What stands at a place, ranked: a pre-release below nothing, nothing below letters, letters below numbers. */
function rank(part: Part | undefined): number {
  if (part === undefined) return 1;
  if (typeof part === 'number') return 3;
  return part === '~' || PRE_RELEASE.test(part) ? 0 : 2;
}

function compare(a: readonly Part[], b: readonly Part[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [left, right] = [a[at], b[at]];
    const ranked = rank(left) - rank(right);
    if (ranked !== 0) return isZero(left, right) ? 0 : ranked;
    if (left !== right && left !== undefined && right !== undefined) return left < right ? -1 : 1;
  }
  return 0;
}

/** `1.2` is `1.2.0`: a zero against nothing is no difference. */
const isZero = (left: Part | undefined, right: Part | undefined): boolean =>
  (left === 0 && right === undefined) || (right === 0 && left === undefined);

export const versionAtLeast: Keyword = {
  name: 'versionAtLeast',
  title: 'a version of at least',
  operand: { type: 'string' },
  suits: ['string'],
  complaint: (operand) =>
    typeof operand === 'string' && /^v?\d/i.test(operand) ? undefined : 'a version begins with a number',
  samples: (operand) => ['', String(operand)],
  satisfies(value, operand) {
    if (typeof value !== 'string' || typeof operand !== 'string' || !/\d/.test(value)) return false;
    return compare(partsOf(value), partsOf(operand)) >= 0;
  },
};
