/** Makes cabinets ([MS-CAB]) and catalogues of signatures (libjcat). */
import { createHash, sign } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { Pair } from './signers.ts';
import { cms, type Issued } from './signers-cms.ts';

const u16 = (value: number): Buffer => Buffer.from([value & 0xff, value >> 8]);
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One folder, stored or in MSZIP. */
export function cabFile(members: readonly Member[], packed = false): Buffer {
  const content = Buffer.concat(members.map(({ bytes }) => bytes));
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 32_768) {
    const part = content.subarray(at, at + 32_768);
    const before = at === 0 ? {} : { dictionary: content.subarray(at - 32_768, at) };
    const data = packed ? Buffer.concat([Buffer.from('CK'), deflateRawSync(part, before)]) : part;
    blocks.push(Buffer.concat([u32(0), u16(data.length), u16(part.length), data]));
  }
  let offset = 0;
  const files = members.map(({ name, bytes }) => {
    const entry = Buffer.concat([
      u32(bytes.length),
      u32(offset),
      u16(0),
      u16(0),
      u16(0),
      u16(0x20),
      Buffer.from(`${name}\0`),
    ]);
    offset += bytes.length;
    return entry;
  });
  const list = Buffer.concat(files);
  const data = Buffer.concat(blocks);
  const start = 36 + 8 + list.length;
  const head = [Buffer.from('MSCF'), u32(0), u32(start + data.length), u32(0), u32(44), u32(0), Buffer.from([3, 1])];
  const counts = [u16(1), u16(members.length), u16(0), u16(0), u16(0)];
  const folder = [u32(start), u16(blocks.length), u16(packed ? 1 : 0)];
  return Buffer.concat([...head, ...counts, ...folder, list, data]);
}

interface Blob {
  readonly Kind: number;
  readonly Flags: number;
  readonly Data: string;
  readonly Target?: number;
}

export const sumBlob = (bytes: Uint8Array, kind = 1): Blob => ({
  Kind: kind,
  Flags: 1,
  Data: createHash(kind === 4 ? 'sha1' : kind === 10 ? 'sha512' : 'sha256')
    .update(bytes)
    .digest('hex'),
});
const pem = (der: Buffer): string =>
  `-----BEGIN PKCS7-----\n${der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PKCS7-----\n`;
export const cmsBlob = (bytes: Uint8Array, signer: Issued): Blob => ({
  Kind: 3,
  Flags: 1,
  Data: pem(cms(bytes, signer)),
});
export const edBlob = (bytes: Uint8Array, pair: Pair): Blob => ({
  Kind: 9,
  Flags: 0,
  Data: sign(null, bytes, pair.secret).toString('base64'),
});
/** Over the text of the checksum, in place of the file. */
export const targetBlob = (bytes: Uint8Array, signer: Issued, kind = 1): Blob => ({
  ...cmsBlob(Buffer.from(sumBlob(bytes, kind).Data), signer),
  Target: kind,
});

export const jcatFile = (items: { readonly [name: string]: readonly Blob[] }): Buffer =>
  Buffer.concat([
    gzipSync(
      JSON.stringify({
        JcatVersionMajor: 0,
        JcatVersionMinor: 1,
        Items: Object.entries(items).map(([Id, Blobs]) => ({ Id, Blobs })),
      }),
    ),
    Buffer.from('IHATECDN'),
  ]);

export const METAINFO = Buffer.from(
  '<?xml version="1.0"?>\n<component type="firmware"><id>org.example.fixture</id><releases><release version="1.2.4"/></releases></component>\n',
);
