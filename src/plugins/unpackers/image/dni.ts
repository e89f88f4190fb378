/** Netgear's images with a header of text (device, version, region); the last byte makes the sum of all 0xFF. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const HEAD = 128;

function read(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, HEAD);
  const text = head?.toString('latin1').replace(/\0+$/, '') ?? '';
  if (!/^device:[\x20-\x7e]+\nversion:[\x20-\x7e]+\nregion:[\x20-\x7e]*\n(?:[\x20-\x7e]+\n)*$/.test(text))
    return undefined;
  const end = blob.size - offset;
  let sum = 0;
  for (const chunk of chunksOf(blob.slice(offset))) for (const byte of chunk) sum = (sum + byte) & 0xff;
  // Without the sum nothing says where the image ends: the header is all that is known of it.
  if (sum !== 0xff) return { end: HEAD, note: noteOf(text), table: HEAD, partitions: [] };
  const sumByte = { name: 'sum', start: end - 1, end, table: true } as const;
  return { end, note: noteOf(text), table: HEAD, partitions: [{ name: 'image', start: HEAD, end: end - 1 }, sumByte] };
}

const noteOf = (text: string): string => text.trim().replaceAll('\n', ', ');

export const dni = headed({ id: 'image/dni', title: 'Netgear DNI image', magic: [{ bytes: ascii('device:') }] }, read);
