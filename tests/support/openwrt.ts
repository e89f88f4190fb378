/** Signers of OpenWrt's forms, written from their formats: usign keys and signatures, ucert chains, fwtool chunks. */
import { sign } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { TrustedKey } from '../../src/core/model/verifier.ts';
import { edPair, type Pair } from './signers.ts';

export interface UsignKey {
  readonly pair: Pair;
  readonly number: Buffer;
  /** The public key file. */
  readonly file: string;
  readonly trusted: TrustedKey;
}

export function usignKey(pair = edPair(), number = Buffer.from('0102030405060708', 'hex')): UsignKey {
  const raw = Buffer.concat([Buffer.from('Ed'), number, pair.spki.subarray(-32)]);
  const file = `untrusted comment: public key ${number.toString('hex')}\n${raw.toString('base64')}\n`;
  return {
    pair,
    number,
    file,
    trusted: { name: 'usign.pub', kind: 'signify', bytes: new Uint8Array(Buffer.from(file)) },
  };
}

export function usign(key: UsignKey, message: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from('Ed'), key.number, sign(null, message, key.pair.secret)]);
  return `untrusted comment: signed by key ${key.number.toString('hex')}\n${bytes.toString('base64')}\n`;
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
function blob(id: number, data: Uint8Array, named = false): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(((named ? 0x80000000 : 0) | (id << 24) | (4 + data.length)) >>> 0);
  return padded(Buffer.concat([head, data]));
}
function member(id: number, name: string, value: Uint8Array): Buffer {
  const head = padded(Buffer.concat([Buffer.from([0, name.length]), Buffer.from(`${name}\0`)]));
  return blob(id, Buffer.concat([head, value]), true);
}
const root = (...parts: readonly Buffer[]): Buffer => blob(0, Buffer.concat(parts));
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
const seconds = (date: string): number => Date.parse(date) / 1000;

export interface Issue {
  readonly from?: string;
  readonly until?: string;
  readonly type?: number;
}

/** A certificate over the key of `subject` by `issuer`. */
export function ucertFor(issuer: UsignKey, subject: UsignKey, issue: Issue = {}): Buffer {
  const { from = '2026-01-01T00:00:00Z', until = '2030-01-01T00:00:00Z', type = 1 } = issue;
  const table = Buffer.concat([
    member(5, 'certtype', u32(type)),
    member(4, 'validfrom', u64(seconds(from))),
    member(4, 'expiresat', u64(seconds(until))),
    member(3, 'pubkey', Buffer.from(`${subject.file}\0`)),
  ]);
  const payload = member(2, 'ucert', table);
  return root(blob(0, Buffer.from(`${usign(issuer, payload)}\0`)), blob(1, payload));
}

/** The blob at the end of a chain: a signature of the image. */
export const ucertSignature = (key: UsignKey, image: Uint8Array): Buffer =>
  root(blob(0, Buffer.from(`${usign(key, image)}\0`)));

/** Appends a chunk as fwtool does: data, then magic, running checksum, kind and size. */
function withChunk(image: Uint8Array, kind: number, data: Uint8Array): Buffer {
  const open = Buffer.concat([image, data]);
  const sum = u32(~crc32(open) >>> 0);
  return Buffer.concat([open, Buffer.from('FWx0'), sum, Buffer.from([kind, 0, 0, 0]), u32(data.length + 16)]);
}

export const METADATA = JSON.stringify({
  metadata_version: '1.1',
  compat_version: '1.0',
  supported_devices: ['fixture,router'],
  version: { dist: 'OpenWrt', version: '24.10.0', revision: 'r28427', target: 'fixture/generic' },
});
export const withMetadata = (image: Uint8Array, metadata = METADATA): Buffer =>
  withChunk(image, 1, Buffer.concat([Buffer.alloc(8), Buffer.from(metadata)]));
export const withSignature = (image: Uint8Array, chunk: Uint8Array): Buffer => withChunk(image, 0, chunk);
