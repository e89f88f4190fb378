/** Signers of formats for which Debian has no tool, written from their specifications: MCUboot, GBL, Nordic, ESP, AVB. */
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { TrustedKey } from '../../src/core/model/verifier.ts';

export interface Pair {
  readonly secret: KeyObject;
  readonly trusted: TrustedKey;
  readonly spki: Buffer;
}
const pairOf = ({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): Pair => {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return { secret: privateKey, spki, trusted: { name: 'release key', kind: 'spki', bytes: new Uint8Array(spki) } };
};
export const rsaPair = (bits = 2048, exponent = 65537): Pair =>
  pairOf(generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent }));
export const ecPair = (curve = 'prime256v1'): Pair => pairOf(generateKeyPairSync('ec', { namedCurve: curve }));
export const edPair = (): Pair => pairOf(generateKeyPairSync('ed25519'));

const u16 = (value: number): Buffer => Buffer.from([value & 0xff, value >> 8]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
export const filler = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + (at >> 5)) & 0xff));

export function mcubootImage(
  pair: Pair,
  options: { readonly counter?: number; readonly unprotected?: boolean; readonly signature?: Uint8Array } = {},
): Buffer {
  const code = filler(600);
  const tlv = (type: number, value: Uint8Array): Buffer => Buffer.concat([u16(type), u16(value.length), value]);
  const area = (magic: number, tags: Buffer): Buffer => Buffer.concat([u16(magic), u16(4 + tags.length), tags]);
  const counter = options.counter === undefined ? Buffer.alloc(0) : tlv(0x50, u32(options.counter));
  const guarded = counter.length > 0 && options.unprotected !== true ? area(0x6908, counter) : Buffer.alloc(0);
  const head = Buffer.concat([
    u32(0x96f3b83d),
    u32(0),
    u16(32),
    u16(guarded.length),
    u32(code.length),
    u32(0),
    Buffer.from([1, 2, 3, 0]),
    u32(0),
    u32(0),
  ]);
  const signed = Buffer.concat([head, code, guarded]);
  const digest = createHash('sha256').update(signed).digest();
  const kind = pair.secret.asymmetricKeyType;
  const [type, signature] =
    kind === 'rsa'
      ? ([0x20, sign('sha256', signed, { key: pair.secret, padding: 6, saltLength: 32 })] as const)
      : kind === 'ec'
        ? ([0x22, sign('sha256', signed, pair.secret)] as const)
        : ([0x24, sign(null, digest, pair.secret)] as const);
  const tags = Buffer.concat([
    tlv(0x10, digest),
    tlv(0x01, createHash('sha256').update(pair.spki).digest()),
    tlv(type, options.signature ?? signature),
    options.unprotected === true ? counter : Buffer.alloc(0),
  ]);
  return Buffer.concat([signed, area(0x6907, tags)]);
}

export function geckoFile(pair: Pair | undefined): Buffer {
  const tag = (id: number, value: Uint8Array): Buffer => Buffer.concat([u32(id), u32(value.length), value]);
  const body = Buffer.concat([
    tag(0x03a617eb, Buffer.concat([u32(0x03000000), u32(pair === undefined ? 0 : 0x100)])),
    tag(0xf40a0af4, Buffer.concat([u32(1), u32(7), u32(0), Buffer.alloc(16)])),
    tag(0xfe0101fe, Buffer.concat([u32(0), filler(400)])),
  ]);
  const signature =
    pair === undefined
      ? Buffer.alloc(0)
      : tag(0xf70a0af7, sign('sha256', body, { key: pair.secret, dsaEncoding: 'ieee-p1363' }));
  const open = Buffer.concat([body, signature, u32(0xfc0404fc), u32(4)]);
  return Buffer.concat([open, u32(crc32(open))]);
}

export function zigbeeFile(inner: Uint8Array): Buffer {
  const head = Buffer.alloc(56);
  head.writeUInt32LE(0x0beef11e, 0);
  head.writeUInt16LE(0x0100, 4);
  head.writeUInt16LE(56, 6);
  head.writeUInt16LE(0x1234, 10);
  head.writeUInt32LE(3, 14);
  head.write('fixture', 20);
  head.writeUInt32LE(56 + 6 + inner.length, 52);
  return Buffer.concat([head, u16(0), u32(inner.length), inner]);
}

