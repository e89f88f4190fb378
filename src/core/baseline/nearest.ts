/** «Did you mean»: the word of a list that is nearest to a mistyped one. */

/** A hint such as `did you mean 'tls.protocol'?`, or undefined when nothing is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    // Who wrote it already did not mean it: it is known, and not here.
    if (candidate === word) continue;
    const distance = editDistance(word.toLowerCase().slice(0, 64), candidate.toLowerCase().slice(0, 64));
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  if (best === undefined || best.distance >= word.length) return undefined;
  return best.distance <= Math.max(1, Math.floor(word.length / 3)) ? `did you mean '${best.candidate}'?` : undefined;
}

/** Damerau–Levenshtein distance (adjacent transpositions count once), over three rows. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) row.push(cell(a, b, i, j, row, previous, before));
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

function cell(
  a: string,
  b: string,
  i: number,
  j: number,
  row: readonly number[],
  previous: readonly number[],
  before: readonly number[],
): number {
  const far = Number.MAX_SAFE_INTEGER;
  const changed = (previous[j - 1] ?? far) + (a[i - 1] === b[j - 1] ? 0 : 1);
  const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? far) + 1 : far;
  return Math.min((previous[j] ?? far) + 1, (row[j - 1] ?? far) + 1, changed, swapped);
}
