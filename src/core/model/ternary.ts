/** Kleene's three truth values. */

export type Truth = true | false | 'unknown';

export const notThree = (truth: Truth): Truth => (truth === 'unknown' ? 'unknown' : !truth);

/** False if one is false, else unknown if one is unknown, else true. */
export function allThree(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes('unknown') ? 'unknown' : true;
}

/** True if one is true, else unknown if one is unknown, else false. */
export function anyThree(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes('unknown') ? 'unknown' : false;
}
