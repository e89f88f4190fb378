/** Java key stores (JKS, magic 0xFEEDFEED, and JCEKS, 0xCECECECE): their private keys, opened with a list of passwords. The format of sun.security.provider.JavaKeyStore. */
import { createDecipheriv, createHash, hash } from 'node:crypto';
import { FaultError } from '../../lib/fault.ts';
import { derAt, derChildren, oidOf, smallInteger } from './der.ts';

const MAGICS = new Set([0xfeedfeed, 0xcececece]);
const ENTRIES = 1000;
const WHITENER = 'Mighty Aphrodite';
/** Sun's own cipher for keys: a keystream of SHA-1. */
const PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1';
/** That of JCEKS: triple DES with a key of MD5 over each half of the salt. */
const TRIPLE = '1.3.6.1.4.1.42.2.19.1';
/** Digests that the keys of one store may cost together; today's stores ask for 400,000 a guess. */
const MAX_DIGESTS = 1_500_000;

export interface JksKey {
  readonly alias: string;
  /** PKCS#8 in DER, where a password of the list opened it. */
  readonly key?: Buffer;
  readonly passphrase?: string;
  /** Guesses cost so much that some passwords were left out. */
  readonly untried?: boolean;
  /** Its certificate in DER: the public half stands in clear. */
  readonly certificate?: Buffer;
}

export const isJks = (bytes: Uint8Array): boolean =>
  bytes.length >= 12 && MAGICS.has(Buffer.from(bytes.subarray(0, 4)).readUInt32BE(0));

/** The private keys of a store. Throws `malformed` where the entries do not fit the bytes. */
export function jksKeys(bytes: Uint8Array, passwords: readonly string[]): readonly JksKey[] {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  reader.skip(4);
  const version = reader.number();
  const count = reader.number();
  if (version !== 1 && version !== 2) throw new FaultError('malformed', `a Java key store of version ${version}`);
  const keys: { alias: string; protectedKey: Buffer; certificate: Buffer | undefined }[] = [];
  for (let entry = 0; entry < count; entry += 1) {
    const tag = reader.number();
    const alias = reader.text();
    reader.skip(8);
    if (tag === 1) keys.push({ alias, protectedKey: reader.field(), certificate: reader.chain(version)[0] });
    else if (tag === 2) reader.certificate(version);
    else throw new FaultError('malformed', `an entry of kind ${tag} in a Java key store`);
  }
  const purse = { left: MAX_DIGESTS };
  return keys.map(({ alias, protectedKey, certificate }) => ({
    alias,
    ...(certificate === undefined ? {} : { certificate }),
    ...opened(protectedKey, passwords, purse),
  }));
}

/** Whether a password is the store's: the digest at its end (over password, whitener and content). */
export function isStorePassword(bytes: Uint8Array, password: string): boolean {
  const digest = createHash('sha1').update(wide(password)).update(WHITENER).update(bytes.subarray(0, -20)).digest();
  return digest.equals(bytes.subarray(-20));
}

/** As the store takes them: two bytes a character, the higher first. */
const wide = (password: string): Buffer => Buffer.from(password, 'utf16le').swap16();

function opened(
  protectedKey: Buffer,
  passwords: readonly string[],
  purse: { left: number },
): { key?: Buffer; passphrase?: string; untried?: boolean } {
  const lock = lockOf(protectedKey);
  if (lock === undefined) return {};
  for (const passphrase of passwords) {
    if (purse.left < lock.digests) return { untried: true };
    purse.left -= lock.digests;
    const key = lock.open(passphrase);
    if (key !== undefined) return { key, passphrase };
  }
  return {};
}

interface Lock {
  /** What a guess costs. */
  readonly digests: number;
  open(password: string): Buffer | undefined;
}

/** EncryptedPrivateKeyInfo; with Sun's first cipher 20 bytes of salt, the key, 20 bytes of check. */
function lockOf(protectedKey: Buffer): Lock | undefined {
  const [algorithm, octets] = derChildren(derAt(protectedKey));
  const [oid, parameters] = algorithm === undefined ? [] : derChildren(algorithm);
  if (oid === undefined || octets === undefined) return undefined;
  const [name, secret] = [oidOf(oid), octets.value];
  if (name === PROTECTOR && secret.length >= 60)
    return { digests: 2, open: (password) => unlocked(secret, wide(password)) };
  if (name !== TRIPLE || parameters === undefined) return undefined;
  const [salt, rounds] = derChildren(parameters);
  if (salt?.value.length !== 8 || rounds === undefined) return undefined;
  const times = rounds.value.length > 4 ? Number.POSITIVE_INFINITY : Math.max(1, smallInteger(rounds));
  return { digests: 2 * times, open: (password) => unlockedTriple(secret, salt.value, times, password) };
}

/** Two chains of MD5 give 32 bytes: three keys of DES and the block before the first. */
function unlockedTriple(secret: Buffer, salt: Buffer, rounds: number, password: string): Buffer | undefined {
  const words = Buffer.from(password, 'latin1');
  const halves = [salt.subarray(0, 4), salt.subarray(4)].map((half) => {
    const next = Buffer.concat([hash('md5', Buffer.concat([half, words]), 'buffer'), words]);
    for (let round = 1; round < rounds; round += 1) hash('md5', next, 'buffer').copy(next);
    return next.subarray(0, 16);
  });
  const derived = Buffer.concat(halves);
  const cipher = createDecipheriv('des-ede3-cbc', derived.subarray(0, 24), derived.subarray(24));
  try {
    const key = Buffer.concat([cipher.update(secret), cipher.final()]);
    // One wrong password in 256 gives a padding that fits.
    return derAt(key).whole.length === key.length && key[0] === 0x30 ? key : undefined;
  } catch {
    return undefined;
  }
}

function unlocked(secret: Buffer, password: Buffer): Buffer | undefined {
  const body = secret.subarray(20, -20);
  const key = Buffer.alloc(body.length);
  let block = secret.subarray(0, 20);
  for (let at = 0; at < body.length; at += 20) {
    block = createHash('sha1').update(password).update(block).digest();
    // The wrong password shows in the first bytes: a key is a SEQUENCE.
    if (at === 0 && ((body[0] ?? 0) ^ (block[0] ?? 0)) !== 0x30) return undefined;
    for (let i = 0; i < 20 && at + i < body.length; i += 1) key[at + i] = body[at + i]! ^ block[i]!;
  }
  const check = createHash('sha1').update(password).update(key).digest();
  return check.equals(secret.subarray(-20)) ? key : undefined;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  skip(count: number): void {
    this.#at += count;
  }
  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new FaultError('malformed', 'a Java key store ends too early');
    const part = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return part;
  }
  number(): number {
    return this.#take(4).readUInt32BE(0);
  }
  text(): string {
    return this.#take(this.#take(2).readUInt16BE(0)).toString('utf8');
  }
  field(): Buffer {
    return this.#take(this.number());
  }
  certificate(version: number): Buffer {
    if (version === 2) this.text();
    return this.field();
  }
  chain(version: number): readonly Buffer[] {
    const count = this.number();
    const chain: Buffer[] = [];
    for (let i = 0; i < count; i += 1) {
      if (i >= ENTRIES) throw new FaultError('malformed', 'a chain of too many certificates');
      chain.push(this.certificate(version));
    }
    return chain;
  }
}
