/** A job for workers: decompresses blocks of a file system and writes their content to where it was reserved. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { FaultError, faultOf } from '../../lib/fault.ts';
import { BlockReader } from './squashfs-blocks.ts';

export interface BlockTask {
  /** Place of the stored bytes: in the file, or in `bytes` of the input. */
  readonly at: number;
  readonly stored: number;
  /** Whether they are compressed, and how large the content is at most. */
  readonly packed: boolean;
  readonly size: number;
  /** Pieces of the content and where they go in the target file, flat: from, length, to. */
  readonly pieces: readonly number[];
  /** What to name when it fails. */
  readonly owner: number;
}

export interface BlocksInput {
  readonly way: string;
  /** Whether metadata was read this way; else the first block tells. */
  readonly sure: boolean;
  readonly source: { readonly path: string } | { readonly bytes: Uint8Array };
  readonly target: string;
  readonly tasks: readonly BlockTask[];
}

export interface BlocksResult {
  readonly failures: readonly { readonly owner: number; readonly message: string }[];
}

function pread(descriptor: number, at: number, length: number): Uint8Array {
  const into = new Uint8Array(length);
  let have = 0;
  while (have < length) {
    const got = readSync(descriptor, into, have, length - have, at + have);
    if (got === 0) throw new FaultError('truncated', 'a block lies beyond the end of the image');
    have += got;
  }
  return into;
}

function pwrite(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
}

function neededBy({ pieces }: BlockTask): number {
  let most = 0;
  for (let i = 0; i < pieces.length; i += 3) most = Math.max(most, pieces[i]! + pieces[i + 1]!);
  return most;
}

export function run(input: BlocksInput): BlocksResult {
  const reader = new BlockReader(input.way, input.sure);
  const source = 'path' in input.source ? openSync(input.source.path, 'r') : undefined;
  const target = openSync(input.target, 'r+');
  const failures: { owner: number; message: string }[] = [];
  try {
    for (const task of input.tasks) {
      try {
        const stored =
          source === undefined
            ? (input.source as { bytes: Uint8Array }).bytes.subarray(task.at, task.at + task.stored)
            : pread(source, task.at, task.stored);
        const content = task.packed ? reader.read(stored, task.size, (out) => out.length >= neededBy(task)) : stored;
        for (let i = 0; i < task.pieces.length; i += 3) {
          const [from, length, to] = [task.pieces[i]!, task.pieces[i + 1]!, task.pieces[i + 2]!];
          pwrite(target, content.subarray(from, from + length), to);
          if (from + length > content.length) throw new FaultError('malformed', 'a block holds less than it should');
        }
      } catch (thrown) {
        const fault = faultOf(thrown);
        if (fault.kind === 'bug') throw thrown;
        failures.push({ owner: task.owner, message: fault.message });
      }
    }
  } finally {
    if (source !== undefined) closeSync(source);
    closeSync(target);
  }
  return { failures };
}
