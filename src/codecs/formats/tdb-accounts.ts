/** Accounts in Samba's passdb.tdb: records of a trivial database (tdb), each a packed account (samba: source3/passdb/passdb.c, init_samu_from_buffer_v3). */

import { FaultError } from '../../lib/fault.ts';

export interface SambaAccount {
  readonly account: string;
  /** 32 hexadecimal digits, or nothing where the account has no such hash. */
  readonly lm: string;
  readonly nt: string;
  readonly disabled: boolean;
  /** An empty password lets in. */
  readonly passwordless: boolean;
  /** Of the record. */
  readonly offset: number;
}

const MAGIC = Buffer.from('TDB file\n');
const VERSION = 0x2601196d;
/** Of a record in use: freed and dead ones bear others. */
const RECORD = 0x26011999;
const KEY = 'USER_';
/** The head of the list of free records comes behind the header, then those of the chains. */
const HEADER = 168;
const MOST_CHAINS = 100_000;
/** Times before, and strings between times and the two hashes. */
const TIMES = 7;
const STRINGS = 12;
const DISABLED = 0x0001;
const PASSWORDLESS = 0x0004;

export const isTdb = (bytes: Uint8Array): boolean => MAGIC.equals(bytes.subarray(0, MAGIC.length));

/** Numbers are in the order of the machine that wrote it. Throws `malformed` for another version, and for an account that cannot be read. */
export function sambaAccounts(bytes: Uint8Array, most: number): readonly SambaAccount[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = buffer.length >= 36 && buffer.readUInt32LE(32) === VERSION;
  if (!little && (buffer.length < 36 || buffer.readUInt32BE(32) !== VERSION))
    throw new FaultError('malformed', 'a tdb of an unknown version');
  const numbers = new Numbers(buffer, little);
  const accounts: SambaAccount[] = [];
  for (const record of recordsOf(numbers)) {
    const account = accountAt(numbers, record + 24);
    if (account !== undefined) accounts.push(account);
    if (accounts.length === most) break;
  }
  return accounts;
}

/** By the chains of the hash table: what no chain leads to was deleted, though it still stands there. */
function* recordsOf(numbers: Numbers): Generator<number> {
  const chains = Math.min(numbers.at(36) ?? 0, MOST_CHAINS);
  const seen = new Set<number>();
  for (let chain = 0; chain < chains; chain += 1) {
    let at = numbers.at(HEADER + 4 * (chain + 1)) ?? 0;
    while (at !== 0 && !seen.has(at)) {
      seen.add(at);
      if (numbers.at(at + 20) !== RECORD) break;
      yield at;
      at = numbers.at(at) ?? 0;
    }
  }
}

/** `start` is where the key of a record begins, right behind its magic. Undefined for a record of another kind. */
function accountAt(numbers: Numbers, start: number): SambaAccount | undefined {
  const [key, data] = [numbers.at(start - 16), numbers.at(start - 12)];
  if (key === undefined || data === undefined || key > 256 || data > 65_536) return undefined;
  if (!numbers.text(start, start + key).startsWith(KEY)) return undefined;
  const end = start + key + data;
  let at = start + key + TIMES * 4;
  const field = (): Buffer | undefined => {
    const length = numbers.at(at);
    if (length === undefined || at + 4 + length > end) return undefined;
    at += 4 + length;
    return numbers.bytes(at - length, at);
  };
  const [name] = Array.from({ length: STRINGS }, field);
  at += 8;
  const [lm, nt, history] = [field(), field(), field()];
  const flags = numbers.at(at);
  if (name === undefined || lm === undefined || nt === undefined || history === undefined || flags === undefined)
    throw new FaultError('malformed', 'an account of Samba in a form that is not known');
  return {
    account: name.toString('utf8').replace(/\0+$/, ''),
    lm: lm.toString('hex'),
    nt: nt.toString('hex'),
    disabled: (flags & DISABLED) !== 0,
    passwordless: (flags & PASSWORDLESS) !== 0,
    offset: start - 24,
  };
}

class Numbers {
  readonly #bytes: Buffer;
  readonly #little: boolean;
  constructor(bytes: Buffer, little: boolean) {
    this.#bytes = bytes;
    this.#little = little;
  }
  at(place: number): number | undefined {
    if (place < 0 || place + 4 > this.#bytes.length) return undefined;
    return this.#little ? this.#bytes.readUInt32LE(place) : this.#bytes.readUInt32BE(place);
  }
  bytes(from: number, to: number): Buffer {
    return this.#bytes.subarray(from, to);
  }
  text(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to);
  }
}
