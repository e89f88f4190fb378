/** Over-the-air files of RT-Thread (RBL), as Beken's Wi-Fi chips take them: one payload, packed or encrypted by algorithm. */
import { crc32 } from 'node:zlib';
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import { headed } from './headed.ts';

const SIZE = 96;
const CIPHERS = ['', 'XOR', 'AES-256'];
const PACKERS = ['', 'gzip', 'QuickLZ', 'FastLZ'];

export const rbl = headed(
  { id: 'image/rbl', title: 'RT-Thread over-the-air file', magic: [{ bytes: ascii('RBL\0') }] },
  (blob, offset) => {
    const head = header(blob, offset, SIZE);
    if (head === undefined || crc32(head.subarray(0, SIZE - 4)) !== head.readUInt32LE(SIZE - 4)) return undefined;
    const algorithm = head.readUInt16LE(4);
    const name = printable(head.subarray(12, 28)) ?? '';
    const version = printable(head.subarray(28, 52)) ?? '';
    const size = head.readUInt32LE(88);
    const how = [CIPHERS[algorithm & 0xf] ?? 'a cipher', PACKERS[(algorithm >> 8) & 0xf] ?? 'packed'].filter(Boolean);
    return {
      end: SIZE + size,
      note: [name, version, ...how].filter(Boolean).join(', '),
      table: SIZE,
      partitions: [{ name: name === '' ? 'payload' : name, start: SIZE, end: SIZE + size }],
      ...((algorithm & 0xf) === 0 ? {} : { sealed: { start: SIZE, end: SIZE + size } }),
    };
  },
);
