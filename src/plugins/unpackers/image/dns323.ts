/** Headers of D-Link's DNS-320 family in front of a kernel and a ramdisk in uImages, which are found by themselves. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

const SIZE = 128;

export const dns323: Unpacker = {
  id: 'image/dns323',
  title: 'D-Link DNS-32x image header',
  class: 'leaf',
  magic: [
    { bytes: [0x55, 0xaa, ...ascii('DNS')], at: 0x30 },
    { bytes: [0x55, 0xaa, ...ascii('FrodoII')], at: 0x30 },
  ],
  locate(blob, offset) {
    const head = header(blob, offset, SIZE);
    const name = head === undefined ? undefined : printable(head.subarray(0x32, 0x3a));
    if (name === undefined || head?.readUInt32LE(0) !== SIZE) return undefined;
    return { start: offset, end: offset + SIZE, note: name };
  },
};
