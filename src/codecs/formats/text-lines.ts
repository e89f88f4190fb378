/** Lines of a text file of any size and any encoding, bounded. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';

export interface TextLine {
  /** Counts from 1. */
  readonly number: number;
  readonly text: string;
}
export interface LineLimits {
  /** Bytes read at most; 4 MiB unless said. */
  readonly bytes?: number;
  /** Lines given at most; 1,000,000 unless said. */
  readonly lines?: number;
  /** Longer lines are cut to so many bytes; 4096 unless said. */
  readonly width?: number;
  /** Called once when a limit left something out. */
  readonly cut?: (why: string) => void;
}

/** Each line without its end, as UTF-8 with replacement characters; a byte that is no text never throws. */
export function* linesOf(blob: Blob, limits: LineLimits = {}): Generator<TextLine> {
  const bytes = blob.read(0, Math.min(blob.size, limits.bytes ?? 4 << 20));
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const most = limits.lines ?? 1_000_000;
  const width = limits.width ?? 4096;
  let why = bytes.length < blob.size ? `only the first ${bytes.length} of ${blob.size} bytes were read` : undefined;
  let number = 1;
  for (let at = 0; at < buffer.length && number <= most; number += 1) {
    const end = buffer.indexOf(10, at);
    const stop = end === -1 ? buffer.length : end;
    if (stop - at > width) why ??= `line ${number} is longer than ${width} bytes and was not read to its end`;
    const text = buffer.toString('utf8', at, Math.min(stop, at + width));
    yield { number, text: text.endsWith('\r') ? text.slice(0, -1) : text };
    at = stop + 1;
    if (number === most && at < buffer.length) why ??= `only the first ${most} lines were read`;
  }
  if (why !== undefined) limits.cut?.(why);
}

/** The whole text, a character a byte; undefined for what is no text. Throws `over-budget` for a text longer than `limit`. */
export function wholeText(blob: Blob, limit: number): string | undefined {
  if (blob.read(0, 512).includes(0)) return undefined;
  if (blob.size > limit)
    throw new FaultError('over-budget', `the text is longer than ${limit >> 10} KiB and was not read`);
  return Buffer.from(blob.read(0, limit)).toString('latin1');
}

/** Whether the first bytes look like text: no NUL, few control characters. */
export function looksLikeText(blob: Blob): boolean {
  const head = blob.read(0, 512);
  let odd = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if (byte < 9 || (byte > 13 && byte < 32)) odd += 1;
  }
  return odd * 20 <= head.length;
}
