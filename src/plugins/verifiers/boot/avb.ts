/** Android verified boot (AVB 1.x): vbmeta images, and partitions with a footer whose hash descriptor binds them. */

import { verityOf } from '../../../codecs/formats/dm-verity.ts';
import { ascii, header, textOf } from '../../../codecs/formats/fields.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import { type PublicKey, rsaKey } from '../../../codecs/signatures/public-key.ts';
import { attribute, orBroken, type Signed } from '../../../codecs/signatures/trust.ts';
import {
  account,
  type ByteRange,
  blankVerdict,
  type UpdateVerdict,
  type Verifier,
  type VerifyContext,
} from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';

const HEAD = 256;
const MOST = 1 << 24;
const MAGIC = Buffer.from(ascii('AVB0'));
/** Digest and key bits by algorithm number. */
const ALGORITHMS: readonly (readonly [string, number] | undefined)[] = [
  undefined,
  ['sha256', 2048],
  ['sha256', 4096],
  ['sha256', 8192],
  ['sha512', 2048],
  ['sha512', 4096],
  ['sha512', 8192],
];

interface Place {
  /** Of the vbmeta. */
  readonly at: number;
  /** The image that the footer speaks for. */
  readonly image?: number;
}

function placeOf(artefact: Blob): Place | undefined {
  if (Buffer.from(artefact.read(0, 4)).equals(MAGIC)) return { at: 0 };
  const footer = header(artefact, artefact.size - 64, 64);
  if (footer === undefined || footer.toString('latin1', 0, 4) !== 'AVBf') return undefined;
  const at = Number(footer.readBigUInt64BE(20));
  const image = Number(footer.readBigUInt64BE(12));
  return at + HEAD <= artefact.size && image <= at && Buffer.from(artefact.read(at, 4)).equals(MAGIC)
    ? { at, image }
    : undefined;
}

interface Meta {
  readonly at: number;
  readonly head: Buffer;
  readonly authentication: Buffer;
  readonly auxiliary: Buffer;
  readonly end: number;
  readonly auxiliaryStart: number;
}

function metaOf(artefact: Blob, at: number): Meta {
  const head = header(artefact, at, HEAD);
  if (head === undefined) throw new FaultError('truncated', 'vbmeta ends inside its header');
  const [first, second] = [Number(head.readBigUInt64BE(12)), Number(head.readBigUInt64BE(20))];
  if (head.readUInt32BE(4) !== 1) throw new FaultError('unsupported', `vbmeta of version ${head.readUInt32BE(4)}`);
  if (first % 64 !== 0 || second % 64 !== 0 || first + second > MOST)
    throw new FaultError('malformed', 'vbmeta with impossible sizes');
  const authentication = header(artefact, at + HEAD, first);
  const auxiliaryStart = at + HEAD + first;
  const auxiliary = header(artefact, auxiliaryStart, second);
  if (authentication === undefined || auxiliary === undefined)
    throw new FaultError('truncated', 'vbmeta ends inside its blocks');
  return { at, head, authentication, auxiliary, auxiliaryStart, end: auxiliaryStart + second };
}

/** The part of a block that two numbers of the header name. */
function part(block: Buffer, head: Buffer, offsetAt: number, sizeAt: number): Buffer {
  const start = Number(head.readBigUInt64BE(offsetAt));
  const size = Number(head.readBigUInt64BE(sizeAt));
  if (start + size > block.length) throw new FaultError('malformed', 'vbmeta points out of its blocks');
  return block.subarray(start, start + size);
}

export const avb: Verifier = {
  id: 'boot/avb',
  title: 'Android verified boot image',
  recognise: (artefact) => placeOf(artefact) !== undefined,
  async verify(artefact, context) {
    const place = placeOf(artefact);
    const blank = { ...blankVerdict(avb, 'avb'), updateByNature: false };
    if (place === undefined) return blank;
    const meta = metaOf(artefact, place.at);
    const flags = meta.head.readUInt32BE(120);
    const index = meta.head.readBigUInt64BE(112);
    const seen = await signatureOf(artefact, meta, context);
    const payload: ByteRange[] = [
      { start: meta.at, end: meta.at + HEAD, what: 'vbmeta header' },
      { start: meta.auxiliaryStart, end: meta.end, what: 'vbmeta descriptors' },
      ...(place.image === undefined ? [] : [{ start: 0, end: place.image, what: 'partition' }]),
    ];
    const bound = place.image === undefined ? undefined : await imageOf(artefact, meta, place.image, context);
    const signed = seen !== undefined;
    return {
      ...blank,
      signed,
      signatures: signed ? [seen.signature] : [],
      ...account(artefact.size, payload, signed ? [...seen.read, ...(bound?.read ?? [])] : []),
      broken: signed ? [...flagsOf(flags), ...(bound?.broken ?? []), ...seen.broken] : [],
      rollback: { protected: index > 0n, value: String(index) },
      notes: [...descriptorsOf(meta).map(({ note }) => note), ...(signed ? [] : flagsOf(flags))],
    };
  },
};

const flagsOf = (flags: number): string[] => [
  ...((flags & 1) === 0 ? [] : ['a flag switches hash trees off']),
  ...((flags & 2) === 0 ? [] : ['a flag switches verification off']),
];

interface Seen {
  readonly signature: Signed;
  readonly read: readonly Range[];
  readonly broken: readonly string[];
}

