/** Key and signature files of signify, usign and minisign: a comment, then base64 of algorithm, key number and bytes. */
import { FaultError } from '../../lib/fault.ts';

export interface EdFile {
  /** `Ed` signs the message, `ED` its BLAKE2b-512 (minisign). */
  readonly algorithm: string;
  readonly number: string;
  readonly bytes: Buffer;
  readonly trusted?: { readonly comment: string; readonly signature: Buffer };
}

const strict = (line: string): Buffer => {
  const bytes = Buffer.from(line.trim(), 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== line.trim().replace(/=+$/, ''))
    throw new FaultError('malformed', 'a line that is no base64');
  return bytes;
};

/** A key file (32 bytes) or a signature file (64 bytes). Throws FaultError. */
export function edFileOf(text: string, size: 32 | 64): EdFile {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const first = lines[0]?.startsWith('untrusted comment: ') ? 1 : 0;
  const bytes = strict(lines[first] ?? '');
  if (bytes.length !== 10 + size) throw new FaultError('malformed', `${bytes.length} bytes in place of ${10 + size}`);
  const base = {
    algorithm: bytes.toString('latin1', 0, 2),
    number: bytes.toString('hex', 2, 10),
    bytes: bytes.subarray(10),
  };
  const comment = lines[first + 1] ?? '';
  if (!comment.startsWith('trusted comment: ')) return base;
  return { ...base, trusted: { comment: comment.slice(17), signature: strict(lines[first + 2] ?? '') } };
}
