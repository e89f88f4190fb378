/** Images with the tag of Broadcom's CFE: numbers in decimal text, root file system and kernel by their addresses in flash. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const TAG = 256;

function read(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, TAG);
  if (head === undefined) return undefined;
  const number = (at: number, length: number): number => {
    const text = printable(head.subarray(at, at + length)) ?? '';
    return /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  };
  const [chip, board] = [printable(head.subarray(38, 44)), printable(head.subarray(44, 60))];
  const [total, cfe, cfeSize] = [number(62, 10), number(72, 12), number(84, 10)];
  const [root, rootSize, kernel, kernelSize] = [number(94, 12), number(106, 10), number(116, 12), number(128, 10)];
  if (chip === undefined || board === undefined || !(total >= 0) || !(rootSize >= 0) || !(kernelSize >= 0))
    return undefined;
  // Addresses are of the flash; what lies lowest comes first, the loader before all.
  const pieces = [
    { name: 'loader', address: cfeSize > 0 ? cfe - 2 ** 40 : 0, size: cfeSize > 0 ? cfeSize : 0 },
    { name: 'rootfs', address: root, size: rootSize },
    { name: 'kernel', address: kernel, size: kernelSize },
  ]
    .filter(({ size }) => size > 0)
    .sort((a, b) => a.address - b.address);
  let at = TAG;
  const partitions = pieces.map(({ name, size }) => {
    at += size;
    return { name, start: at - size, end: at };
  });
  if (partitions.length === 0) return undefined;
  return { end: Math.max(at, TAG + total), note: `chip ${chip}, board ${board}`, table: TAG, partitions };
}

export const broadcomTag = headed(
  {
    id: 'image/broadcom-tag',
    title: 'Broadcom CFE image',
    magic: [{ bytes: ascii('Broadcom Corporatio'), at: 4 }],
  },
  read,
);
