/** A U-Boot environment as it lies in flash: a CRC-32, in redundant copies a byte that says which is newer, then variables that end with NUL each. */
import { crc32 } from 'node:zlib';

export interface StoredEnvironment {
  /** Of one of two copies: counts up, or is 1 for the one in force. */
  readonly flag?: number;
  /** From the first variable on. */
  readonly variables: Buffer;
}

/** Undefined where neither form's sum holds; the byte of a copy may look like a letter, so that the sum decides. */
export function storedEnvironment(bytes: Uint8Array): StoredEnvironment | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < 16) return undefined;
  const stated = [buffer.readUInt32LE(0), buffer.readUInt32BE(0)];
  for (const start of [4, 5]) {
    const variables = buffer.subarray(start);
    if (!stated.includes(crc32(variables))) continue;
    const flag = start === 5 ? { flag: buffer[4] ?? 0 } : {};
    return { ...flag, variables };
  }
  return undefined;
}

/** Which of two copies whose sums hold U-Boot takes (env_import_redund): the higher number, 0 after 255, else the first. */
export function newerOf(first: number, second: number): 0 | 1 {
  if (first === 255 && second === 0) return 1;
  if (second === 255 && first === 0) return 0;
  return second > first ? 1 : 0;
}
