/** Encrypted images of D-Link (SHRS, encrpted_img): recognised and told, not read. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';

export const dlinkEncrypted: Unpacker = {
  id: 'image/dlink-encrypted',
  title: 'Encrypted D-Link image',
  class: 'image',
  magic: [{ bytes: ascii('SHRS') }, { bytes: ascii('encrpted_img') }],
  locate(blob, offset) {
    const head = header(blob, offset, 0x6dc);
    if (head === undefined) return undefined;
    const size = head.toString('latin1', 0, 4) === 'SHRS' ? 0x6dc + head.readUInt32BE(8) : 16 + head.readUInt32BE(12);
    return size > blob.size - offset || size < 0x1000 ? undefined : { start: offset, end: offset + size };
  },
  async unpack(container, into) {
    const start = Buffer.from(container.read(0, 4)).toString('latin1') === 'SHRS' ? 0x6dc : 16;
    into.note({ start, end: container.size, what: 'encrypted payload', kind: 'encrypted' });
    return Promise.reject(new FaultError('encrypted', 'the payload of the D-Link image is encrypted'));
  },
};
