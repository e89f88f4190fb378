/** Pictures, sounds and databases: understood as they are, their ends by their own structure. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

function pngEnd(blob: Blob, offset: number): number | undefined {
  let at = offset + 8;
  for (let chunks = 0; chunks < 100_000; chunks++) {
    const head = header(blob, at, 8);
    if (head === undefined || !/^[A-Za-z]{4}$/.test(head.toString('latin1', 4, 8))) return undefined;
    at += 12 + head.readUInt32BE(0);
    if (head.toString('latin1', 4, 8) === 'IEND') return at;
  }
  return undefined;
}

function jpegEnd(blob: Blob, offset: number): number | undefined {
  let at = offset + 2;
  for (let segments = 0; segments < 10_000; segments++) {
    const head = header(blob, at, 4);
    if (head === undefined || head[0] !== 0xff) return undefined;
    if (head[1] === 0xda) return scanEnd(blob, at + 2 + head.readUInt16BE(2));
    at += 2 + head.readUInt16BE(2);
  }
  return undefined;
}

/** Coded data runs to the end mark; other scans and marks may lie between. */
function scanEnd(blob: Blob, from: number): number | undefined {
  for (let at = from; at < blob.size; at += 1 << 20) {
    const found = Buffer.from(blob.read(at, (1 << 20) + 1)).indexOf(Buffer.from([0xff, 0xd9]));
    if (found !== -1) return at + found + 2;
  }
  return undefined;
}

function gifEnd(blob: Blob, offset: number): number | undefined {
  const head = header(blob, offset, 13);
  if (head === undefined) return undefined;
  let at = offset + 13 + ((head[10]! & 0x80) === 0 ? 0 : 3 * 2 ** ((head[10]! & 7) + 1));
  for (let blocks = 0; blocks < 1_000_000; blocks++) {
    const kind = blob.read(at, 10);
    if (kind[0] === 0x3b) return at + 1;
    if (kind[0] === 0x21) at += 2;
    else if (kind[0] === 0x2c && kind.length === 10)
      at += 11 + ((kind[9]! & 0x80) === 0 ? 0 : 3 * 2 ** ((kind[9]! & 7) + 1));
    else return undefined;
    for (let size = blob.read(at, 1)[0]; size !== undefined && size !== 0; size = blob.read(at, 1)[0]) at += size + 1;
    at += 1;
  }
  return undefined;
}

function endOf(blob: Blob, offset: number): { end: number | undefined; note: string } | undefined {
  const head = header(blob, offset, 32);
  if (head === undefined) return undefined;
  const text = head.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return { end: pngEnd(blob, offset), note: 'PNG picture' };
  if (head.readUInt32BE(0) >>> 8 === 0xffd8ff) return { end: jpegEnd(blob, offset), note: 'JPEG picture' };
  if (/^GIF8[79]a/.test(text)) return { end: gifEnd(blob, offset), note: 'GIF picture' };
  if (/^RIFF.{4}(?:WAVE|AVI |WEBP)/s.test(text))
    return { end: offset + 8 + head.readUInt32LE(4), note: 'RIFF sound or picture' };
  if (text.startsWith('SQLite format 3\0')) {
    const pages = header(blob, offset + 28, 4)?.readUInt32BE(0) ?? 0;
    const page = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
    return page < 512 || pages === 0 ? undefined : { end: offset + page * pages, note: 'SQLite database' };
  }
  return undefined;
}

export const media: Unpacker = {
  id: 'image/media',
  title: 'Picture, sound or database',
  class: 'leaf',
  embedded: true,
  magic: [
    { bytes: ascii('\x89PNG\r\n\x1a\n') },
    { bytes: [0xff, 0xd8, 0xff, 0xe0] },
    { bytes: [0xff, 0xd8, 0xff, 0xe1] },
    { bytes: [0xff, 0xd8, 0xff, 0xdb] },
    { bytes: ascii('GIF89a') },
    { bytes: ascii('GIF87a') },
    { bytes: ascii('RIFF') },
    { bytes: ascii('SQLite format 3\0') },
  ],
  locate(blob, offset) {
    const found = endOf(blob, offset);
    if (found?.end === undefined || found.end > blob.size) return undefined;
    return { start: offset, end: found.end, note: found.note };
  },
};
