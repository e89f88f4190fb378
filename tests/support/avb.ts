/** A signer of Android verified boot metadata, written from its format: descriptors, blocks, footers, hash trees. */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import type { Pair } from './signers.ts';

const SALT = Buffer.alloc(32, 7);
const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const padTo = (bytes: Buffer, to: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);

function descriptor(tag: bigint, content: Buffer): Buffer {
  const padded = padTo(content, 8);
  const lead = Buffer.alloc(16);
  lead.writeBigUInt64BE(tag, 0);
  lead.writeBigUInt64BE(BigInt(padded.length), 8);
  return Buffer.concat([lead, padded]);
}

export function hashOf(name: string, image: Uint8Array): Buffer {
  const body = Buffer.alloc(116);
  body.writeBigUInt64BE(BigInt(image.length), 0);
  body.write('sha256', 8);
  body.writeUInt32BE(name.length, 40);
  body.writeUInt32BE(SALT.length, 44);
  body.writeUInt32BE(32, 48);
  return descriptor(2n, Buffer.concat([body, Buffer.from(name), SALT, sha(SALT, image)]));
}

/** Level over level of salted hashes of blocks, the top one first on disk. */
export function treeOf(image: Uint8Array): { readonly root: Buffer; readonly tree: Buffer } {
  const levels: Buffer[] = [];
  for (let below: Uint8Array = image; ; ) {
    const hashes: Buffer[] = [];
    for (let at = 0; at < below.length; at += 4096) hashes.push(sha(SALT, below.subarray(at, at + 4096)));
    if (levels.length > 0 && hashes.length === 1) return { root: hashes[0]!, tree: Buffer.concat(levels.reverse()) };
    const level = padTo(Buffer.concat(hashes), 4096);
    levels.push(level);
    below = level;
  }
}

export function hashTreeOf(name: string, image: Uint8Array): { readonly descriptor: Buffer; readonly tree: Buffer } {
  const { root, tree } = treeOf(image);
  const body = Buffer.alloc(164);
  body.writeUInt32BE(1, 0);
  body.writeBigUInt64BE(BigInt(image.length), 4);
  body.writeBigUInt64BE(BigInt(image.length), 12);
  body.writeBigUInt64BE(BigInt(tree.length), 20);
  body.writeUInt32BE(4096, 28);
  body.writeUInt32BE(4096, 32);
  body.write('sha256', 56);
  body.writeUInt32BE(name.length, 88);
  body.writeUInt32BE(SALT.length, 92);
  body.writeUInt32BE(root.length, 96);
  return { descriptor: descriptor(1n, Buffer.concat([body, Buffer.from(name), SALT, root])), tree };
}

/** Bits, an inverse, the modulus, a square: only the modulus is looked at by assay. */
export function keyBlob(pair: Pair): Buffer {
  const jwk = createPrivateKey(pair.secret.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from([0, 0, 8, 0]),
    Buffer.alloc(4),
    Buffer.from(jwk.n ?? '', 'base64url'),
    Buffer.alloc(256),
  ]);
}

export function chainTo(name: string, pair: Pair, location: number): Buffer {
  const key = keyBlob(pair);
  const body = Buffer.alloc(76);
  body.writeUInt32BE(location, 0);
  body.writeUInt32BE(name.length, 4);
  body.writeUInt32BE(key.length, 8);
  return descriptor(4n, Buffer.concat([body, Buffer.from(name), key]));
}

export interface MetaInput {
  readonly index?: bigint;
  readonly flags?: number;
  /** Without a key the metadata is not signed (algorithm NONE). */
  readonly pair?: Pair;
}

export function vbmeta(descriptors: readonly Buffer[], { index = 0n, flags = 0, pair }: MetaInput): Buffer {
  const all = Buffer.concat(descriptors);
  const key = pair === undefined ? Buffer.alloc(0) : keyBlob(pair);
  const block = padTo(Buffer.concat([all, key]), 64);
  const head = Buffer.alloc(256);
  head.write('AVB0');
  head.writeUInt32BE(1, 4);
  head.writeBigUInt64BE(pair === undefined ? 0n : 320n, 12);
  head.writeBigUInt64BE(BigInt(block.length), 20);
  if (pair !== undefined) {
    head.writeUInt32BE(1, 28);
    head.writeBigUInt64BE(32n, 40);
    head.writeBigUInt64BE(32n, 48);
    head.writeBigUInt64BE(256n, 56);
  }
  head.writeBigUInt64BE(BigInt(all.length), 64);
  head.writeBigUInt64BE(BigInt(key.length), 72);
  head.writeBigUInt64BE(BigInt(all.length), 104);
  head.writeBigUInt64BE(index, 112);
  head.writeUInt32BE(flags, 120);
  if (pair === undefined) return Buffer.concat([head, block]);
  const signed = Buffer.concat([head, block]);
  return Buffer.concat([head, sha(signed), sign('sha256', signed, pair.secret), Buffer.alloc(32), block]);
}

/** A partition: image, hash tree if any, metadata, and at its end the footer. */
export function withFooter(image: Uint8Array, meta: Uint8Array, tree: Uint8Array = Buffer.alloc(0)): Buffer {
  const foot = Buffer.alloc(64);
  foot.write('AVBf');
  foot.writeUInt32BE(1, 4);
  foot.writeBigUInt64BE(BigInt(image.length), 12);
  foot.writeBigUInt64BE(BigInt(image.length + tree.length), 20);
  foot.writeBigUInt64BE(BigInt(meta.length), 28);
  return Buffer.concat([image, tree, meta, Buffer.alloc(128), foot]);
}
