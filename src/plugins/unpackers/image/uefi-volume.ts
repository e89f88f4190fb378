/** UEFI firmware volumes (PI 1.8, volume 3): located by header and checksum, variable stores among them; not opened. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

/** EFI_SYSTEM_NV_DATA_FV_GUID: holds variables, which are data and not files. */
const VARIABLES = '8d2bf1ff96768b4ca9852747075b4f50';

export const uefiVolume: Unpacker = {
  id: 'image/uefi-volume',
  title: 'UEFI firmware volume',
  class: 'leaf',
  magic: [{ bytes: ascii('_FVH'), at: 40 }],
  locate(blob, offset) {
    const head = header(blob, offset, 56);
    if (head === undefined) return undefined;
    const size = Number(head.readBigUInt64LE(32));
    const length = head.readUInt16LE(48);
    const whole = length >= 56 && length <= 4096 && length % 2 === 0 ? header(blob, offset, length) : undefined;
    if (whole === undefined || size < length || !Number.isSafeInteger(size)) return undefined;
    let sum = 0;
    for (let at = 0; at < length; at += 2) sum = (sum + whole.readUInt16LE(at)) & 0xffff;
    if (sum !== 0) return undefined;
    const kind = head.toString('hex', 16, 32) === VARIABLES ? 'variables' : 'files';
    return { start: offset, end: offset + size, note: kind };
  },
  async unpack(container, into) {
    if (Buffer.from(container.read(16, 16)).toString('hex') === VARIABLES) return;
    into.note({ start: 0, end: container.size, what: 'firmware volume: located, not read', kind: 'unknown' });
    into.broken('', 'UEFI firmware volume: located, its files are not read');
  },
};
