/** dm-verity hash trees (kernel documentation, version 1 without superblock): made anew from the data and compared. */

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Blob } from '../../lib/blob.ts';

const BLOCK = 4096;

export interface VerityTree {
  readonly root: Buffer;
  /** The levels as they lie on disk: the top one first. */
  readonly tree: Buffer;
}

/** Hashes the data in blocks of 4096 bytes with SHA-256; memory is 1/128 of the data. */
export async function verityOf(data: Blob, salt: Uint8Array, signal: AbortSignal): Promise<VerityTree> {
  const levels: Buffer[] = [];
  const salted = createHash('sha256').update(salt);
  const level = Buffer.alloc(padded(Math.ceil(data.size / BLOCK) * 32));
  for (let at = 0, index = 0; at < data.size; at += 256 * BLOCK) {
    const chunk = data.read(at, 256 * BLOCK);
    for (let from = 0; from < chunk.length; from += BLOCK, index++)
      salted
        .copy()
        .update(chunk.subarray(from, from + BLOCK))
        .digest()
        .copy(level, index * 32);
    if (index % 8192 !== 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  levels.unshift(level);
  for (let below = level; below.length > BLOCK; ) {
    const above = Buffer.alloc(padded((below.length / BLOCK) * 32));
    for (let index = 0; index * BLOCK < below.length; index++)
      salted
        .copy()
        .update(below.subarray(index * BLOCK, (index + 1) * BLOCK))
        .digest()
        .copy(above, index * 32);
    levels.unshift(above);
    below = above;
  }
  const top = levels[0] ?? level;
  return { root: salted.copy().update(top).digest(), tree: Buffer.concat(levels) };
}

const padded = (size: number): number => Math.max(BLOCK, Math.ceil(size / BLOCK) * BLOCK);
