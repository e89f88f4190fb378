/** Files of ISO 9660 that are kept compressed (zisofs, version 1): zlib blocks behind a list of where they start. */
import { inflateSync } from 'node:zlib';
import { FaultError } from '../../lib/fault.ts';
import { zeros } from './inodes.ts';
import type { Fields } from './ordered-fields.ts';

const MAGIC = '37e45396c9dbd607';

export function* unzisofs(fields: Fields, size: number): Generator<Uint8Array> {
  if (Buffer.from(fields.slice(0, 8)).toString('hex') !== MAGIC || fields.u32(8) !== size)
    throw new FaultError('malformed', 'a compressed file has no header');
  const header = fields.u8(12) * 4;
  const bits = fields.u8(13);
  if (bits < 12 || bits > 17) throw new FaultError('malformed', 'a compressed file has blocks of no possible size');
  const block = 2 ** bits;
  for (let i = 0; i * block < size; i += 1) {
    const [from, to] = [fields.u32(header + i * 4), fields.u32(header + i * 4 + 4)];
    const wanted = Math.min(block, size - i * block);
    if (from === to) yield* zeros(wanted);
    else yield inflated(fields.slice(from, to - from), wanted);
  }
}

function inflated(bytes: Uint8Array, wanted: number): Uint8Array {
  try {
    const out = inflateSync(bytes, { maxOutputLength: wanted });
    if (out.length === wanted) return out;
  } catch (thrown) {
    throw new FaultError('malformed', 'a block of a compressed file is no zlib data', { cause: thrown });
  }
  throw new FaultError('malformed', 'a block of a compressed file holds less than it should');
}
