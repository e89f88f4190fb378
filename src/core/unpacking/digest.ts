/** SHA-256 of content, and whether it is text. */
import { createHash } from 'node:crypto';
import { type Blob, chunksOf } from '../../lib/blob.ts';
import type { UnpackedTree } from './tree.ts';

export function sha256Of(blob: Blob): string {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(blob)) hash.update(chunk);
  return hash.digest('hex');
}

/** Gives each file of a tree its digest; names that share their content cost one reading. */
export function digestAll(tree: UnpackedTree): void {
  const known = new Map<Blob, string>();
  for (const entry of tree.entries()) {
    if (entry.type !== 'file' || entry.sha256 !== undefined) continue;
    const content = tree.content(entry);
    const sha256 = known.get(content) ?? sha256Of(content);
    known.set(content, sha256);
    tree.digested(entry, sha256);
  }
}

/** Whether it reads as text (UTF-8 or Latin-1 without control characters) in its first and last 4 KiB. */
export function isText(blob: Blob, head = blob.read(0, 4096)): boolean {
  if (!textual(head)) return false;
  return blob.size <= head.length || textual(blob.read(Math.max(head.length, blob.size - 4096), 4096));
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
