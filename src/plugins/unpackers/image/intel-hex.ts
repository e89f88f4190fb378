/** Intel HEX files: the bytes that they stand for, one part for each run of addresses. */
import { hexRuns, intelRecord, linesOf } from '../../../codecs/formats/hex-records.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const intelHex: Unpacker = {
  id: 'image/intel-hex',
  title: 'Intel HEX file',
  class: 'image',
  magic: [],
  whole: true,
  locate(blob, offset) {
    if (offset !== 0 || blob.read(0, 1)[0] !== 0x3a) return undefined;
    let lines = 0;
    for (const line of linesOf(blob.slice(0, 4096))) {
      if (line.trim() === '') continue;
      if (lines >= 8) break;
      if (intelRecord(line.trimEnd()) === undefined) return undefined;
      lines += 1;
    }
    return lines === 0 ? undefined : { start: 0, end: blob.size };
  },
  async unpack(container, into) {
    for (const { address, bytes } of hexRuns(container, (line) => intelRecord(line.trimEnd())))
      await into.part(`0x${address.toString(16)}`, [bytes]);
  },
};
