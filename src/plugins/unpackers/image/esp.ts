/** Application images of Espressif chips: segments, checksum, appended hash and signature blocks. */
import { createHash } from 'node:crypto';
import { align, header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';

const SECTOR = 4096;
/** A vector of 128 bytes and a digest of 64. */
const DIGEST = 192;

interface Image {
  readonly end: number;
  readonly note: string;
}

/** Segments from `first`; where the checksum byte lies, or nothing when a segment or the checksum is wrong. */
function checksumPlace(blob: Blob, count: number, first: number): number | undefined {
  let at = first;
  let sum = 0xef;
  for (let index = 0; index < count; index++) {
    const size = header(blob, at, 8)?.readUInt32LE(4);
    if (size === undefined || size > 16 * 2 ** 20 || at + 8 + size > blob.size) return undefined;
    for (const chunk of chunksOf(blob.slice(at + 8, at + 8 + size))) for (const byte of chunk) sum ^= byte;
    at += 8 + size;
  }
  const place = align(at + 1, 16) - 1;
  return blob.read(place, 1)[0] === sum ? place : undefined;
}

function imageAt(blob: Blob): Image | undefined {
  const head = header(blob, 0, 24);
  if (head === undefined) return undefined;
  const count = head[1]!;
  // ESP8266 images of the second version are two in one: the first (0xEA) is mapped, the second (0xE9) loaded.
  if (head[0] === 0xea && count === 4) {
    const size = head.readUInt32LE(12);
    const inner = size < blob.size ? imageAt(blob.slice(16 + size)) : undefined;
    return inner === undefined ? undefined : { end: 16 + size + inner.end, note: 'ESP8266, two parts' };
  }
  if (head[0] !== 0xe9 || count === 0 || count > 16 || head[2]! > 5) return undefined;
  const extended = checksumPlace(blob, count, 24);
  const place = extended ?? checksumPlace(blob, count, 8);
  if (place === undefined) return undefined;
  if (extended === undefined) return { end: tail8266(blob, place + 1), note: 'ESP8266' };
  let end = place + 1;
  if (head[23] === 1) {
    const digest = createHash('sha256').update(blob.read(0, end)).digest();
    if (digest.equals(blob.read(end, 32))) end += 32;
  }
  return { end: signedEnd(blob, end), note: descriptionOf(blob) };
}

/** Arduino cores append maps of constants and code behind the loaded segments: up to the next blank run it is the image. */
function tail8266(blob: Blob, end: number): number {
  return blob.size - end > 16 ? blob.size : end;
}

/** Secure boot: v2 has sectors with blocks 0xE7 behind a pad, v1 a block of 68 bytes with version 0. */
function signedEnd(blob: Blob, end: number): number {
  const sector = align(end, SECTOR);
  const block = header(blob, sector, 4);
  // Version 2 is RSA, version 3 ECDSA.
  if (block?.[0] === 0xe7 && (block[1] === 2 || block[1] === 3)) return sector + SECTOR;
  if (blob.size - end === 68 && header(blob, end, 4)?.readUInt32LE(0) === 0) return blob.size;
  return end;
}

function descriptionOf(blob: Blob): string {
  const app = header(blob, 32, 256);
  if (app?.readUInt32LE(0) !== 0xabcd5432) return 'ESP32 family';
  const version = printable(app.subarray(16, 48)) ?? '';
  const name = printable(app.subarray(48, 80)) ?? '';
  return `ESP32 family, ${name} ${version}`;
}

/** Secure boot of the first version keeps a vector and a digest in the first sector of flash; the boot loader follows. */
function behindDigest(blob: Blob): Image | undefined {
  const sector = header(blob, 0, SECTOR);
  if (sector === undefined || sector.subarray(DIGEST).some((byte) => byte !== 0xff)) return undefined;
  if (sector.subarray(0, DIGEST).every((byte) => byte === 0xff)) return undefined;
  const inner = imageAt(blob.slice(SECTOR));
  return inner === undefined ? undefined : { end: SECTOR + inner.end, note: `${inner.note}, behind its digest` };
}

export const esp: Unpacker = {
  id: 'image/esp',
  title: 'Espressif application image',
  class: 'leaf',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const image = imageAt(blob.slice(offset)) ?? behindDigest(blob.slice(offset));
    return image === undefined ? undefined : { start: offset, end: offset + image.end, note: image.note };
  },
};
