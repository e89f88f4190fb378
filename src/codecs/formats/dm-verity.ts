/** dm-verity hash trees (kernel documentation, version 1 without superblock): made anew from the data and compared. */

import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type Blob, chunksAhead } from '../../lib/blob.ts';

const BLOCK = 4096;

export interface VerityTree {
  readonly root: Buffer;
  /** The levels as they lie on disk: the top one first. */
  readonly tree: Buffer;
}

/** Hashes the data in blocks of 4096 bytes with SHA-256; memory is 1/128 of the data. */
export async function verityOf(data: Blob, salt: Uint8Array, signal: AbortSignal): Promise<VerityTree> {
  const levels: Buffer[] = [];
  // One call for a block: an object of its own for each costs more than the digest.
  const scratch = Buffer.concat([salt, Buffer.alloc(BLOCK)]);
  const digest = (block: Uint8Array): Buffer => {
    scratch.set(block, salt.length);
    // The last block of data that do not fill it goes on with zeros.
    if (block.length < BLOCK) scratch.fill(0, salt.length + block.length);
    return hash('sha256', scratch, 'buffer');
  };
  const level = Buffer.alloc(padded(Math.ceil(data.size / BLOCK) * 32));
  let index = 0;
  for await (const chunk of chunksAhead(data, 256 * BLOCK)) {
    for (let from = 0; from < chunk.length; from += BLOCK, index++)
      digest(chunk.subarray(from, from + BLOCK)).copy(level, index * 32);
    if (index % 8192 !== 0) continue;
    await setImmediate();
    signal.throwIfAborted();
  }
  levels.unshift(level);
  for (let below = level; below.length > BLOCK; ) {
    const above = Buffer.alloc(padded((below.length / BLOCK) * 32));
    for (let block = 0; block * BLOCK < below.length; block++)
      digest(below.subarray(block * BLOCK, (block + 1) * BLOCK)).copy(above, block * 32);
    levels.unshift(above);
    below = above;
  }
  const top = levels[0] ?? level;
  return { root: digest(top), tree: Buffer.concat(levels) };
}

const padded = (size: number): number => Math.max(BLOCK, Math.ceil(size / BLOCK) * BLOCK);
