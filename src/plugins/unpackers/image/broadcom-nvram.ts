/** NVRAM of Broadcom boards (`FLSH`): settings of the device as NUL-separated variables, guarded by a CRC-8. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

const HEAD = 20;
const VERSION = 1;
/** The sum covers all from here on: itself and what precedes it excepted. */
const SUMMED = 9;
/** Boards set aside 32 or 64 KiB, some 128. */
const MOST = 1 << 17;

/** CRC-8 of the polynomial 0xD5, reflected, from 0xFF on. */
function sumOf(bytes: Uint8Array): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >> 1) ^ (crc & 1 ? 0xab : 0);
  }
  return crc;
}

/** Its bytes, where all holds that the format states: a sum of eight bits alone would come true by chance. */
function read(blob: Blob, offset: number): Buffer | undefined {
  const head = header(blob, offset, HEAD);
  const size = head?.readUInt32LE(4);
  if (head === undefined || size === undefined || head[9] !== VERSION || size <= HEAD || size > MOST) return undefined;
  const bytes = header(blob, offset, size);
  if (bytes === undefined || !/^[\w.:/-]{1,64}=/.test(bytes.toString('latin1', HEAD, HEAD + 65))) return undefined;
  const blank = bytes.subarray(endOf(bytes)).every((byte) => byte === 0);
  return blank && sumOf(bytes.subarray(SUMMED)) === bytes[8] ? bytes : undefined;
}

/** Where the last variable ends; zeros fill up to a multiple of four. */
function endOf(bytes: Buffer): number {
  const end = bytes.indexOf('\0\0', HEAD, 'latin1');
  return end < 0 ? bytes.length : end;
}

/** One variable a line, as `nvram show` prints them; a value of several lines keeps to one. */
function linesOf(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1', HEAD, endOf(bytes));
  return Buffer.from(text.replaceAll(/[\r\n]+/g, ' ').replaceAll('\0', '\n'), 'latin1');
}

export const broadcomNvram: Unpacker = {
  id: 'image/broadcom-nvram',
  title: 'Broadcom NVRAM',
  class: 'archive',
  magic: [{ bytes: ascii('FLSH') }],
  locate(blob, offset) {
    const bytes = read(blob, offset);
    return bytes === undefined ? undefined : { start: offset, end: offset + bytes.length, note: 'CRC-8 right' };
  },
  async unpack(container, into) {
    const bytes = read(container, 0);
    if (bytes === undefined) return;
    await into.file('nvram', [linesOf(bytes)]);
    into.note({ start: 0, end: bytes.length, what: 'variables', kind: 'understood' });
  },
};
