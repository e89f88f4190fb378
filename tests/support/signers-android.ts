/** A signer of Android's A/B payloads, written from update_engine's `update_metadata.proto`, and of whole archives (AOSP, "Sign builds"). */
import { createHash, sign } from 'node:crypto';
import { filler, type Pair } from './signers.ts';
import { cms, type Issued } from './signers-cms.ts';

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let left = value;
  do {
    bytes.push((left % 128) + (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.from(bytes);
};
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const octets = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
const fixed = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
};

export interface PayloadOptions {
  readonly metadataSigned?: boolean;
  readonly payloadSigned?: boolean;
  readonly hashed?: boolean;
  /** Bytes behind the signatures. */
  readonly behind?: number;
}

/** The size of the signature: of RSA the modulus', of ECDSA the most that DER can take. */
const sizeOf = ({ secret }: Pair): number =>
  secret.asymmetricKeyType === 'ec' ? 72 : (secret.asymmetricKeyDetails?.modulusLength ?? 0) / 8;

/** Signatures of a fixed size, since the manifest states it before it is signed: what is shorter is filled with zeros. */
function signatures(pair: Pair, content: Uint8Array): Buffer {
  const made = sign('sha256', content, pair.secret);
  const size = sizeOf(pair);
  const filled = Buffer.concat([made, Buffer.alloc(size - made.length)]);
  return octets(1, Buffer.concat([octets(2, filled), fixed(3, made.length)]));
}

export function payloadFile(pair: Pair, options: PayloadOptions = {}): Buffer {
  const { metadataSigned = true, payloadSigned = true, hashed = true, behind = 0 } = options;
  const data = [filler(700), filler(300).reverse()];
  const size = signatures(pair, Buffer.alloc(1)).length;
  let offset = 0;
  const operations = data.map((blob) => {
    const hash = hashed ? octets(8, createHash('sha256').update(blob).digest()) : Buffer.alloc(0);
    const operation = octets(8, Buffer.concat([number(1, 0), number(2, offset), number(3, blob.length), hash]));
    offset += blob.length;
    return operation;
  });
  const manifest = Buffer.concat([
    number(3, 4096),
    ...(payloadSigned ? [number(4, offset), number(5, size)] : []),
    number(12, 0),
    octets(13, Buffer.concat([octets(1, Buffer.from('system')), ...operations])),
    number(14, 1_700_000_000),
  ]);
  const head = Buffer.alloc(24);
  head.write('CrAU');
  head.writeBigUInt64BE(2n, 4);
  head.writeBigUInt64BE(BigInt(manifest.length), 12);
  head.writeUInt32BE(metadataSigned ? size : 0, 20);
  const metadata = Buffer.concat([head, manifest]);
  return Buffer.concat([
    metadata,
    metadataSigned ? signatures(pair, metadata) : Buffer.alloc(0),
    ...data,
    payloadSigned ? signatures(pair, Buffer.concat([metadata, ...data])) : Buffer.alloc(0),
    Buffer.alloc(behind, 1),
  ]);
}

/** The signature goes into the comment: CMS, then where it starts, two bytes of 0xFF, the size of the comment. */
export function signedArchive(zip: Buffer, signer: Issued): Buffer {
  const open = zip.subarray(0, -2);
  const signature = cms(open, signer, { bare: true });
  const lead = Buffer.from('signed by SignApk\0');
  const foot = Buffer.alloc(6, 0xff);
  const comment = Buffer.alloc(2);
  comment.writeUInt16LE(lead.length + signature.length + 6);
  foot.writeUInt16LE(signature.length + 6, 0);
  comment.copy(foot, 4);
  return Buffer.concat([open, comment, lead, signature, foot]);
}
