/** Default settings of TP-Link routers: markup under DES with a key that is the same in every device and stands in its own library (libcmm). */
import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Of defaults in file systems, and of backups that a device hands out. */
const KEYS = ['478da50ff9e3d2cb', '478da50bf9e3d2cf'].map((key) => Buffer.from(key.repeat(3), 'hex'));
/** All of them begin so, a block long: under one key that is one number. */
const START = '<?xml ve';

export interface Disguise {
  readonly key: Buffer;
  readonly start: Buffer;
}

/** How each key disguises the start. Three times the same key is single DES, which OpenSSL no longer speaks. */
export const DISGUISES: readonly Disguise[] = KEYS.map((key) => {
  const cipher = createCipheriv('des-ede3', key, null).setAutoPadding(false);
  return { key, start: cipher.update(START, 'latin1') };
});

/** The settings in clear, without what fills the last block. */
export function undisguised(bytes: Uint8Array): Buffer | undefined {
  const found = DISGUISES.find(({ start }) => start.equals(bytes.subarray(0, start.length)));
  if (found === undefined) return undefined;
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 8));
  const text = createDecipheriv('des-ede3', found.key, null).setAutoPadding(false).update(whole);
  let end = text.length;
  while (end > 0 && text[end - 1] === 0) end -= 1;
  return text.subarray(0, end);
}
