/** Partition tables of Espressif chips, alone or in a flash dump (at 0x8000), guarded by an MD5. */
import { createHash } from 'node:crypto';
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

const SIZE = 0xc00;

export const espPartitionTable: Unpacker = {
  id: 'image/esp-partition-table',
  title: 'Espressif partition table',
  class: 'leaf',
  magic: [{ bytes: [0xaa, 0x50, 0x01] }, { bytes: [0xaa, 0x50, 0x00] }],
  locate(blob, offset) {
    const names: string[] = [];
    for (let at = 0; at < SIZE; at += 32) {
      const entry = header(blob, offset + at, 32);
      if (entry === undefined) return undefined;
      if (entry.readUInt16LE(0) === 0x50aa) {
        const name = printable(entry.subarray(12, 28));
        if (name === undefined || name === '' || entry.readUInt32LE(8) === 0) return undefined;
        names.push(name);
      } else if (entry.readUInt16LE(0) === 0xebeb) {
        const digest = createHash('md5').update(blob.read(offset, at)).digest();
        if (names.length === 0 || !digest.equals(entry.subarray(16))) return undefined;
        return { start: offset, end: offset + Math.min(SIZE, blob.size - offset), note: names.join(', ') };
      } else
        return names.length >= 2 && entry.every((byte) => byte === 0xff)
          ? { start: offset, end: offset + at, note: names.join(', ') }
          : undefined;
    }
    return undefined;
  },
};
