/** TFTP read requests and what answers them (RFC 1350). */
import { printable } from './stream-reader.ts';

export const tftpRead = (name: string): Buffer =>
  Buffer.concat([Buffer.of(0, 1), Buffer.from(name, 'latin1'), Buffer.of(0), Buffer.from('octet'), Buffer.of(0)]);

export type TftpAnswer =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

/** A first data block, or an error; undefined for anything else. */
export function parseTftp(bytes: Uint8Array): TftpAnswer | undefined {
  if (bytes.length < 4 || bytes[0] !== 0) return undefined;
  const number = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  if (bytes[1] === 3 && number === 1 && bytes.length <= 516) return { kind: 'data', bytes: bytes.subarray(4) };
  if (bytes[1] === 5 && number <= 8 && bytes.at(-1) === 0)
    return { kind: 'error', code: number, message: printable(bytes.subarray(4, -1)) };
  return undefined;
}
