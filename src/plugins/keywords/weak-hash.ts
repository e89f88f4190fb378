/** A hash whose collisions can be made (true) or not (false): MD2, MD4, MD5, SHA-0, SHA-1 and their like are weak. */
import type { Keyword } from '../../core/model/keyword.ts';

/** RFC 6151 (MD5), RFC 6149 (MD2), RFC 6150 (MD4), NIST SP 800-131A (SHA-1); RIPEMD-128 is 128 bits as MD5 is. */
const WEAK: ReadonlySet<string> = new Set([
  'md2',
  'md4',
  'md5',
  'sha',
  'sha0',
  'sha1',
  'ripemd',
  'ripemd128',
  'md5sha1',
]);

export const weakHash: Keyword = {
  name: 'weakHash',
  title: 'a weak hash:',
  operand: { type: 'boolean' },
  suits: ['string'],
  samples: () => ['md5', 'sha256'],
  satisfies: (value, operand) =>
    typeof value === 'string' && WEAK.has(value.toLowerCase().replaceAll(/[^a-z0-9]/g, '')) === operand,
};