/** Header and auxiliary block are signed; the authentication block holds their digest and the signature. */
async function signatureOf(artefact: Blob, meta: Meta, context: VerifyContext): Promise<Seen | undefined> {
  const number = meta.head.readUInt32BE(28);
  if (number === 0) return undefined;
  const known = ALGORITHMS[number];
  if (known === undefined) throw new FaultError('unsupported', `AVB algorithm ${number}`);
  const [hash, bits] = known;
  const message = messageOf(artefact, [
    { start: meta.at, end: meta.at + HEAD },
    { start: meta.auxiliaryStart, end: meta.end },
  ]);
  const stated = part(meta.authentication, meta.head, 32, 40);
  const digest = await message.digest(hash, context.signal);
  const signature = await orBroken('RSASSA-PKCS1-v1_5', async () =>
    attribute(context, {
      scheme: { algorithm: 'RSASSA-PKCS1-v1_5', hash },
      message,
      signature: part(meta.authentication, meta.head, 48, 56),
      embedded: keyOf(part(meta.auxiliary, meta.head, 64, 72), bits),
    }),
  );
  return {
    signature,
    read: message.read,
    broken: digest.equals(stated) ? [] : ['vbmeta does not have the digest that it states'],
  };
}

/** Bits, an inverse, the modulus and a square, big-endian; the exponent is always 65537. */
function keyOf(bytes: Buffer, bits: number): PublicKey {
  if (bytes.length !== 8 + bits / 4 || bytes.readUInt32BE(0) !== bits)
    throw new FaultError('malformed', 'the public key does not fit the algorithm');
  return rsaKey(bytes.subarray(8, 8 + bits / 8), Buffer.from([1, 0, 1]));
}

interface Descriptor {
  readonly tag: number;
  readonly body: Buffer;
  readonly note: string;
}

const HASHTREE = 1;
const HASH = 2;
const CHAIN = 4;

function descriptorsOf({ head, auxiliary }: Meta): readonly Descriptor[] {
  const area = part(auxiliary, head, 96, 104);
  const found: Descriptor[] = [];
  for (let at = 0; at + 16 <= area.length && found.length < 256; ) {
    const size = Number(area.readBigUInt64BE(at + 8));
    if (at + 16 + size > area.length) throw new FaultError('malformed', 'a descriptor reaches out of vbmeta');
    const tag = Number(area.readBigUInt64BE(at));
    const body = area.subarray(at + 16, at + 16 + size);
    const note = noteOf(tag, body);
    if (note !== undefined) found.push({ tag, body, note });
    at += 16 + size;
  }
  return found;
}

function noteOf(tag: number, body: Buffer): string | undefined {
  if (tag === HASH && body.length >= 116) return `hash of ${nameAt(body, 116, body.readUInt32BE(40))}`;
  if (tag === HASHTREE && body.length >= 164) return `hash tree of ${nameAt(body, 164, body.readUInt32BE(88))}`;
  if (tag === CHAIN && body.length >= 76) return `chain to ${nameAt(body, 76, body.readUInt32BE(4))}`;
  return undefined;
}
const nameAt = (body: Buffer, at: number, size: number): string => textOf(body.subarray(at, at + Math.min(size, 255)));

/** The partition before the footer against the descriptor that speaks of it. */
async function imageOf(
  artefact: Blob,
  meta: Meta,
  image: number,
  { signal }: VerifyContext,
): Promise<{ readonly read: readonly Range[]; readonly broken: UpdateVerdict['broken'] }> {
  const own = descriptorsOf(meta).find(({ tag }) => tag === HASH || tag === HASHTREE);
  if (own === undefined) return { read: [], broken: [] };
  return own.tag === HASH ? hashed(artefact, own.body, image, signal) : treed(artefact, own.body, image, signal);
}

async function hashed(artefact: Blob, body: Buffer, image: number, signal: AbortSignal): ReturnType<typeof imageOf> {
  const algorithm = textOf(body.subarray(8, 40));
  const [name, salt, size] = [40, 44, 48].map((at) => body.readUInt32BE(at)) as [number, number, number];
  if (Number(body.readBigUInt64BE(0)) !== image || !['sha256', 'sha512'].includes(algorithm))
    return { read: [], broken: ['the hash descriptor speaks of another image'] };
  const seed = body.subarray(116 + name, 116 + name + salt);
  const stated = body.subarray(116 + name + salt, 116 + name + salt + size);
  const message = messageOf(artefact, [seed, { start: 0, end: image }]);
  const digest = await message.digest(algorithm, signal);
  return {
    read: message.read,
    broken: digest.equals(stated) ? [] : ['the partition is not the one whose hash was signed'],
  };
}

async function treed(artefact: Blob, body: Buffer, image: number, signal: AbortSignal): ReturnType<typeof imageOf> {
  const [name, salt, size] = [88, 92, 96].map((at) => body.readUInt32BE(at)) as [number, number, number];
  const data = Number(body.readBigUInt64BE(4));
  const [treeAt, treeSize] = [Number(body.readBigUInt64BE(12)), Number(body.readBigUInt64BE(20))];
  const blocks = body.readUInt32BE(28) === 4096 && body.readUInt32BE(32) === 4096;
  if (data > image || !blocks || textOf(body.subarray(56, 88)) !== 'sha256')
    throw new FaultError('unsupported', 'a hash tree of another kind than SHA-256 over blocks of 4096 bytes');
  const seed = body.subarray(164 + name, 164 + name + salt);
  const stated = body.subarray(164 + name + salt, 164 + name + salt + size);
  const made = await verityOf(artefact.slice(0, data), seed, signal);
  const read = [{ start: 0, end: data }];
  if (!made.root.equals(stated)) return { read, broken: ['the partition is not the one whose hash tree was signed'] };
  const holds = treeSize === made.tree.length && made.tree.equals(Buffer.from(artefact.read(treeAt, treeSize)));
  return { read: holds ? [...read, { start: treeAt, end: treeAt + treeSize }] : read, broken: [] };
}
