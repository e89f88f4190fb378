/** RAUC bundles: a SquashFS, in verity bundles its hash tree, and a CMS signature with its size at the end. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

/** SIGNED_DATA and ENVELOPED_DATA of PKCS #7. */
const CONTENT = [Buffer.from('06092a864886f70d010702', 'hex'), Buffer.from('06092a864886f70d010703', 'hex')];

/** Where the signature starts: it is DER of exactly the size that the last eight bytes state. */
function signatureOf(blob: Blob): number | undefined {
  const size = header(blob, blob.size - 8, 8)?.readBigUInt64BE(0);
  if (size === undefined || size < 64n || size > 16n * 2n ** 20n || Number(size) + 8 >= blob.size) return undefined;
  const start = blob.size - 8 - Number(size);
  const head = Buffer.from(blob.read(start, 32));
  return head[0] === 0x30 && CONTENT.some((oid) => head.includes(oid)) ? start : undefined;
}

/** The size of a SquashFS as its superblock states it, to a whole page. */
function squashfsSize(blob: Blob): number | undefined {
  const head = header(blob, 0, 96);
  if (head === undefined || head.toString('latin1', 0, 4) !== 'hsqs') return undefined;
  return Math.ceil(Number(head.readBigUInt64LE(40)) / 4096) * 4096;
}

export const rauc: Unpacker = {
  id: 'image/rauc',
  title: 'RAUC bundle',
  class: 'image',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const start = offset === 0 ? signatureOf(blob) : undefined;
    if (start === undefined) return undefined;
    const size = squashfsSize(blob);
    const form = size === undefined ? 'crypt' : size < start ? 'verity' : 'plain';
    return { start: 0, end: blob.size, note: form };
  },
  async unpack(container, into) {
    const signature = signatureOf(container);
    if (signature === undefined) throw new FaultError('malformed', 'no signature at the end of the bundle');
    const size = squashfsSize(container);
    if (size === undefined) {
      into.note({ start: 0, end: signature, what: 'encrypted payload', kind: 'encrypted' });
      throw new FaultError('encrypted', 'the payload of the RAUC bundle is encrypted');
    }
    await into.part('bundle', container.slice(0, Math.min(size, signature)));
  },
};
