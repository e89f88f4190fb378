/** RAR archives of versions 4 and 5; their end by their own chain of blocks. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { openBySevenZip } from './by-seven-zip.ts';

const MOST_BLOCKS = 1_000_000;

function endOf4(blob: Blob, offset: number): number | undefined {
  let at = offset + 7;
  for (let blocks = 0; blocks < MOST_BLOCKS; blocks++) {
    const head = header(blob, at, 7);
    if (head === undefined) return undefined;
    const size = head.readUInt16LE(5);
    if (size < 7 || head[2]! < 0x72 || head[2]! > 0x7b) return undefined;
    const more = (head.readUInt16LE(3) & 0x8000) === 0 ? 0 : (header(blob, at + 7, 4)?.readUInt32LE(0) ?? 0);
    at += size + more;
    if (head[2] === 0x7b) return at;
  }
  return undefined;
}

/** A number of seven bits a byte, low first (RAR 5.0 archive format, «vint»). */
function vint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return { value, next: at + index + 1 };
  }
  return { value: Number.NaN, next: at };
}

function endOf5(blob: Blob, offset: number): number | undefined {
  let at = offset + 8;
  for (let blocks = 0; blocks < MOST_BLOCKS; blocks++) {
    const bytes = blob.read(at + 4, 64);
    const size = vint(bytes, 0);
    const type = vint(bytes, size.next);
    const flags = vint(bytes, type.next);
    const extra = (flags.value & 1) === 1 ? vint(bytes, flags.next) : { value: 0, next: flags.next };
    const data = (flags.value & 2) === 2 ? vint(bytes, extra.next) : { value: 0, next: extra.next };
    if (
      bytes.length < 3 ||
      !(size.value > 0) ||
      !(type.value >= 1 && type.value <= 5) ||
      !Number.isSafeInteger(data.value)
    )
      return undefined;
    at += 4 + size.next + size.value + data.value;
    if (type.value === 5) return at;
  }
  return undefined;
}

export const rar: Unpacker = {
  id: 'archive/rar',
  title: 'RAR archive',
  class: 'archive',
  magic: [{ bytes: [...ascii('Rar!'), 0x1a, 0x07, 0x00] }, { bytes: [...ascii('Rar!'), 0x1a, 0x07, 0x01, 0x00] }],
  locate(blob, offset) {
    const recent = blob.read(offset + 6, 1)[0] === 1;
    const end = recent ? endOf5(blob, offset) : endOf4(blob, offset);
    return end === undefined ? undefined : { start: offset, end, note: recent ? 'version 5' : 'version 4' };
  },
  unpack: (container, into, context) =>
    openBySevenZip(container, into, context, container.read(6, 1)[0] === 1 ? 'Rar5' : 'Rar'),
};
