/** Settles what lies in one run of bytes: claims of formats, and regions for all that is between them. */
import type { Blob } from '../../lib/blob.ts';
import { looksEncrypted, statisticsOf } from '../../lib/statistics.ts';
import type { Unpacker } from '../model/unpacker.ts';
import { describe, type Run, runsOf } from './bytes.ts';
import { type Claim, carve, Locator } from './carve.ts';
import { isAllText } from './digest.ts';
import type { MagicIndex } from './magic.ts';
import type { Region } from './regions.ts';

/** A rest shorter than this is not offered to formats without magic. */
const LEAST_WHOLE = 512;
/** No program in flash has so much padding in it. */
const LONG_PADDING = 4096;
/** A shorter run of printable characters may be anything. */
const LEAST_TEXT = 32;

export interface Settled {
  readonly claims: readonly Claim[];
  /** What is not claimed. */
  readonly rest: readonly Region[];
  readonly givenUp: readonly string[];
  readonly bugs: readonly string[];
}

/** Formats without magic are asked for the whole first, then all by magic, then those without again for what is left. */
export function settle(blob: Blob, index: MagicIndex, wholes: readonly Unpacker[], signal: AbortSignal): Settled {
  const locator = new Locator(blob);
  const whole = locator.longest(
    wholes.filter((unpacker) => unpacker.whole === true),
    0,
  );
  const claims: Claim[] = [];
  const from = whole?.start === 0 ? whole.end : 0;
  if (whole?.start === 0) claims.push(whole);
  const carved = carve(blob.slice(from), index, signal);
  for (const claim of carved.claims) claims.push({ ...claim, start: claim.start + from, end: claim.end + from });
  const bugs = [...locator.bugs, ...carved.bugs];
  const left = restOf(
    blob,
    claims,
    wholes.filter((unpacker) => unpacker.whole === true),
    bugs,
  );
  const rest = withoutPrograms(blob, left, claims, wholes, bugs);
  return { claims: claims.sort((a, b) => a.start - b.start), rest, givenUp: carved.givenUp, bugs };
}

/** Claims programs in what is left; what is embedded in them stays a claim of its own. */
function withoutPrograms(
  blob: Blob,
  left: readonly Region[],
  claims: Claim[],
  wholes: readonly Unpacker[],
  bugs: string[],
): Region[] {
  const programs = wholes.filter((unpacker) => unpacker.whole === 'rest');
  const found: Claim[] = [];
  for (const { start, end } of programs.length === 0 ? [] : stretchesOf(left, claims)) {
    const locator = new Locator(blob.slice(start, end));
    const claim = locator.longest(programs, 0);
    bugs.push(...locator.bugs);
    if (claim?.start === 0) found.push({ ...claim, start, end: start + claim.end });
  }
  claims.push(...found);
  return left.filter((region) => !found.some(({ start, end }) => start <= region.start && region.end <= end));
}

/**
 * Runs of bytes in which nothing is claimed but what programs have embedded; they begin and end with content. Long padding
 * ends them, unless there is none before and behind them all: a payload begins and ends where its program does.
 */
function stretchesOf(left: readonly Region[], claims: readonly Claim[]): { start: number; end: number }[] {
  const inOrder = [...left, ...claims].sort((a, b) => a.start - b.start);
  const isPadding = (piece: Region | Claim | undefined): boolean => piece !== undefined && isBlank(piece);
  const flash = isPadding(inOrder[0]) || isPadding(inOrder.at(-1));
  const pieces = inOrder.map((piece) => ({
    ...{ start: piece.start, end: piece.end, content: 'kind' in piece && !isBlank(piece) },
    ends:
      'kind' in piece
        ? flash && isBlank(piece) && piece.end - piece.start >= LONG_PADDING
        : piece.unpacker.embedded !== true,
  }));
  const stretches: { start: number; end: number }[] = [];
  let open: { start: number; end: number } | undefined;
  for (const { start, end, content, ends } of pieces) {
    if (ends) open = undefined;
    if (!content) continue;
    if (open === undefined) {
      open = { start, end };
      stretches.push(open);
    } else open.end = end;
  }
  return stretches.filter(({ start, end }) => end - start >= LEAST_WHOLE);
}

const isBlank = (piece: Region | Claim): boolean => 'kind' in piece && piece.kind === 'padding';

/** Regions of the bytes between claims; what a format without magic sees there is added to the claims. */
function restOf(blob: Blob, claims: Claim[], wholes: readonly Unpacker[], bugs: string[]): Region[] {
  const rest: Region[] = [];
  const carved = [...claims];
  let at = 0;
  for (const { start, end } of [...carved, { start: blob.size, end: blob.size }]) {
    if (start > at) rest.push(...unclaimed(blob, at, start, wholes, claims, bugs));
    at = Math.max(at, end);
  }
  return rest;
}

function unclaimed(
  blob: Blob,
  start: number,
  end: number,
  wholes: readonly Unpacker[],
  claims: Claim[],
  bugs: string[],
): Region[] {
  const runs = runsOf(blob.slice(start, end));
  const content = runs.filter(({ padding }) => !padding);
  const first = content[0]?.start ?? 0;
  const last = content.at(-1)?.end ?? 0;
  let claimed = 0;
  if (wholes.length > 0 && last - first >= LEAST_WHOLE) {
    const locator = new Locator(blob.slice(start + first, start + last));
    const claim = locator.longest(wholes, 0);
    bugs.push(...locator.bugs);
    if (claim?.start === 0) {
      claims.push({ ...claim, start: start + first, end: start + first + claim.end });
      claimed = first + claim.end;
    }
  }
  return runs
    .flatMap((run) => cut(run, claimed === 0 ? undefined : { start: first, end: claimed }))
    .map((run) => regionOf(blob, start, run));
}

/** What is left of a run beside the bytes that were claimed. */
function cut(run: Run, claimed: { readonly start: number; readonly end: number } | undefined): Run[] {
  if (claimed === undefined || run.end <= claimed.start || run.start >= claimed.end) return [run];
  const parts: Run[] = [];
  if (run.start < claimed.start) parts.push({ ...run, end: claimed.start });
  if (run.end > claimed.end) parts.push({ ...run, start: claimed.end });
  return parts;
}

function regionOf(blob: Blob, offset: number, { start, end, padding }: Run): Region {
  const at = { start: offset + start, end: offset + end };
  if (padding) return { ...at, kind: 'padding' };
  const bytes = blob.slice(at.start, at.end);
  if (bytes.size >= LEAST_TEXT && isAllText(bytes)) return { ...at, kind: 'understood', format: 'text' };
  const statistics = statisticsOf(bytes);
  const entropy = statistics.entropy;
  if (looksEncrypted(bytes, statistics))
    return {
      ...at,
      kind: 'encrypted',
      entropy,
      note: 'cannot be told from random bytes: encrypted, or compressed without a frame',
    };
  return { ...at, kind: 'unknown', entropy, note: describe(statistics, bytes.size) };
}
