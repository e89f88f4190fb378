/** Public keys as Android verified boot writes them (libavb, `AvbRSAPublicKeyHeader`), and where loaders carry them. */

import { memoryBlob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { HEAD, metaOf } from '../formats/avb.ts';
import { type PublicKey, rsaKey } from './public-key.ts';

const SIZES = [2048, 4096, 8192];
const MOST_KEYS = 64;
/** Of what begins like a key, so many are held against its arithmetic. */
const MOST_TRIES = 2000;
const MAGIC = 'AVB0';

/** Bits, an inverse, the modulus and a square, big-endian; the exponent is always 65537. */
export function avbKey(bytes: Buffer, bits: number): PublicKey {
  if (bytes.length !== 8 + bits / 4 || bytes.readUInt32BE(0) !== bits)
    throw new FaultError('malformed', 'the public key does not fit the algorithm');
  return rsaKey(bytes.subarray(8, 8 + bits / 8), Buffer.from([1, 0, 1]));
}

/** Keys that stand in a program by themselves; those within a vbmeta are what it was signed with, or what it hands on to. */
export function avbKeysIn(bytes: Buffer): readonly PublicKey[] {
  const found: PublicKey[] = [];
  let tries = 0;
  for (const bits of SIZES) {
    const lead = Buffer.alloc(4);
    lead.writeUInt32BE(bits);
    for (let at = bytes.indexOf(lead); at !== -1 && found.length < MOST_KEYS; at = bytes.indexOf(lead, at + 1)) {
      const key = bytes.subarray(at, at + 8 + bits / 4);
      if (key.length < 8 + bits / 4 || !mayBeKey(key, bits) || tries++ > MOST_TRIES) continue;
      if (isKey(key, bits) && !inMeta(bytes, at)) found.push(avbKey(key, bits));
    }
  }
  return found;
}

/** The numbers that speed up the arithmetic follow from the modulus: nothing else looks like that. */
const mayBeKey = (key: Buffer, bits: number): boolean =>
  (key[8] ?? 0) >= 0x80 && Math.imul(key.readUInt32BE(4 + bits / 8), key.readUInt32BE(4)) === -1;

function isKey(key: Buffer, bits: number): boolean {
  const end = 8 + bits / 8;
  const modulus = BigInt(`0x${key.toString('hex', 8, end)}`);
  const square = BigInt(`0x${key.toString('hex', end)}`);
  return square === (1n << BigInt(2 * bits)) % modulus;
}

/** A vbmeta has at most 64 KiB before its end. */
function inMeta(bytes: Buffer, at: number): boolean {
  const first = Math.max(0, at - (64 << 10));
  for (
    let head = bytes.lastIndexOf(MAGIC, at);
    head >= first;
    head = head === 0 ? -1 : bytes.lastIndexOf(MAGIC, head - 1)
  )
    if (bytes.length - head >= HEAD && endOf(bytes, head) > at) return true;
  return false;
}

function endOf(bytes: Buffer, head: number): number {
  try {
    return metaOf(memoryBlob(bytes), head).end;
  } catch (error) {
    if (error instanceof FaultError) return 0;
    throw error;
  }
}
