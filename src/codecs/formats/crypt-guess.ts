/** Computes what a password would be stored as, for each hash method: own loops over fast digests. */
import { createCipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import bcrypt from 'bcryptjs';
// @ts-expect-error: the package has no types.
import untypedCrypt from 'unix-crypt-td-js';
import type { HashMethod } from './crypt.ts';
import { type Digest, digestOf } from './crypt-digest.ts';

/** The digest part (crypt.ts) of a password under a group's settings. */
export type Guess = (password: string) => string;

const unixCrypt = untypedCrypt as (password: string, salt: string) => string;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const EMPTY = new Uint8Array(0);

/** Makes the function for one group: `settings` is what follows the method in `StoredHash.group`. */
export async function guessFor(method: HashMethod, settings: string): Promise<Guess> {
  switch (method) {
    case 'des':
      // It takes one byte a character.
      return (password) => unixCrypt(Buffer.from(password, 'utf8').toString('latin1'), settings).slice(2);
    case 'md5crypt':
      return md5crypt(await digestOf('md5'), settings);
    case 'sha256crypt':
      return shaCrypt(await digestOf('sha256'), settings, SHA256_ORDER, 43);
    case 'sha512crypt':
      return shaCrypt(await digestOf('sha512'), settings, SHA512_ORDER, 86);
    case 'bcrypt':
      // bcryptjs knows $2a$, $2b$ and $2y$; $2x$ (a bug of old PHP) differs for 8-bit characters only.
      return (password) => bcrypt.hashSync(password, settings.replace('$2x$', '$2y$')).slice(29);
    case 'sha1-base64':
      return (password) => createHash('sha1').update(password).digest('base64');
    case 'mosquitto-sha512':
      return mosquittoSha512(settings);
    case 'mosquitto-pbkdf2':
      return mosquittoPbkdf2(settings);
    case 'sha1-salted':
      return (password) => createHash('sha1').update(password).update(Buffer.from(settings, 'base64')).digest('base64');
    case 'digest-sha256':
      return (password) => createHash('sha256').update(settings).update(password).digest('hex');
    case 'digest-md5':
      return (password) => createHash('md5').update(settings).update(password).digest('hex');
    case 'nt': {
      const md4 = await digestOf('md4');
      return (password) => Buffer.from(md4(Buffer.from(password, 'utf16le'))).toString('hex');
    }
    case 'lm':
      return lanManager;
  }
}

function mosquittoSha512(settings: string): Guess {
  const salt = Buffer.from(settings.slice(3), 'base64');
  return (password) => createHash('sha512').update(password).update(salt).digest('base64');
}

function mosquittoPbkdf2(settings: string): Guess {
  const [, , iterations, salt] = settings.split('$');
  const rounds = Math.min(Math.max(1, Number(iterations)), 5_000_000);
  const bytes = Buffer.from(salt ?? '', 'base64');
  return (password) => pbkdf2Sync(password, bytes, rounds, 64, 'sha512').toString('base64');
}

/** LAN Manager: two DES keys of seven upper-case characters each encrypt a constant (MS-NLMP §3.3.1). */
function lanManager(password: string): string {
  const characters = Buffer.alloc(14);
  characters.write(password.toUpperCase().slice(0, 14), 'latin1');
  return [0, 7].map((at) => desHalf(characters.subarray(at, at + 7))).join('');
}

function desHalf(seven: Uint8Array): string {
  let bits = 0n;
  for (const byte of seven) bits = (bits << 8n) | BigInt(byte);
  const key = Buffer.alloc(8);
  for (let i = 0; i < 8; i += 1) key[i] = Number((bits >> BigInt(49 - 7 * i)) & 0x7fn) << 1;
  const cipher = createCipheriv('des-ede3', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return cipher.update('KGS!@#$%', 'latin1', 'hex');
}

/** crypt(3)'s base 64: `count` characters, the lowest six bits first. */
function to64(value: number, count: number): string {
  let text = '';
  for (let i = 0, rest = value; i < count; i += 1, rest >>>= 6) text += ALPHABET[rest & 63];
  return text;
}

/** Poul-Henning Kamp's MD5 scheme, with FreeBSD's and Apache's magic. */
function md5crypt(md5: Digest, settings: string): Guess {
  const end = settings.lastIndexOf('$');
  const magic = utf8(settings.slice(0, end + 1));
  const salt = utf8(settings.slice(end + 1));
  return (password) => {
    const key = utf8(password);
    let sum = md5(key, salt, key);
    const parts: Uint8Array[] = [key, magic, salt];
    for (let left = key.length; left > 0; left -= 16) parts.push(sum.subarray(0, Math.min(16, left)));
    for (let bits = key.length; bits > 0; bits >>= 1)
      parts.push((bits & 1) === 1 ? Uint8Array.of(0) : key.subarray(0, 1));
    sum = md5(...parts);
    const [salted, keyed] = [Buffer.concat([salt, key]), key];
    for (let round = 0; round < 1000; round += 1) {
      const odd = (round & 1) === 1;
      const middle = (round % 3 === 0 ? 0 : 1) + (round % 7 === 0 ? 0 : 2);
      const between = middle === 0 ? EMPTY : middle === 1 ? salt : middle === 2 ? keyed : salted;
      sum = odd ? md5(keyed, between, sum) : md5(sum, between, keyed);
    }
    return (
      order64(sum, [
        [0, 6, 12],
        [1, 7, 13],
        [2, 8, 14],
        [3, 9, 15],
        [4, 10, 5],
      ]) + to64(sum[11] ?? 0, 2)
    );
  };
}

const order64 = (sum: Uint8Array, triples: readonly (readonly number[])[]): string =>
  triples.map(([a, b, c]) => to64((sum[a!]! << 16) | (sum[b!]! << 8) | sum[c!]!, 4)).join('');

/** Which digest bytes make each group of four characters (Drepper, "Unix crypt using SHA-256 and SHA-512", step 22). */
const rotated = (
  count: number,
  from: readonly number[],
  turn: (triple: readonly number[]) => readonly number[],
): number[][] => {
  const triples = [[...from]];
  while (triples.length < count) triples.push([...turn(triples.at(-1)!)]);
  return triples;
};
const SHA256_ORDER = rotated(10, [0, 10, 20], ([a, b, c]) => [c! + 1, a! + 1, b! + 1]);
const SHA512_ORDER = rotated(21, [0, 21, 42], ([a, b, c]) => [b! + 1, c! + 1, a! + 1]);

function shaCrypt(hash: Digest, settings: string, order: readonly (readonly number[])[], length: number): Guess {
  const fields = settings.split('$');
  const given = /^rounds=(\d+)$/.exec(fields[2] ?? '');
  const rounds = given === null ? 5000 : Math.min(Math.max(Number(given[1]), 1000), 999_999_999);
  const salt = utf8(fields[given === null ? 2 : 3] ?? '');
  return (password) => {
    const key = utf8(password);
    const inner = hash(key, salt, key);
    const parts: Uint8Array[] = [key, salt, repeated(inner, key.length)];
    for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? inner : key);
    let sum = hash(...parts);
    const p = repeated(hash(...Array<Uint8Array>(key.length).fill(key)), key.length);
    const s = repeated(hash(...Array<Uint8Array>(16 + (sum[0] ?? 0)).fill(salt)), salt.length);
    const middles = [EMPTY, s, p, Buffer.concat([s, p])];
    for (let round = 0; round < rounds; round += 1) {
      const middle = middles[(round % 3 === 0 ? 0 : 1) + (round % 7 === 0 ? 0 : 2)] ?? EMPTY;
      sum = (round & 1) === 1 ? hash(p, middle, sum) : hash(sum, middle, p);
    }
    const text = order64(sum, order);
    const rest = length === 43 ? to64((sum[31]! << 8) | sum[30]!, 3) : to64(sum[63]!, 2);
    return text + rest;
  };
}

function repeated(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += bytes.length) out.set(bytes.subarray(0, Math.min(bytes.length, length - at)), at);
  return out;
}
