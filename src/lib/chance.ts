/** Random bytes for what is sent to a device: fresh, or from the seed of a recording, so that the same question is asked in the same bytes. */
import { createHmac, randomBytes } from 'node:crypto';

let seed: Uint8Array | undefined;

/** From here on all chance follows from this seed; once in a process, before anything is sent. */
export function seedChance(bytes: Uint8Array): void {
  seed = bytes;
}

/** Whether keys may be made anew: false while a recording is made or played. */
export const isSeeded = (): boolean => seed !== undefined;

/** `length` bytes for one purpose. With a seed, a purpose always gives the same ones. */
export function chance(length: number, purpose: string): Buffer {
  if (seed === undefined) return randomBytes(length);
  const blocks: Buffer[] = [];
  for (let at = 0; at * 32 < length; at += 1)
    blocks.push(createHmac('sha256', seed).update(`${at} ${purpose}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}
