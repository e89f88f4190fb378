/** What the bytes that no format claims look like: padding, plain data, compressed or encrypted data. */
import { type Blob, chunksOf } from '../../lib/blob.ts';
import type { Statistics } from '../../lib/statistics.ts';

/** A shorter run of one byte is content, not padding. */
const PADDING_RUN = 64;
const LONGEST_PERIOD = 16;

/** What statistics allow to say of a run that nothing recognised. */
export function describe(statistics: Statistics, size: number): string {
  if (size < 256) return 'too short to tell';
  if (statistics.entropy >= 7.9) return 'compressed by an unknown method, as far as statistics tell';
  if (statistics.entropy >= 7) return 'dense data';
  if (statistics.entropy < 3) return 'sparse data';
  return 'code or data';
}

/** Whether all bytes repeat one block of up to 16 bytes. */
export function isRepeated(blob: Blob): boolean {
  if (blob.size < 2) return false;
  const head = blob.read(0, 64);
  const period = periodOf(head);
  if (period === 0) return false;
  let at = 0;
  for (const chunk of chunksOf(blob)) {
    for (let index = 0; index < chunk.length; index++) if (chunk[index] !== head[(at + index) % period]) return false;
    at += chunk.length;
  }
  return true;
}

function periodOf(head: Uint8Array): number {
  for (let period = 1; period <= LONGEST_PERIOD && period * 2 <= head.length; period++) {
    if (head.every((byte, index) => byte === head[index % period])) return period;
  }
  return head.every((byte) => byte === head[0]) ? 1 : 0;
}

export interface Run {
  readonly start: number;
  readonly end: number;
  readonly padding: boolean;
}

/**
 * Splits unclaimed bytes into padding (runs of at least 64 of 0x00 or 0xFF, or what reaches the end and repeats) and
 * content. One pass.
 */
export function runsOf(blob: Blob): Run[] {
  if (isRepeated(blob) || isBlank(blob)) return blob.size > 0 ? [{ start: 0, end: blob.size, padding: true }] : [];
  const blanks = blankRuns(blob);
  const runs: Run[] = [];
  let at = 0;
  for (const blank of blanks) {
    if (blank.start > at) runs.push({ start: at, end: blank.start, padding: false });
    runs.push({ ...blank, padding: true });
    at = blank.end;
  }
  if (at < blob.size) runs.push({ start: at, end: blob.size, padding: false });
  return runs;
}

function isBlank(blob: Blob): boolean {
  for (const chunk of chunksOf(blob)) for (const byte of chunk) if (byte !== 0 && byte !== 0xff) return false;
  return true;
}

/** Runs of at least 64 equal bytes 0x00 or 0xFF; a run of one may follow a run of the other. */
function blankRuns(blob: Blob): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  let at = 0;
  let start = 0;
  let value = -1;
  const close = (end: number): void => {
    if (value !== -1 && end - start >= PADDING_RUN) extend(runs, start, end);
  };
  for (const chunk of chunksOf(blob)) {
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte === value) continue;
      close(at + index);
      start = at + index;
      value = byte === 0 || byte === 0xff ? byte : -1;
    }
    at += chunk.length;
  }
  close(at);
  return runs;
}

function extend(runs: { start: number; end: number }[], start: number, end: number): void {
  const last = runs.at(-1);
  if (last !== undefined && last.end === start) last.end = end;
  else runs.push({ start, end });
}
