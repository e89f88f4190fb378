/** OpenWrt's ucert: a row of blobs, each a usign signature and, for certificates, the signed payload with the next key. */
import { FaultError } from '../../lib/fault.ts';
import { align } from './fields.ts';

export interface UcertBlob {
  /** The text of a usign signature. */
  readonly signature: string;
  /** The bytes that it signs; absent where it signs the image. */
  readonly payload?: Buffer;
}

export interface Ucert {
  readonly type: number;
  /** Seconds since 1970. */
  readonly from: number;
  readonly until: number;
  /** The text of a usign public key. */
  readonly key: string;
}

const MOST = 16;
const SIGNATURE = 0;
const PAYLOAD = 1;

interface Attribute {
  readonly id: number;
  /** libubox: the payload has a name before it. */
  readonly named: boolean;
  readonly data: Buffer;
  readonly next: number;
}

/** libubox blobs: a word of flag, identity and length (with its head), data, padding to four bytes. */
function attributeAt(bytes: Buffer, at: number): Attribute {
  if (at + 4 > bytes.length) throw new FaultError('malformed', 'a ucert that ends inside a blob');
  const word = bytes.readUInt32BE(at);
  const size = word & 0xffffff;
  if (size < 4 || at + size > bytes.length) throw new FaultError('malformed', 'a blob reaches out of the ucert');
  return {
    id: (word >>> 24) & 0x7f,
    named: word >>> 31 === 1,
    data: bytes.subarray(at + 4, at + size),
    next: Math.min(bytes.length, align(at + size, 4)),
  };
}

function attributesOf(bytes: Buffer): readonly Attribute[] {
  const found: Attribute[] = [];
  for (let at = 0; at < bytes.length && found.length < MOST; ) {
    const one = attributeAt(bytes, at);
    found.push(one);
    at = one.next;
  }
  return found;
}

const textOf = (bytes: Buffer): string => bytes.toString('latin1').replace(/\0+$/, '');

/** Throws FaultError for what is no ucert. */
export function ucertBlobs(bytes: Buffer): readonly UcertBlob[] {
  const found: UcertBlob[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (found.length === MOST) throw new FaultError('over-budget', `a ucert of more than ${MOST} blobs`);
    const root = attributeAt(bytes, at);
    const parts = attributesOf(root.data);
    const signature = parts.filter(({ id }) => id === SIGNATURE);
    const payload = parts.filter(({ id }) => id === PAYLOAD);
    if (signature.length !== 1 || payload.length > 1)
      throw new FaultError('malformed', 'a ucert without one signature');
    found.push({
      signature: textOf(signature[0]!.data),
      ...(payload[0] === undefined ? {} : { payload: payload[0].data }),
    });
    at = root.next;
  }
  return found;
}

/** `{ucert: {certtype, validfrom, expiresat, pubkey}}`. Throws FaultError when one of them is missing or comes twice. */
export function ucertOf(payload: Buffer): Ucert {
  const members = membersOf(one(membersOf(payload), 'ucert').data);
  const key = one(members, 'pubkey').data;
  return {
    type: numberOf(one(members, 'certtype').data),
    from: numberOf(one(members, 'validfrom').data),
    until: numberOf(one(members, 'expiresat').data),
    key: textOf(key),
  };
}

interface Member {
  readonly name: string;
  readonly data: Buffer;
}

/** blobmsg: the length of the name, the name with its NUL padded to four bytes, then the value. */
function membersOf(bytes: Buffer): readonly Member[] {
  return attributesOf(bytes).map(({ named, data }) => {
    const length = data.length < 2 ? 0 : data.readUInt16BE(0);
    const value = align(2 + length + 1, 4);
    if (!named || value > data.length) throw new FaultError('malformed', 'a member of a ucert without a name');
    return { name: data.toString('latin1', 2, 2 + length), data: data.subarray(value) };
  });
}

function one(members: readonly Member[], name: string): Member {
  const [found, second] = members.filter((member) => member.name === name);
  if (found === undefined || second !== undefined) throw new FaultError('malformed', `a ucert without one ${name}`);
  return found;
}

/** Integers of one, four and eight bytes: the width changed between releases. */
function numberOf(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64BE(0));
  if (bytes.length === 4) return bytes.readUInt32BE(0);
  if (bytes.length === 1) return bytes[0]!;
  throw new FaultError('malformed', 'a number of a ucert of no known width');
}
