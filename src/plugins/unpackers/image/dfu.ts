/** USB DFU files: a payload with a suffix (DFU 1.1, B), or ST's DfuSe targets. */
import { crc32 } from 'node:zlib';
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { chunksOf } from '../../../lib/blob.ts';

const SUFFIX = 16;
/** Of NXP's LPC43xx boot ROM: precedes the code. */
const LPC_HEADER = 16;

export const dfu: Unpacker = {
  id: 'image/dfu',
  title: 'USB DFU file',
  class: 'image',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const suffix = header(blob, blob.size - SUFFIX, SUFFIX);
    if (offset !== 0 || blob.size <= SUFFIX || suffix === undefined) return undefined;
    if (suffix.toString('latin1', 8, 11) !== 'UFD' || suffix[11]! < SUFFIX) return undefined;
    const hex = (at: number): string => suffix.readUInt16LE(at).toString(16).padStart(4, '0');
    return { start: 0, end: blob.size, note: `device ${hex(4)}:${hex(2)}` };
  },
  async unpack(container, into) {
    const suffix = Buffer.from(container.read(container.size - SUFFIX, SUFFIX));
    let crc = 0;
    for (const chunk of chunksOf(container.slice(0, -4 + container.size))) crc = crc32(chunk, crc);
    if (~crc >>> 0 !== suffix.readUInt32LE(12)) into.broken('suffix', 'CRC of the DFU suffix does not match');
    const body = container.slice(0, container.size - suffix[11]!);
    const head = Buffer.from(body.read(0, 11));
    if (head.toString('latin1', 0, 5) !== 'DfuSe') {
      await into.part('payload', head[0] === 0xda && head[1] === 0xff ? body.slice(LPC_HEADER) : body);
      return;
    }
    let at = 11;
    for (let target = 0; target < head[10]!; target++) {
      const prefix = header(body, at, 274);
      if (prefix?.toString('latin1', 0, 6) !== 'Target') break;
      at += 274;
      const count = prefix.readUInt32LE(270);
      for (let element = 0; element < count && element < 256; element++) {
        const place = header(body, at, 8);
        if (place === undefined) break;
        await into.part(`0x${place.readUInt32LE(0).toString(16)}`, body.slice(at + 8, at + 8 + place.readUInt32LE(4)));
        at += 8 + place.readUInt32LE(4);
      }
    }
  },
};
