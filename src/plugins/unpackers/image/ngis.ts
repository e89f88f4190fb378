/** Signed wrappers of IKEA's Zigbee files: a header, the Zigbee file, a signature. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

function placesAt(blob: Blob, offset: number): { start: number; end: number } | undefined {
  const head = header(blob, offset, 28);
  if (head === undefined) return undefined;
  const start = head.readUInt32LE(16);
  const end = start + head.readUInt32LE(20);
  return start >= 28 && start < 65_536 && end <= blob.size - offset ? { start, end } : undefined;
}

export const ngis: Unpacker = {
  id: 'image/ngis',
  title: 'IKEA signed file',
  class: 'image',
  magic: [{ bytes: ascii('NGIS') }],
  locate(blob, offset) {
    const places = placesAt(blob, offset);
    const signature = header(blob, offset + 24, 4)?.readUInt32LE(0);
    if (places === undefined || signature === undefined || signature < places.end) return undefined;
    return { start: offset, end: blob.size };
  },
  async unpack(container, into) {
    const places = placesAt(container, 0);
    if (places !== undefined) await into.part('payload', container.slice(places.start, places.end));
  },
};
