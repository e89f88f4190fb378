/** Android boot images (header versions 0 to 4): kernel, ramdisk, second stage, device tree. */
import { align, ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import { givePartitions } from './partitioned.ts';

interface Boot {
  readonly version: number;
  readonly name: string;
  readonly page: number;
  readonly partitions: readonly Partition[];
  readonly end: number;
}

function bootAt(blob: Blob, offset: number): Boot | undefined {
  const head = header(blob, offset, 1660);
  if (head === undefined) return undefined;
  const stated = head.readUInt32LE(40);
  const recent = stated === 3 || stated === 4;
  const page = recent ? 4096 : head.readUInt32LE(36);
  if (page < 2048 || page > 65_536 || (page & (page - 1)) !== 0) return undefined;
  const version = stated <= 4 ? stated : 0;
  const sizes: [string, number][] = recent
    ? [
        ['kernel', head.readUInt32LE(8)],
        ['ramdisk', head.readUInt32LE(12)],
        ['signature', version === 4 ? head.readUInt32LE(1580) : 0],
      ]
    : [
        ['kernel', head.readUInt32LE(8)],
        ['ramdisk', head.readUInt32LE(16)],
        ['second', head.readUInt32LE(24)],
        ['recovery-dtbo', version >= 1 ? head.readUInt32LE(1632) : 0],
        ['dtb', version >= 2 ? head.readUInt32LE(1648) : 0],
      ];
  let at = page;
  const partitions: Partition[] = [];
  for (const [name, size] of sizes) {
    if (size > 2 ** 31) return undefined;
    if (size > 0) partitions.push({ name, start: at, end: at + size });
    at = align(at + size, page);
  }
  if (partitions[0]?.name !== 'kernel' && partitions[0]?.name !== 'ramdisk') return undefined;
  return { version, name: recent ? '' : (printable(head.subarray(48, 64)) ?? ''), page, partitions, end: at };
}

export const androidBoot: Unpacker = {
  id: 'image/android-boot',
  title: 'Android boot image',
  class: 'image',
  magic: [{ bytes: ascii('ANDROID!') }],
  locate(blob, offset) {
    const boot = bootAt(blob, offset);
    if (boot === undefined) return undefined;
    const last = boot.partitions.at(-1)?.end ?? 0;
    // The pad of the last page may be missing.
    const end = offset + boot.end > blob.size && offset + last <= blob.size ? blob.size : offset + boot.end;
    return { start: offset, end, note: `version ${boot.version}${boot.name === '' ? '' : `, ${boot.name}`}` };
  },
  async unpack(container, into) {
    const boot = bootAt(container, 0);
    if (boot === undefined) throw new FaultError('malformed', 'no boot header');
    await givePartitions(container, { partitions: boot.partitions, table: boot.page, end: container.size }, into);
  },
};
