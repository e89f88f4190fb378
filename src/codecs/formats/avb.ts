/** Android verified boot metadata (AVB 1.x, "avbtool" documentation and libavb's headers): footers, blocks, descriptors. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { ascii, header, textOf } from './fields.ts';

export const HEAD = 256;
const MOST = 1 << 24;
const MAGIC = Buffer.from(ascii('AVB0'));

export interface Place {
  /** Of the vbmeta. */
  readonly at: number;
  /** The image that the footer speaks for. */
  readonly image?: number;
}

export function placeOf(artefact: Blob): Place | undefined {
  if (Buffer.from(artefact.read(0, 4)).equals(MAGIC)) return { at: 0 };
  const footer = header(artefact, artefact.size - 64, 64);
  if (footer === undefined || footer.toString('latin1', 0, 4) !== 'AVBf') return undefined;
  const at = Number(footer.readBigUInt64BE(20));
  const image = Number(footer.readBigUInt64BE(12));
  return at + HEAD <= artefact.size && image <= at && Buffer.from(artefact.read(at, 4)).equals(MAGIC)
    ? { at, image }
    : undefined;
}

export interface Meta {
  readonly at: number;
  readonly head: Buffer;
  readonly authentication: Buffer;
  readonly auxiliary: Buffer;
  readonly end: number;
  readonly auxiliaryStart: number;
}

export function metaOf(artefact: Blob, at: number): Meta {
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
export function part(block: Buffer, head: Buffer, offsetAt: number, sizeAt: number): Buffer {
  const start = Number(head.readBigUInt64BE(offsetAt));
  const size = Number(head.readBigUInt64BE(sizeAt));
  if (start + size > block.length) throw new FaultError('malformed', 'vbmeta points out of its blocks');
  return block.subarray(start, start + size);
}

export type Descriptor =
  | { readonly kind: 'hash'; readonly name: string; readonly body: Buffer }
  | { readonly kind: 'hash tree'; readonly name: string; readonly body: Buffer }
  | {
      readonly kind: 'chain';
      readonly name: string;
      readonly location: number;
      /** As vbmeta holds keys. */
      readonly key: Buffer;
    };

const HASHTREE = 1n;
const HASH = 2n;
const CHAIN = 4n;

/** Those that speak of partitions, in order. Throws FaultError for what reaches out of its place. */
export function descriptorsOf({ head, auxiliary }: Meta): readonly Descriptor[] {
  const area = part(auxiliary, head, 96, 104);
  const found: Descriptor[] = [];
  for (let at = 0; at + 16 <= area.length && found.length < 256; ) {
    const size = Number(area.readBigUInt64BE(at + 8));
    if (at + 16 + size > area.length) throw new FaultError('malformed', 'a descriptor reaches out of vbmeta');
    const one = descriptorOf(area.readBigUInt64BE(at), area.subarray(at + 16, at + 16 + size));
    if (one !== undefined) found.push(one);
    at += 16 + size;
  }
  return found;
}

function descriptorOf(tag: bigint, body: Buffer): Descriptor | undefined {
  if (tag === HASH && body.length >= 116) return { kind: 'hash', name: nameAt(body, 116, body.readUInt32BE(40)), body };
  if (tag === HASHTREE && body.length >= 164)
    return { kind: 'hash tree', name: nameAt(body, 164, body.readUInt32BE(88)), body };
  if (tag !== CHAIN || body.length < 76) return undefined;
  const [name, size] = [body.readUInt32BE(4), body.readUInt32BE(8)];
  if (76 + name + size > body.length) throw new FaultError('malformed', 'a chain reaches out of its descriptor');
  const key = body.subarray(76 + name, 76 + name + size);
  return { kind: 'chain', name: nameAt(body, 76, name), location: body.readUInt32BE(0), key };
}
const nameAt = (body: Buffer, at: number, size: number): string => textOf(body.subarray(at, at + Math.min(size, 255)));
