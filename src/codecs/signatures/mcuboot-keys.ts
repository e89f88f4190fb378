/** Public keys that a MCUboot is built with (`boot/zephyr/keys.c`): DER, in the loader that lies before the images. */

import { FaultError } from '../../lib/fault.ts';
import { derOf, derWhole, TAG } from '../formats/der.ts';
import { readCertificate } from '../formats/x509.ts';
import { type PublicKey, publicKey } from './public-key.ts';

/** The end of a slot (`boot_img_magic`), and the start of an image (`IMAGE_MAGIC`): the loader holds both as constants. */
const TRAILER = Buffer.from('77c295f360d2ef7f3552500f2cb67980', 'hex');
const IMAGE = Buffer.from('3db8f396', 'hex');
const MOST_KEYS = 32;
/** Of what begins like a key, so many are looked at. */
const MOST_TRIES = 200;
/** A certificate around a key starts at most so far before it. */
const AROUND = 2048;

const RSA = Buffer.from('300d06092a864886f70d0101010500', 'hex');
/** How keys start: RSAPublicKey with 2048 and 3072 bits; SPKI on P-256, on P-384, of Ed25519. */
const STARTS: readonly (readonly [Buffer, number, 'pkcs1' | 'spki'])[] = [
  [Buffer.from('3082010a0282010100', 'hex'), 270, 'pkcs1'],
  [Buffer.from('3082018a0282018100', 'hex'), 398, 'pkcs1'],
  [Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'), 91, 'spki'],
  [Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex'), 120, 'spki'],
  [Buffer.from('302a300506032b6570032100', 'hex'), 44, 'spki'],
];

/** Keys of a loader; undefined for what is none. Images behind the loader have keys of their own business. */
export function mcubootKeysIn(content: Buffer): readonly PublicKey[] | undefined {
  const bytes = content.subarray(0, firstImage(content));
  if (!bytes.includes(TRAILER) || !bytes.includes(IMAGE)) return undefined;
  const found: PublicKey[] = [];
  let tries = 0;
  for (const [start, size, form] of STARTS)
    for (let at = bytes.indexOf(start); at !== -1 && found.length < MOST_KEYS; at = bytes.indexOf(start, at + 1)) {
      if (tries++ > MOST_TRIES) return found;
      const key = keyOf(bytes.subarray(at, at + size), form);
      if (key !== undefined && !within(bytes, at, size)) found.push(key);
    }
  return found;
}

/** Where the first image starts whose tags are where its header says. */
function firstImage(bytes: Buffer): number {
  for (let at = bytes.indexOf(IMAGE); at !== -1; at = bytes.indexOf(IMAGE, at + 1)) {
    if (at + 32 > bytes.length) break;
    const tags = at + bytes.readUInt16LE(at + 8) + bytes.readUInt32LE(at + 12);
    const mark = tags + 2 <= bytes.length ? bytes.readUInt16LE(tags) : 0;
    if (mark === 0x6907 || mark === 0x6908) return at;
  }
  return bytes.length;
}

function keyOf(der: Buffer, form: 'pkcs1' | 'spki'): PublicKey | undefined {
  try {
    if (form === 'spki') return publicKey(der);
    derWhole(der, TAG.sequence);
    return publicKey(derOf(TAG.sequence, RSA, derOf(TAG.bits, Buffer.from([0]), der)));
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}

/** Keys in a bit string or in a certificate are those of servers and authorities. */
function within(bytes: Buffer, at: number, size: number): boolean {
  if (bytes[at - 1] === 0 && bytes[at - 5] === 0x03 && bytes[at - 4] === 0x82) return true;
  for (let start = Math.max(0, at - AROUND); start < at; start++) {
    if (bytes[start] !== 0x30 || bytes[start + 1] !== 0x82 || bytes[start + 4] !== 0x30) continue;
    const end = start + 4 + bytes.readUInt16BE(start + 2);
    if (end >= at + size && isCertificate(bytes.subarray(start, end))) return true;
  }
  return false;
}

function isCertificate(der: Buffer): boolean {
  try {
    readCertificate(der);
    return true;
  } catch {
    // What cannot be read is none.
    return false;
  }
}
