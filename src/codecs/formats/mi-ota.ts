/**
 * The signed trailer of over-the-air firmware for Mijia (MiBLE) accessories, as real images carry it: behind the firmware
 * four zero bytes, the mark `MI\xefTFOTA`, sizes, fields as tag, length, value; then PEM certificates from the signer's
 * issuer down to the signer, an ECDSA signature in DER, and filling. The signature is over all before the certificates.
 */
import type { Blob } from '../../lib/blob.ts';
import { header, printable } from './fields.ts';

export const MI_OTA_MARK: readonly number[] = [0x4d, 0x49, 0xef, 0x54, 0x46, 0x4f, 0x54, 0x41];
/** The mark's offset in the trailer. */
export const MI_OTA_MARK_AT = 4;

export interface MiOta {
  /** Offsets in the file: firmware [0, trailer), signed [0, certificates). */
  readonly trailer: number;
  readonly certificates: number;
  readonly signature: number;
  readonly end: number;
  readonly product: number;
  /** `1.1.1_0018`. */
  readonly version?: string;
  /** `lumi.flood.bmcn01`. */
  readonly model?: string;
}

/** mark, a number, size of the trailer's head, product, size of the firmware, size of the certificates. */
const FIXED = 28;
const MOST_HEAD = 1024;
const MOST_CERTIFICATES = 16_384;
const PEM = '-----BEGIN CERTIFICATE-----';

/** The trailer that starts at an offset; undefined where its sizes do not fit what is there. */
export function miOtaAt(blob: Blob, trailer: number): MiOta | undefined {
  const head = header(blob, trailer, FIXED);
  if (head === undefined || !head.subarray(MI_OTA_MARK_AT, MI_OTA_MARK_AT + 8).equals(Buffer.from(MI_OTA_MARK)))
    return undefined;
  const size = head.readUInt16LE(16);
  const length = head.readUInt32LE(24);
  if (head.readUInt32LE(20) !== trailer || size < FIXED || size > MOST_HEAD || length > MOST_CERTIFICATES)
    return undefined;
  const certificates = trailer + size;
  const signature = certificates + length;
  if (header(blob, certificates, PEM.length)?.toString('latin1') !== PEM) return undefined;
  // SEQUENCE with a length of one byte: r and s of a 256-bit curve.
  const der = header(blob, signature, 2);
  if (der?.[0] !== 0x30 || (der[1] ?? 0) < 8 || (der[1] ?? 0) > 0x7f) return undefined;
  const fields = blob.read(trailer + FIXED, size - FIXED);
  const end = signature + 2 + (der[1] ?? 0);
  return {
    trailer,
    certificates,
    signature,
    end: end > blob.size ? blob.size : end + filling(blob, end),
    product: head.readUInt16LE(18),
    ...described(fields),
  };
}

/** Filling of 0xff up to the next word. */
function filling(blob: Blob, at: number): number {
  const rest = blob.read(at, Math.min(16, blob.size - at));
  const stop = rest.findIndex((byte) => byte !== 0xff);
  return stop === -1 ? rest.length : stop;
}

const VERSION = 1;
const MODEL = 4;

function described(fields: Uint8Array): Pick<MiOta, 'version' | 'model'> {
  const found: { version?: string; model?: string } = {};
  for (let at = 0; at + 2 <= fields.length; ) {
    const [tag = 0, length = 0] = fields.subarray(at, at + 2);
    const value = Buffer.from(fields.subarray(at + 2, at + 2 + length));
    if (value.length < length) break;
    if (tag === VERSION && length === 5)
      found.version = `${value[0]}.${value[1]}.${value[2]}_${String(value.readUInt16LE(3)).padStart(4, '0')}`;
    const model = tag === MODEL ? printable(value) : undefined;
    if (model !== undefined) found.model = model;
    at += 2 + length;
  }
  return found;
}

/** Where the trailer of a whole file starts: looked for in its last 32 KiB only. */
export function miOtaOf(blob: Blob): MiOta | undefined {
  const from = Math.max(0, blob.size - 32_768);
  const tail = Buffer.from(blob.read(from, blob.size - from));
  const mark = Buffer.from(MI_OTA_MARK);
  for (let at = tail.lastIndexOf(mark), tries = 0; at >= MI_OTA_MARK_AT && tries < 16; tries++) {
    const found = miOtaAt(blob, from + at - MI_OTA_MARK_AT);
    if (found !== undefined) return found;
    at = tail.lastIndexOf(mark, at - 1);
  }
  return undefined;
}
