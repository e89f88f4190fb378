/** ISO 9660 file systems, with the images that computers start from where they are no files of it. */
import { ascii, printable } from '../../../codecs/formats/fields.ts';
import { descriptors, type IsoVolume, isoVolume, openIso } from '../../../codecs/formats/iso9660.ts';
import { bootImages } from '../../../codecs/formats/iso9660-boot.ts';
import type { Sink, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { giveTree } from './tree.ts';

const DESCRIPTOR = 0x8000;

export const iso9660: Unpacker = {
  id: 'filesystem/iso9660',
  title: 'ISO 9660 file system',
  class: 'file-system',
  magic: [{ bytes: ascii('\x01CD001\x01'), at: DESCRIPTOR }],
  locate(blob, offset) {
    const [first] = descriptors(blob, offset);
    const volume = first === undefined ? undefined : isoVolume(first);
    if (volume === undefined) return undefined;
    return { start: offset, end: offset + volume.blocks * volume.blockSize, note: labelOf(volume) };
  },
  async unpack(container, into, context) {
    const source = openIso(container);
    await giveTree(source, into, context);
    await giveBootImages(container, into, source.extents);
  },
};

const labelOf = ({ label }: IsoVolume): string => printable(Buffer.from(label)) ?? '';

/** Most are files of the tree too, and then need not be looked at twice. */
async function giveBootImages(container: Blob, into: Sink, files: ReadonlySet<number>): Promise<void> {
  for (const { platform, start, size } of bootImages(container)) {
    if (files.has(start)) continue;
    if (size === 0 || start + size > container.size)
      into.broken(`boot-${platform}`, 'an image to boot from lies beyond the end of the volume');
    else await into.part(`boot-${platform}`, container.slice(start, start + size));
  }
}
