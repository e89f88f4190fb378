/** IMG0 images of routers with VxWorks (TP-Link, Mercury, Fast): a header that says where boot code, system and pages lie. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const HEAD = 0x80;
/** Pairs of offset and size, up to the end of the header. */
const PAIRS = 0x40;

function read(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, HEAD);
  if (head === undefined) return undefined;
  const size = head.readUInt32BE(4);
  const partitions: Partition[] = [];
  for (let at = PAIRS; at < HEAD; at += 8) {
    const [start, length] = [head.readUInt32BE(at), head.readUInt32BE(at + 4)];
    if (start === 0 && length === 0) break;
    if (start < HEAD || length === 0 || start + length > size) return undefined;
    partitions.push({ name: `part-${partitions.length}`, start, end: start + length });
  }
  return partitions.length === 0
    ? undefined
    : { end: size, note: `${partitions.length} parts`, table: HEAD, partitions };
}

export const img0 = headed({ id: 'image/img0', title: 'IMG0 image', magic: [{ bytes: ascii('IMG0') }] }, read);
