/** Extended attributes of ext inodes: in the inode itself and in a block of their own. */
import type { Blob } from '../../lib/blob.ts';
import { Fields } from './ordered-fields.ts';

/** Name of the attribute that holds what of inline data does not fit into the inode. */
export const INLINE = 'system.data';
const PREFIXES = [
  '',
  'user.',
  'system.posix_acl_access',
  'system.posix_acl_default',
  'trusted.',
  '',
  'security.',
  'system.',
  'system.richacl',
];
const MAGIC = 0xea020000;

export function extXattrs(blob: Blob, raw: Fields, blockSize: number): { [name: string]: string } {
  const found: { [name: string]: string } = {};
  if (raw.size > 132) {
    const start = 128 + raw.u16(128);
    if (start + 4 <= raw.size && raw.u32(start) === MAGIC)
      take(new Fields(raw.slice(start + 4, raw.size - start - 4), true), 0, found);
  }
  const place = raw.u32(104) + raw.u16(118) * 2 ** 32;
  if (place !== 0) {
    const block = new Fields(blob.read(place * blockSize, blockSize), true);
    if (block.size === blockSize && block.u32(0) === MAGIC) take(block, 32, found);
  }
  return found;
}

/** Entries from `at` on; values are placed from the start of `fields`. */
function take(fields: Fields, at: number, found: { [name: string]: string }): void {
  for (let entry = at; entry + 16 <= fields.size && fields.u32(entry) !== 0; ) {
    const length = fields.u8(entry);
    const name = (PREFIXES[fields.u8(entry + 1)] ?? '') + fields.text(entry + 16, length);
    const [offset, inode, size] = [fields.u16(entry + 2), fields.u32(entry + 4), fields.u32(entry + 8)];
    // Values in inodes of their own are large and rare; their names alone are kept.
    found[name] = inode === 0 ? Buffer.from(fields.slice(offset, size)).toString('latin1') : '';
    entry += (16 + length + 3) & ~3;
  }
}
