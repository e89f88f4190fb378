/** Ember bootloader files (EBL) of EM3xx and early EFR32 chips: a chain of tags that begins with a header and ends with a CRC. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const SIGNATURE = 0xe350;
const END = 0xfc04;
const ENCRYPTED = 0xfb05;
const MOST = 65_536;
/** The file is filled up to a multiple of this. */
const BLOCK = 64;

/** Where the tags end, or undefined when they do not. */
function endOf(blob: Blob, offset: number): number | undefined {
  let at = offset;
  for (let count = 0; count < MOST; count += 1) {
    const tag = header(blob, at, 4);
    if (tag === undefined) return undefined;
    at += 4 + tag.readUInt16BE(2);
    if (tag.readUInt16BE(0) === END) return tag.readUInt16BE(2) === 4 ? at : undefined;
    // Tags of programs and their kin have the high byte set; the header alone has none, metadata 0x02.
    if (count > 0 && tag[0] !== 0x02 && tag.readUInt16BE(0) < 0xf000) return undefined;
  }
  return undefined;
}

export const ebl: Unpacker = {
  id: 'image/ebl',
  title: 'Ember bootloader file',
  class: 'leaf',
  magic: [{ bytes: [0xe3, 0x50], at: 6 }, { bytes: [0xfb, 0x05, 0x00, 0x04] }],
  locate(blob, offset) {
    const head = header(blob, offset, 8);
    if (head === undefined) return undefined;
    const encrypted = head.readUInt16BE(0) === ENCRYPTED;
    if (!encrypted && (head.readUInt16BE(0) !== 0 || head.readUInt16BE(6) !== SIGNATURE)) return undefined;
    const end = endOf(blob, offset);
    if (end === undefined) return undefined;
    // What fills the last block is erased flash.
    const fill = blob.read(end, (BLOCK - ((end - offset) % BLOCK)) % BLOCK);
    const filled = fill.every((byte) => byte === 0xff) ? fill.length : 0;
    return {
      start: offset,
      end: end + filled,
      note: encrypted ? 'encrypted' : `version 0x${head.toString('hex', 4, 6)}`,
    };
  },
  async unpack(container, into) {
    if (header(container, 0, 2)?.readUInt16BE(0) !== ENCRYPTED) return;
    into.note({ start: 0, end: container.size, what: 'encrypted tags', kind: 'encrypted' });
    throw new FaultError('encrypted', 'the program data of the EBL file is encrypted');
  },
};
