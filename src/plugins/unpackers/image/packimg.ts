/** Headers of one payload that say its size alone: PackImg between kernel and root file system, DKBS and a list of types of D-Link. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Magic } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

interface Found {
  readonly table: number;
  readonly size: number;
  readonly note?: string;
}

/** `--PaCkImGs--`, a word, the size of what follows the 32 bytes. */
function packImg(blob: Blob, offset: number): Found | undefined {
  const head = header(blob, offset, 32);
  if (head?.toString('latin1', 0, 12) !== '--PaCkImGs--') return undefined;
  const size = head.readUInt32LE(16);
  return { table: 32, size: size > blob.size - offset ? head.readUInt32BE(16) : size };
}

/** Board, version and place to boot from as text around the size. */
function dkbs(blob: Blob, offset: number): Found | undefined {
  const head = header(blob, offset, 0xa0);
  if (head === undefined) return undefined;
  const text = [head.subarray(0, 0x20), head.subarray(0x28, 0x48), head.subarray(0x70, 0x90)].map(printable);
  if (!text.every(Boolean) || text[0]?.slice(7, 13) !== '_dkbs_') return undefined;
  const big = head.readUInt32BE(0x68);
  return { table: 0xa0, size: big < 2 ** 24 ? big : head.readUInt32LE(0x68), note: text.join(', ') };
}

/** Model and board as text, an MD5 as text, the type 1 and the size of what it says. */
function tlv(blob: Blob, offset: number): Found | undefined {
  const head = header(blob, offset, 0x74);
  if (head?.readUInt32BE(0) !== 0x64801940 || head.readUInt32LE(0x6c) !== 1) return undefined;
  const [model, board] = [printable(head.subarray(4, 0x24)), printable(head.subarray(0x24, 0x44))];
  return !model || !board ? undefined : { table: 0x74, size: head.readUInt32LE(0x70), note: `${model}, ${board}` };
}

function read(blob: Blob, offset: number): Headed | undefined {
  const found = packImg(blob, offset) ?? dkbs(blob, offset) ?? tlv(blob, offset);
  if (found === undefined || found.size === 0) return undefined;
  const { table, size, note } = found;
  const partitions = [{ name: 'image', start: table, end: table + size }];
  return { end: table + size, table, partitions, ...(note === undefined ? {} : { note }) };
}

const magic: readonly Magic[] = [
  { bytes: ascii('--PaCkImGs--') },
  { bytes: ascii('_dkbs_'), at: 7 },
  { bytes: [0x64, 0x80, 0x19, 0x40] },
];

export const packimg = headed({ id: 'image/packimg', title: 'Image of one payload behind a header', magic }, read);
