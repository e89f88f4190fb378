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

/** What a caller has for work that takes long; without `job` all is done here. */
export interface VerityWork {
  readonly signal: AbortSignal;
  job?(id: string, input: unknown): Promise<unknown>;
}

/** For a worker: digests of the blocks of a part of a file. */
export interface VerityInput {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly salt: Uint8Array;
}

/** The id of the job in `codecs/jobs.ts`. */
export const VERITY_BLOCKS = 'verity/blocks';
/** Starting a thread takes as long as digesting so many bytes, and a part of that must be left to win. */
const WORTH_A_THREAD = 64 << 20;

/** Hashes the data in blocks of 4096 bytes with SHA-256; memory is 1/128 of the data. */
export async function verityOf(data: Blob, salt: Uint8Array, work: VerityWork): Promise<VerityTree> {
  const levels: Buffer[] = [];
  const level = Buffer.alloc(padded(Math.ceil(data.size / BLOCK) * 32));
  const { job, signal } = work;
  const apart = job !== undefined && data.origin !== undefined && data.size >= WORTH_A_THREAD;
  const half = apart ? Math.floor(data.size / 2 / BLOCK) * BLOCK : data.size;
  const [other, first] = await Promise.all([
    apart ? onThread(job, data.slice(half), salt) : Buffer.alloc(0),
    digestBlocks(data.slice(0, half), salt, signal),
  ]);
  first.copy(level);
  other.copy(level, first.length);
  levels.unshift(level);
  const digest = digester(salt);
  for (let below = level; below.length > BLOCK; ) {
    const above = Buffer.alloc(padded((below.length / BLOCK) * 32));
    for (let block = 0; block * BLOCK < below.length; block++)
      digest(below.subarray(block * BLOCK, (block + 1) * BLOCK), above, block * 32);
    levels.unshift(above);
    below = above;
  }
  const top = levels[0] ?? level;
  const root = Buffer.alloc(32);
  digest(top, root, 0);
  return { root, tree: Buffer.concat(levels) };
}

async function onThread(
  job: NonNullable<VerityWork['job']>,
  { origin, size }: Blob,
  salt: Uint8Array,
): Promise<Buffer> {
  const { path = '', offset = 0 } = origin ?? {};
  const input: VerityInput = { path, offset, size, salt };
  return Buffer.from((await job(VERITY_BLOCKS, input)) as Uint8Array);
}

/** The digests of all blocks, one after the other. */
export async function digestBlocks(data: Blob, salt: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
  const digests = Buffer.alloc(Math.ceil(data.size / BLOCK) * 32);
  const digest = digester(salt);
  let index = 0;
  for await (const chunk of chunksAhead(data, 256 * BLOCK)) {
    for (let from = 0; from < chunk.length; from += BLOCK, index++)
      digest(chunk.subarray(from, from + BLOCK), digests, index * 32);
    if (index % 8192 !== 0) continue;
    await setImmediate();
    signal?.throwIfAborted();
  }
  return digests;
}

/** One call for a block, whose digest comes as text: an object of its own for either costs as much as a third of the digest. */
function digester(salt: Uint8Array): (block: Uint8Array, into: Buffer, at: number) => void {
  const scratch = Buffer.concat([salt, Buffer.alloc(BLOCK)]);
  return (block, into, at) => {
    scratch.set(block, salt.length);
    // The last block of data that do not fill it goes on with zeros.
    if (block.length < BLOCK) scratch.fill(0, salt.length + block.length);
    into.write(hash('sha256', scratch, 'binary'), at, 'latin1');
  };
}

const padded = (size: number): number => Math.max(BLOCK, Math.ceil(size / BLOCK) * BLOCK);
