/** Half-open byte ranges [start, end): union and difference. */

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The same bytes as sorted ranges that neither touch nor overlap. */
export function union(ranges: readonly Range[]): readonly Range[] {
  const sorted = ranges.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** What is left of one range without the others, which must be sorted and apart (`union`). */
export function without<R extends Range>(range: R, others: readonly Range[]): readonly R[] {
  const left: R[] = [];
  let at = range.start;
  for (const { start, end } of others) {
    if (end <= at) continue;
    if (start >= range.end) break;
    if (start > at) left.push({ ...range, start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < range.end) left.push({ ...range, start: at });
  return left;
}

export const sizeOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { start, end }) => sum + end - start, 0);
