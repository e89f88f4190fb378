/** Encrypted images of D-Link with two headers MH01: an initialisation vector as text, the payload, a signature. Told, not read. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const HEAD = 16;

function read(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, 2 * HEAD);
  if (head === undefined || head.toString('latin1', HEAD, HEAD + 4) !== 'MH01') return undefined;
  const vector = head.readUInt32LE(HEAD + 4);
  const text = Buffer.from(blob.read(offset + 2 * HEAD, Math.min(vector, 256))).toString('latin1');
  if (vector === 0 || vector > 256 || !/^[0-9a-fA-F]+\s*\0?$/.test(text)) return undefined;
  const start = 2 * HEAD + vector;
  const end = start + head.readUInt32LE(HEAD + 8);
  const signed = HEAD + head.readUInt32LE(4) + head.readUInt32LE(8);
  return { end: Math.max(end, signed), table: start, partitions: [], sealed: { start, end } };
}

export const mh01 = headed(
  { id: 'image/mh01', title: 'Encrypted D-Link image (MH01)', magic: [{ bytes: ascii('MH01') }] },
  read,
);
