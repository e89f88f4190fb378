/** ZyXEL's RAS images: a header of 64 KiB with sums, sizes, version and board, then root file system and kernel. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const HEAD = 0x10000;
/** What of the header is used; all else is erased. */
const USED = 116;

/** Text up to what was erased. */
const erasedText = (bytes: Buffer): string | undefined =>
  printable(Buffer.from(bytes.map((byte) => (byte === 0xff ? 0 : byte))));

function read(blob: Blob, offset: number): Headed | undefined {
  const head = offset === 0 ? header(blob, 0, HEAD) : undefined;
  if (head === undefined || head.readUInt16BE(0) !== 0 || head.readUInt16BE(40) !== 0) return undefined;
  const [version, board] = [erasedText(head.subarray(8, 40)), erasedText(head.subarray(44, 108))];
  if (!version || !board || head.subarray(USED).some((byte) => byte !== 0xff)) return undefined;
  const [root, kernel] = [head.readUInt32BE(4), head.readUInt32BE(112)];
  const partitions = [{ name: 'rootfs', start: HEAD, end: HEAD + root }];
  if (kernel !== 0xffffffff) partitions.push({ name: 'kernel', start: HEAD + root, end: HEAD + root + kernel });
  const end = partitions.at(-1)?.end ?? HEAD;
  return end > blob.size ? undefined : { end, note: `${board}, ${version}`, table: HEAD, partitions };
}

export const ras = headed({ id: 'image/ras', title: 'ZyXEL RAS image', magic: [], whole: true }, read);
