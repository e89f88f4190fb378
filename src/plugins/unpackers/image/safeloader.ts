/** TP-Link images for the safe loader: a table of text lines (`fwup-ptn NAME base 0x… size 0x…`) behind a vendor's string. */
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

/** Size and MD5, then the vendor's string; the payload and its table start here. */
const PAYLOAD = 0x1014;
const TABLE = 0x800;
const LINE = /^fwup-ptn (\S{1,64}) base 0x([0-9a-fA-F]{1,8}) size 0x([0-9a-fA-F]{1,8})\s*$/;

function read(blob: Blob, offset: number): Headed | undefined {
  const head = header(blob, offset, PAYLOAD);
  const text = header(blob, offset + PAYLOAD, TABLE)?.toString('latin1');
  if (head === undefined || text === undefined) return undefined;
  const partitions: Partition[] = [];
  let lines = 0;
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) break;
    lines += 1;
    const start = PAYLOAD + Number.parseInt(match[2] ?? '0', 16);
    const end = start + Number.parseInt(match[3] ?? '0', 16);
    // The table may list itself, as a partition of the flash.
    if (end > start && start >= PAYLOAD + TABLE) partitions.push({ name: match[1] ?? '', start, end });
  }
  if (lines === 0) return undefined;
  const length = head.readUInt32BE(20);
  const vendor = length > 0 && length < 0xffc ? printable(head.subarray(24, 24 + Math.min(length, 60))) : undefined;
  return {
    end: Math.max(PAYLOAD + TABLE, ...partitions.map((one) => one.end)),
    note: [vendor, `${lines} partitions`].filter((part) => part !== undefined && part !== '').join(', '),
    table: PAYLOAD + TABLE,
    partitions,
  };
}

export const safeloader = headed(
  { id: 'image/safeloader', title: 'TP-Link safe loader image', magic: [{ bytes: ascii('fwup-ptn '), at: PAYLOAD }] },
  read,
);
