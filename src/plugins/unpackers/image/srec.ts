/** Motorola S-record files: the bytes that they stand for, one part for each run of addresses. */
import { hexRuns, linesOf, sRecord } from '../../../codecs/formats/hex-records.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const srec: Unpacker = {
  id: 'image/srec',
  title: 'Motorola S-record file',
  class: 'image',
  magic: [],
  whole: true,
  locate(blob, offset) {
    if (offset !== 0 || blob.read(0, 1)[0] !== 0x53) return undefined;
    let lines = 0;
    for (const line of linesOf(blob.slice(0, 4096))) {
      if (lines >= 4) break;
      if (sRecord(line) === undefined) return undefined;
      lines += 1;
    }
    return lines < 2 ? undefined : { start: 0, end: blob.size };
  },
  async unpack(container, into) {
    for (const { address, bytes } of hexRuns(container, sRecord)) await into.part(`0x${address.toString(16)}`, [bytes]);
  },
};
