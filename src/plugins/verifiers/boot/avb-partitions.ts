/** Partitions held against the AVB descriptors that speak of them: by hash, by hash tree, by a chain to their own metadata. */
import { type Descriptor, descriptorsOf, type Meta, metaOf, part, placeOf } from '../../../codecs/formats/avb.ts';
import { verityOf } from '../../../codecs/formats/dm-verity.ts';
import { textOf } from '../../../codecs/formats/fields.ts';
import { messageOf } from '../../../codecs/signatures/message.ts';
import type { VerifyContext } from '../../../core/model/verifier.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';
import type { Range } from '../../../lib/ranges.ts';
import { signatureOf } from './avb-signature.ts';

export interface Bound {
  /** Of the partition's image. */
  readonly read: readonly Range[];
  readonly broken: readonly string[];
}

const sizeIn = ({ kind, body }: Descriptor & { body: Buffer }): number =>
  Number(body.readBigUInt64BE(kind === 'hash' ? 0 : 4));

type OfImage = Exclude<Descriptor, { kind: 'chain' }>;
const isOfImage = (one: Descriptor): one is OfImage => one.kind !== 'chain';

/** The image before a footer, by the descriptor of its size: metadata of one partition may speak of others. */
export async function ownImage(artefact: Blob, meta: Meta, image: number, context: VerifyContext): Promise<Bound> {
  const speaking = descriptorsOf(meta).filter(isOfImage);
  const own = speaking.find((one) => sizeIn(one) === image) ?? speaking[0];
  return own === undefined ? { read: [], broken: [] } : boundBy(own, artefact, image, context);
}

const boundBy = (one: OfImage, image: Blob, size: number, context: VerifyContext): Promise<Bound> =>
  one.kind === 'hash' ? hashed(image, one.body, size, context.signal) : treed(image, one.body, size, context);

export interface Told {
  readonly note: string;
  readonly broken: readonly string[];
}

/** A partition that lies beside the metadata, under its name as build trees and factory images have it. */
export async function partitionOf(descriptor: Descriptor, context: VerifyContext): Promise<Told> {
  const { name } = descriptor;
  const image = ['.img', '_a.img', '.bin'].map((suffix) => context.sibling(`${name}${suffix}`)).find(Boolean);
  if (image === undefined) return { note: 'not given', broken: [] };
  try {
    if (descriptor.kind === 'chain') return await chained(descriptor, image, context);
    const size = sizeIn(descriptor);
    if (descriptor.body.readUInt32BE(descriptor.kind === 'hash' ? 48 : 96) === 0)
      return { note: 'its digest is kept by the device, and was not compared', broken: [] };
    if (size > image.size) return broken(`${name} is shorter than its descriptor says`);
    const bound = await boundBy(descriptor, image, size, context);
    return wholly(name, bound, size);
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return broken(`${name}: ${faultOf(error).message}`);
  }
}

const broken = (why: string): Told => ({ note: 'here and different', broken: [why] });

function wholly(name: string, { read, broken: why }: Bound, size: number): Told {
  if (why.length > 0) return { note: 'here and different', broken: why.map((one) => `${name}: ${one}`) };
  return read.some(({ start, end }) => start === 0 && end >= size)
    ? { note: 'here and as signed', broken: [] }
    : broken(`${name} is not bound by its descriptor`);
}

/** Rollback indices of chained partitions live at 1 to 31; 0 is that of the metadata that chains. */
const MOST_LOCATIONS = 32;

/** The metadata of a chained partition must be signed by exactly the key of the chain, and must not chain on. */
async function chained(
  { name, key, location }: Extract<Descriptor, { kind: 'chain' }>,
  image: Blob,
  context: VerifyContext,
): Promise<Told> {
  if (location === 0 || location >= MOST_LOCATIONS) return broken(`${name}: a rollback index at ${location}`);
  const place = placeOf(image);
  if (place === undefined) return broken(`${name} carries no metadata`);
  const meta = metaOf(image, place.at);
  if (!part(meta.auxiliary, meta.head, 64, 72).equals(key))
    return broken(`${name} is signed by another key than the chain names`);
  const seen = await signatureOf(image, meta, { ...context, keys: [], samples: [] });
  if (seen === undefined || seen.signature.outcome !== 'signer-unknown')
    return broken(`${name}: its signature does not hold`);
  if (seen.broken.length > 0) return broken(`${name}: ${seen.broken[0] ?? ''}`);
  if (descriptorsOf(meta).some(({ kind }) => kind === 'chain')) return broken(`${name}: a chain within a chain`);
  const index = meta.head.readBigUInt64BE(112);
  const told =
    place.image === undefined
      ? { note: 'metadata here and as signed', broken: [] }
      : wholly(name, await ownImage(image, meta, place.image, context), place.image);
  return { ...told, note: `${told.note}, rollback index ${index} at ${location}` };
}

async function hashed(artefact: Blob, body: Buffer, image: number, signal: AbortSignal): Promise<Bound> {
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

async function treed(artefact: Blob, body: Buffer, image: number, context: VerifyContext): Promise<Bound> {
  const [name, salt, size] = [88, 92, 96].map((at) => body.readUInt32BE(at)) as [number, number, number];
  const data = Number(body.readBigUInt64BE(4));
  const [treeAt, treeSize] = [Number(body.readBigUInt64BE(12)), Number(body.readBigUInt64BE(20))];
  const blocks = body.readUInt32BE(28) === 4096 && body.readUInt32BE(32) === 4096;
  if (data > image || !blocks || textOf(body.subarray(56, 88)) !== 'sha256')
    throw new FaultError('unsupported', 'a hash tree of another kind than SHA-256 over blocks of 4096 bytes');
  const seed = body.subarray(164 + name, 164 + name + salt);
  const stated = body.subarray(164 + name + salt, 164 + name + salt + size);
  const made = await verityOf(artefact.slice(0, data), seed, context);
  const read = [{ start: 0, end: data }];
  if (!made.root.equals(stated)) return { read, broken: ['the partition is not the one whose hash tree was signed'] };
  const holds = treeSize === made.tree.length && made.tree.equals(Buffer.from(artefact.read(treeAt, treeSize)));
  // The kernel reads the tree that lies there: one that does not fit the data stops it.
  return holds
    ? { read: [...read, { start: treeAt, end: treeAt + treeSize }], broken: [] }
    : { read, broken: ['the hash tree that is stored is not that of the partition'] };
}
