/** Accounts for every byte of a surface: runs of one kind, without overlap or hole. */

export type RegionKind = 'understood' | 'padding' | 'acknowledged' | 'unknown' | 'encrypted';

/** The bytes [start, end) of a surface, and what they are. */
export interface Region {
  readonly start: number;
  readonly end: number;
  readonly kind: RegionKind;
  readonly format?: string;
  /** Bits per byte, of what is unknown or encrypted. */
  readonly entropy?: number;
  readonly note?: string;
}

export interface ByteCoverage {
  readonly bytes: number;
  readonly understood: number;
  readonly padding: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly encrypted: number;
  /** Longest run that is neither understood nor padding nor acknowledged. */
  readonly largestUnknown: number;
  /** At most 1 % of what is no padding is not understood, and no such run is above 64 KiB. */
  readonly complete: boolean;
}

const LARGEST = 65_536;

export const isOpen = (kind: RegionKind): boolean => kind === 'unknown' || kind === 'encrypted';

/** Sums up; runs of open kinds that touch count as one. */
export function coverageOf(regions: readonly Region[], bytes: number): ByteCoverage {
  const sums = { understood: 0, padding: 0, acknowledged: 0, unknown: 0, encrypted: 0 };
  let largestUnknown = 0;
  let run = 0;
  for (const { start, end, kind } of regions) {
    sums[kind] += end - start;
    run = isOpen(kind) ? run + end - start : 0;
    largestUnknown = Math.max(largestUnknown, run);
  }
  const open = sums.unknown + sums.encrypted;
  return {
    bytes,
    ...sums,
    largestUnknown,
    complete: bytes > 0 && open * 100 <= bytes - sums.padding && largestUnknown <= LARGEST,
  };
}

/** Lays `over` upon `under`; both sorted and free of overlaps, both in the same coordinates. Linear. */
export function overlay(under: readonly Region[], over: readonly Region[]): Region[] {
  const result: Region[] = [...over];
  let next = 0;
  for (const region of under) {
    while (next < over.length && (over[next]?.end ?? 0) <= region.start) next += 1;
    next = leaveFree(region, over, next, result);
  }
  return result.sort((a, b) => a.start - b.start);
}

/** Adds what of `region` lies under none of `over` from `index` on; gives the index of the last that was met. */
function leaveFree(region: Region, over: readonly Region[], index: number, into: Region[]): number {
  let at = region.start;
  let met = index;
  for (let upper = over[met]; upper !== undefined && upper.start < region.end; upper = over[met]) {
    if (upper.start > at) into.push({ ...region, start: at, end: upper.start });
    at = Math.max(at, upper.end);
    if (upper.end >= region.end) break;
    met += 1;
  }
  if (at < region.end) into.push({ ...region, start: at });
  return met;
}

export const shift = (regions: readonly Region[], by: number): Region[] =>
  regions.map((region) => ({ ...region, start: region.start + by, end: region.end + by }));

/** Sorts, clamps to [0, size) and drops what overlaps an earlier one. */
export function tidy(regions: readonly Region[], size: number): Region[] {
  const sorted = regions
    .map((region) => ({ ...region, start: Math.max(0, region.start), end: Math.min(size, region.end) }))
    .filter((region) => region.end > region.start)
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const result: Region[] = [];
  let at = 0;
  for (const region of sorted) {
    if (region.end <= at) continue;
    result.push(region.start < at ? { ...region, start: at } : region);
    at = region.end;
  }
  return result;
}
