/** Signature algorithms of Android's packages by their numbers (AOSP, "APK Signature Scheme v2"). */
import type { Scheme } from '../../../codecs/signatures/check.ts';

export const ALGORITHMS: ReadonlyMap<number, Scheme> = new Map<number, Scheme>([
  [0x0101, { algorithm: 'RSASSA-PSS', hash: 'sha256', saltLength: 32 }],
  [0x0102, { algorithm: 'RSASSA-PSS', hash: 'sha512', saltLength: 64 }],
  [0x0103, { algorithm: 'RSASSA-PKCS1-v1_5', hash: 'sha256' }],
  [0x0104, { algorithm: 'RSASSA-PKCS1-v1_5', hash: 'sha512' }],
  [0x0201, { algorithm: 'ECDSA', hash: 'sha256', encoding: 'der' }],
  [0x0202, { algorithm: 'ECDSA', hash: 'sha512', encoding: 'der' }],
]);
