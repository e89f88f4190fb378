/** Lines of a text file of any size and any encoding, bounded. */
import type { Blob } from '../../lib/blob.ts';

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
}

/** Each line without its end, as UTF-8 with replacement characters; a byte that is no text never throws. */
export function* linesOf(blob: Blob, limits: LineLimits = {}): Generator<TextLine> {
  const bytes = blob.read(0, Math.min(blob.size, limits.bytes ?? 4 << 20));
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const most = limits.lines ?? 1_000_000;
  const width = limits.width ?? 4096;
  let number = 1;
  for (let at = 0; at < buffer.length && number <= most; number += 1) {
    const end = buffer.indexOf(10, at);
    const stop = end === -1 ? buffer.length : end;
    const text = buffer.toString('utf8', at, Math.min(stop, at + width));
    yield { number, text: text.endsWith('\r') ? text.slice(0, -1) : text };
    at = stop + 1;
  }
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
