/** Images of Huawei's fibre terminals (HWNP): a table of items, each with the path or the flash partition that it goes to. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const HEAD = 36;
const ITEM = 360;
const MOST = 1024;

function read(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, HEAD);
  if (head === undefined) return undefined;
  const [count, products, itemSize] = [head.readUInt32LE(20), head.readUInt16LE(26), head.readUInt32LE(28)];
  if (count === 0 || count > MOST || itemSize !== ITEM) return undefined;
  const table = HEAD + products + count * ITEM;
  const items = header(blob, offset + HEAD + products, count * ITEM);
  if (items === undefined) return undefined;
  const partitions = Array.from({ length: count }, (_, index) => {
    const item = items.subarray(index * ITEM, (index + 1) * ITEM);
    const start = item.readUInt32LE(8);
    const section = printable(item.subarray(272, 288)) ?? '';
    return { name: printable(item.subarray(16, 272)) || section, start, end: start + item.readUInt32LE(12) };
  });
  if (partitions.some(({ start }) => start < table)) return undefined;
  const names = printable(blob.read(offset + HEAD, products)) ?? '';
  const end = Math.max(table, ...partitions.map((one) => one.end));
  return { end, note: `${count} items${names === '' ? '' : `, for ${names.slice(0, 60)}`}`, table, partitions };
}

export const hwnp = headed({ id: 'image/hwnp', title: 'Huawei HWNP image', magic: [{ bytes: ascii('HWNP') }] }, read);
