/** MCUboot images: header, code, protected and plain trailer of tags. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const ENCRYPTED = 0x04 | 0x08;

interface Image {
  readonly flags: number;
  readonly code: number;
  readonly end: number;
  readonly version: string;
}

function imageAt(blob: Blob, offset: number): Image | undefined {
  const head = header(blob, offset, 32);
  if (head === undefined) return undefined;
  const size = head.readUInt16LE(8);
  const protectedSize = head.readUInt16LE(10);
  const code = size + head.readUInt32LE(12);
  if (size < 32 || head.readUInt32LE(28) !== 0) return undefined;
  const trailer = header(blob, offset + code + protectedSize, 4);
  const first = header(blob, offset + code, 4);
  if (protectedSize > 0 && (first?.readUInt16LE(0) !== 0x6908 || first.readUInt16LE(2) !== protectedSize))
    return undefined;
  const tagged = trailer?.readUInt16LE(0) === 0x6907;
  const end = code + protectedSize + (tagged && trailer !== undefined ? trailer.readUInt16LE(2) : 0);
  const version = `${head[20]}.${head[21]}.${head.readUInt16LE(22)}+${head.readUInt32LE(24)}`;
  return { flags: head.readUInt32LE(16), code, end, version };
}

export const mcuboot: Unpacker = {
  id: 'image/mcuboot',
  title: 'MCUboot image',
  class: 'leaf',
  magic: [{ bytes: [0x3d, 0xb8, 0xf3, 0x96] }],
  locate(blob, offset) {
    const image = imageAt(blob, offset);
    return image === undefined ? undefined : { start: offset, end: offset + image.end, note: image.version };
  },
  async unpack(container, into) {
    const image = imageAt(container, 0);
    if (image === undefined || (image.flags & ENCRYPTED) === 0) return;
    into.note({ start: 32, end: image.code, what: 'encrypted code', kind: 'encrypted' });
    throw new FaultError('encrypted', 'the code of the MCUboot image is encrypted');
  },
};
