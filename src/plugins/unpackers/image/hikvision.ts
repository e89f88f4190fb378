/** Packages of Hikvision cameras (digicap.dav): a header behind a fixed XOR names files; newer ones encrypt what they hold. */
import { header, printable } from '../../../codecs/formats/fields.ts';
import type { Partition } from '../../../codecs/formats/partitions.ts';
import type { Blob } from '../../../lib/blob.ts';
import { type Headed, headed } from './headed.ts';

const KEY = [0xba, 0xcd, 0xbc, 0xfe, 0xd6, 0xca, 0xdd, 0xd3, 0xba, 0xb9, 0xa3, 0xab, 0xbf, 0xcb, 0xb5, 0xbe];
const HEAD = 64;
const ENTRY = 44;
const MOST = 64;

/** The key moves on by one with every 16 bytes. */
const plain = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.map((byte, index) => byte ^ KEY[(index + (index >> 4)) & 15]!));

function read(blob: Blob, offset: number): Headed | undefined {
  const raw = header(blob, offset, HEAD);
  if (raw === undefined) return undefined;
  const head = plain(raw);
  const table = head.readUInt32LE(8);
  const count = head.readUInt32LE(12);
  if (count === 0 || count > MOST || table < HEAD + count * ENTRY || table > 65_536) return undefined;
  const whole = header(blob, offset, table);
  if (whole === undefined) return undefined;
  const entries = plain(whole);
  const partitions: Partition[] = [];
  for (let index = 0; index < count; index++) {
    const at = HEAD + index * ENTRY;
    const name = printable(entries.subarray(at, at + 32));
    const [size, start] = [entries.readUInt32LE(at + 32), entries.readUInt32LE(at + 36)];
    if (name === undefined || name === '' || start < table) return undefined;
    partitions.push({ name, start, end: start + size });
  }
  return { end: Math.max(...partitions.map(({ end }) => end)), note: `${count} files`, table, partitions };
}

const magic = (text: string): { bytes: number[] } => ({ bytes: [...plain(Buffer.from(text))] });

export const hikvision = headed(
  { id: 'image/hikvision', title: 'Hikvision package', magic: [magic('SWKH'), magic('02KH')] },
  read,
);
