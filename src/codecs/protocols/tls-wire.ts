/** Bytes of TLS: writing vectors, reading them back with every length checked. RFC 8446 §3, RFC 5246 §4. */
import { FaultError } from '../../lib/fault.ts';

export const u8 = (value: number): Buffer => Buffer.from([value & 0xff]);
export const u16 = (value: number): Buffer => Buffer.from([(value >> 8) & 0xff, value & 0xff]);
export const u24 = (value: number): Buffer => Buffer.from([(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]);
export const vector8 = (bytes: Uint8Array): Buffer => Buffer.concat([u8(bytes.length), bytes]);
export const vector16 = (bytes: Uint8Array): Buffer => Buffer.concat([u16(bytes.length), bytes]);
/** Of three hundred suites a hello: written in place. */
export function u16s(values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 2);
  let at = 0;
  for (const value of values) at = bytes.writeUInt16BE(value & 0xffff, at);
  return bytes;
}

/** Reads forward; throws FaultError `malformed` where a length goes beyond the bytes there are. */
export class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  take(count: number): Uint8Array {
    if (count > this.left) throw new FaultError('malformed', 'a TLS message is shorter than it says');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
  number(width: 1 | 2 | 3 | 4): number {
    let value = 0;
    for (const byte of this.take(width)) value = value * 256 + byte;
    return value;
  }
  vector(width: 1 | 2 | 3): Uint8Array {
    return this.take(this.number(width));
  }
}

export interface Extension {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Extensions of a hello by type; the first of a type counts. */
export function readExtensions(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const cursor = new Cursor(bytes);
  while (cursor.left > 0) {
    const type = cursor.number(2);
    const body = cursor.vector(2);
    if (!found.has(type)) found.set(type, body);
  }
  return found;
}

export const VERSIONS = {
  SSLv2: 0x0002,
  SSLv3: 0x0300,
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
  DTLSv1: 0xfeff,
  'DTLSv1.2': 0xfefd,
} as const;
export type VersionName = keyof typeof VERSIONS;

export const versionName = (wire: number): VersionName | undefined =>
  (Object.keys(VERSIONS) as VersionName[]).find((name) => VERSIONS[name] === wire);

const ALERTS: { readonly [code: number]: string } = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
};
export const alertName = (code: number): string => ALERTS[code] ?? `alert ${code}`;
