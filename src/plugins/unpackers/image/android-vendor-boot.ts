/** Android vendor boot images (versions 3 and 4): ramdisks, device tree, boot configuration. */
import { align, ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

function vendorBoot(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, 2128);
  if (head === undefined) return undefined;
  const version = head.readUInt32LE(8);
  const page = head.readUInt32LE(12);
  if ((version !== 3 && version !== 4) || page < 2048 || page > 65_536 || (page & (page - 1)) !== 0) return undefined;
  const name = printable(head.subarray(2080, 2096)) ?? '';
  const sizes: [string, number][] = [
    ['ramdisk', head.readUInt32LE(24)],
    ['dtb', head.readUInt32LE(2100)],
    ['ramdisk-table', version === 4 ? head.readUInt32LE(2112) : 0],
    ['bootconfig', version === 4 ? head.readUInt32LE(2124) : 0],
  ];
  const table = align(version === 4 ? 2128 : 2112, page);
  let at = table;
  const partitions: Partition[] = [];
  for (const [part, size] of sizes) {
    if (size > 2 ** 31) return undefined;
    const made = { name: part, start: at, end: at + size };
    if (size > 0) partitions.push(part === 'ramdisk-table' ? { ...made, table: true } : made);
    at = align(at + size, page);
  }
  if (partitions.length === 0) return undefined;
  const last = partitions.at(-1)?.end ?? 0;
  const end = offset + at > blob.size && offset + last <= blob.size ? blob.size - offset : at;
  return { end, note: `version ${version}${name === '' ? '' : `, ${name}`}`, table, partitions };
}

export const androidVendorBoot = headed(
  { id: 'image/android-vendor-boot', title: 'Android vendor boot image', magic: [{ bytes: ascii('VNDRBOOT') }] },
  vendorBoot,
);
