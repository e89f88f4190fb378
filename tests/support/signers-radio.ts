/** Signers of Nordic DFU packages and makers of Matter files, written from their protobuf and TLV definitions. */
import { createHash, sign } from 'node:crypto';
import { filler, type Pair } from './signers.ts';
import { zipOf } from './zip.ts';

const sha = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const octets = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);

export interface Nordic {
  readonly version?: number;
  readonly debug?: boolean;
  readonly firmware?: Uint8Array;
  readonly hash?: Uint8Array;
  /** In place of r and s, big-endian. */
  readonly signature?: Buffer;
  /** Spoils the signed packet behind the signature. */
  readonly spoil?: (command: Buffer) => Buffer;
}

const bin = filler(2000);
export function nordicPackage(pair: Pair | undefined, input: Nordic = {}): Buffer {
  const { version = 7, debug = false, firmware = bin, hash = sha(bin), spoil = (one: Buffer) => one } = input;
  const init = Buffer.concat([
    number(1, version),
    number(2, 52),
    number(7, bin.length),
    octets(8, Buffer.concat([number(1, 3), octets(2, Buffer.from(hash).reverse())])),
    ...(debug ? [number(9, 1)] : []),
  ]);
  const command = Buffer.concat([number(1, 1), octets(2, init)]);
  const raw =
    pair === undefined
      ? undefined
      : (input.signature ?? sign('sha256', command, { key: pair.secret, dsaEncoding: 'ieee-p1363' }));
  const packet =
    raw === undefined
      ? octets(1, command)
      : octets(
          2,
          Buffer.concat([
            octets(1, spoil(command)),
            number(2, 0),
            octets(
              3,
              Buffer.concat([Buffer.from(raw.subarray(0, 32)).reverse(), Buffer.from(raw.subarray(32)).reverse()]),
            ),
          ]),
        );
  const manifest = { manifest: { application: { bin_file: 'app.bin', dat_file: 'app.dat' } } };
  return zipOf([
    { name: 'app.bin', content: firmware },
    { name: 'app.dat', content: packet },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ]);
}

export function matterFile(payload: Uint8Array, digest: Uint8Array): Buffer {
  const tag = (type: number, id: number, value: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([0x20 | type, id]), value]);
  const u = (value: number, width: number): Buffer => {
    const bytes = Buffer.alloc(width);
    bytes.writeUIntLE(value, 0, Math.min(width, 6));
    return bytes;
  };
  const fields = Buffer.concat([
    Buffer.from([0x15]),
    tag(5, 0, u(0xfff1, 2)),
    tag(5, 1, u(0x8001, 2)),
    tag(6, 2, u(9, 4)),
    tag(0x0c, 3, Buffer.concat([Buffer.from([3]), Buffer.from('9.0')])),
    tag(7, 4, u(payload.length, 8)),
    tag(4, 8, u(1, 1)),
    tag(0x10, 9, Buffer.concat([Buffer.from([digest.length]), digest])),
    Buffer.from([0x18]),
  ]);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(0x1beef11e, 0);
  head.writeBigUInt64LE(BigInt(16 + fields.length + payload.length), 4);
  head.writeUInt32LE(fields.length, 12);
  return Buffer.concat([head, fields, payload]);
}
