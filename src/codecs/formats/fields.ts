/** Reading numbers and names out of fixed headers. */
import type { Blob } from '../../lib/blob.ts';

/** `length` bytes at `offset` as a Buffer, or nothing when there are fewer: the one length check that a header needs. */
export function header(blob: Blob, offset: number, length: number): Buffer | undefined {
  const bytes = blob.read(offset, length);
  return bytes.length < length ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes up to the first NUL as UTF-8, or Latin-1 where they are not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const part = end === -1 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part);
  } catch {
    return Buffer.from(part).toString('latin1');
  }
}

/** The text of a fixed field when all of it is printable ASCII up to its NULs; undefined otherwise. */
export function printable(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  const part = end === -1 ? bytes : bytes.subarray(0, end);
  for (const byte of part) if (byte < 0x20 || byte > 0x7e) return undefined;
  return Buffer.from(part).toString('latin1').trim();
}

export const align = (value: number, to: number): number => Math.ceil(value / to) * to;

export const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];
