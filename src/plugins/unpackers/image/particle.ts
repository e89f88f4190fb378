/** Modules of Particle devices: addresses, dependencies and a CRC-32 at the end. */
import { crc32 } from 'node:zlib';
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

const FUNCTIONS = [
  'none',
  'resource',
  'bootloader',
  'monolithic firmware',
  'system part',
  'user part',
  'settings',
  'NCP firmware',
  'radio stack',
];

export const particle: Unpacker = {
  id: 'image/particle',
  title: 'Particle module',
  class: 'leaf',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const head = header(blob, offset, 24);
    if (head === undefined) return undefined;
    const size = head.readUInt32LE(4) - head.readUInt32LE(0);
    const stated = size < 24 || size > 2 ** 22 ? undefined : header(blob, offset + size, 4);
    if (stated === undefined || crc32(blob.read(offset, size)) !== stated.readUInt32BE(0)) return undefined;
    return {
      start: offset,
      end: offset + size + 4,
      note: `platform ${head.readUInt16LE(12)}, ${FUNCTIONS[head[14]!] ?? 'module'}`,
    };
  },
};