/** Secure boot v2 with RSA-3072, and v1 with ECDSA. */
export function espImage(pair: Pair, described?: { readonly counter: number; readonly version: string }): Buffer {
  const data = filler(256);
  if (described !== undefined) {
    data.writeUInt32LE(0xabcd5432, 0);
    data.writeUInt32LE(described.counter, 4);
    data.fill(0, 8, 80).write(described.version, 16);
  }
  const head = Buffer.alloc(24);
  head[0] = 0xe9;
  head[1] = 1;
  const open = Buffer.concat([head, u32(0x40080000), u32(data.length), data]);
  const sum = data.reduce((before, byte) => before ^ byte, 0xef);
  const end = Math.ceil((open.length + 1) / 16) * 16;
  const image = Buffer.concat([open, Buffer.alloc(end - 1 - open.length), Buffer.from([sum])]);
  if (pair.secret.asymmetricKeyType === 'ec') {
    const signature = sign('sha256', image, { key: pair.secret, dsaEncoding: 'ieee-p1363' });
    return Buffer.concat([image, u32(0), signature]);
  }
  const padded = Buffer.concat([image, Buffer.alloc(4096 - image.length, 0xff)]);
  const jwk = createPrivateKey(pair.secret.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'jwk' });
  const modulus = Buffer.from(jwk.n ?? '', 'base64url').reverse();
  const signature = sign('sha256', padded, { key: pair.secret, padding: 6, saltLength: 32 }).reverse();
  const block = Buffer.concat([
    Buffer.from([0xe7, 2, 0, 0]),
    createHash('sha256').update(padded).digest(),
    modulus,
    u32(65537),
    Buffer.alloc(388),
    signature,
  ]);
  return Buffer.concat([padded, block, u32(crc32(block)), Buffer.alloc(16), Buffer.alloc(4096 - 1216, 0xff)]);
}

/** A partition with an AVB footer, its hash descriptor and an RSA-2048 signature. */
export function avbPartition(pair: Pair, options: { readonly index?: bigint; readonly flags?: number } = {}): Buffer {
  const image = filler(4096);
  const salt = Buffer.alloc(32, 7);
  const digest = createHash('sha256').update(salt).update(image).digest();
  const body = Buffer.alloc(116);
  body.writeBigUInt64BE(BigInt(image.length), 0);
  body.write('sha256', 8);
  body.writeUInt32BE(4, 40);
  body.writeUInt32BE(salt.length, 44);
  body.writeUInt32BE(digest.length, 48);
  const content = Buffer.concat([body, Buffer.from('boot'), salt, digest]);
  const padded = Buffer.concat([content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
  const lead = Buffer.alloc(16);
  lead.writeBigUInt64BE(2n, 0);
  lead.writeBigUInt64BE(BigInt(padded.length), 8);
  const descriptors = Buffer.concat([lead, padded]);
  const jwk = createPrivateKey(pair.secret.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'jwk' });
  const key = Buffer.concat([
    Buffer.from([0, 0, 8, 0]),
    Buffer.alloc(4),
    Buffer.from(jwk.n ?? '', 'base64url'),
    Buffer.alloc(256),
  ]);
  const auxiliary = Buffer.concat([descriptors, key]);
  const block = Buffer.concat([auxiliary, Buffer.alloc((64 - (auxiliary.length % 64)) % 64)]);
  const head = Buffer.alloc(256);
  head.write('AVB0');
  head.writeUInt32BE(1, 4);
  head.writeBigUInt64BE(320n, 12);
  head.writeBigUInt64BE(BigInt(block.length), 20);
  head.writeUInt32BE(1, 28);
  head.writeBigUInt64BE(32n, 40);
  head.writeBigUInt64BE(32n, 48);
  head.writeBigUInt64BE(256n, 56);
  head.writeBigUInt64BE(BigInt(descriptors.length), 64);
  head.writeBigUInt64BE(BigInt(key.length), 72);
  head.writeBigUInt64BE(BigInt(descriptors.length), 104);
  head.writeBigUInt64BE(options.index ?? 0n, 112);
  head.writeUInt32BE(options.flags ?? 0, 120);
  const signed = Buffer.concat([head, block]);
  const hash = createHash('sha256').update(signed).digest();
  const authentication = Buffer.concat([hash, sign('sha256', signed, pair.secret), Buffer.alloc(32)]);
  const vbmeta = Buffer.concat([head, authentication, block]);
  const foot = Buffer.alloc(64);
  foot.write('AVBf');
  foot.writeUInt32BE(1, 4);
  foot.writeBigUInt64BE(BigInt(image.length), 12);
  foot.writeBigUInt64BE(BigInt(image.length), 20);
  foot.writeBigUInt64BE(BigInt(vbmeta.length), 28);
  return Buffer.concat([image, vbmeta, Buffer.alloc(64), foot]);
}
