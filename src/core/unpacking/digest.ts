/** SHA-256 of content, and whether it is text. */
import { createHash } from 'node:crypto';
import { type Blob, chunksOf } from '../../lib/blob.ts';

export function sha256Of(blob: Blob): string {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(blob)) hash.update(chunk);
  return hash.digest('hex');
}

/** Whether it reads as text (UTF-8 or Latin-1 without control characters) in its first and last 4 KiB. */
export function isText(blob: Blob): boolean {
  if (blob.size === 0) return true;
  return textual(blob.read(0, 4096)) && textual(blob.read(Math.max(0, blob.size - 4096), 4096));
}

/** Whether every byte of it does. */
export function isAllText(blob: Blob): boolean {
  for (const chunk of chunksOf(blob, 65_536)) if (!textual(chunk)) return false;
  return true;
}

function textual(bytes: Uint8Array): boolean {
  let high = 0;
  for (const byte of bytes) {
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127) return false;
    if (byte > 127) high += 1;
  }
  return high * 3 <= bytes.length;
}
