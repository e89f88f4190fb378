/** The APK Signing Block between members and directory, and the signers of schemes 2, 3 and 3.1 in it (AOSP, "APK Signature Scheme v2/v3"). */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { Range } from '../../lib/ranges.ts';
import { header } from './fields.ts';

const MAGIC = 'APK Sig Block 42';
const MOST_BLOCK = 16 << 20;
const MOST_PARTS = 64;
export const SCHEMES: ReadonlyMap<number, '2' | '3' | '3.1'> = new Map([
  [0x7109871a, '2'],
  [0xf05368c0, '3'],
  [0x1b93ad61, '3.1'],
]);

export interface ApkBlock {
  readonly range: Range;
  readonly pairs: readonly { readonly id: number; readonly value: Buffer }[];
}

export interface Numbered {
  readonly algorithm: number;
  readonly bytes: Buffer;
}

export interface ApkSigner {
  readonly signed: Buffer;
  readonly digests: readonly Numbered[];
  readonly certificates: readonly Buffer[];
  readonly attributes: ReadonlyMap<number, Buffer>;
  readonly signatures: readonly Numbered[];
  readonly publicKey: Buffer;
  /** Schemes 3 and 3.1: API levels from and to, inside and outside of what is signed. */
  readonly levels?: { readonly signed: readonly [number, number]; readonly stated: readonly [number, number] };
}

const bad = (message: string): never => {
  throw new FaultError('malformed', `APK signing block: ${message}`);
};

/** The block that ends where the directory starts; nothing when there is none. */
export function apkBlock(blob: Blob, directory: number): ApkBlock | undefined {
  const foot = header(blob, directory - 24, 24);
  if (directory < 32 || foot === undefined || foot.toString('latin1', 8) !== MAGIC) return undefined;
  const size = Number(foot.readBigUInt64LE(0));
  const start = directory - size - 8;
  if (size > MOST_BLOCK) throw new FaultError('over-budget', `an APK signing block of ${size} bytes`);
  if (size < 24 || start < 0) return bad('its size is not possible');
  const bytes = Buffer.from(blob.read(start, size + 8));
  if (Number(bytes.readBigUInt64LE(0)) !== size) return bad('its two sizes differ');
  const pairs: { id: number; value: Buffer }[] = [];
  for (let at = 8; at < size - 16; ) {
    const length = at + 8 <= size - 16 ? Number(bytes.readBigUInt64LE(at)) : 0;
    if (length < 4 || at + 8 + length > size - 16) return bad('an entry is longer than the block');
    const id = bytes.readUInt32LE(at + 8);
    if (SCHEMES.has(id) && pairs.some((pair) => pair.id === id)) return bad('a scheme comes twice');
    pairs.push({ id, value: bytes.subarray(at + 12, at + 8 + length) });
    at += 8 + length;
    if (pairs.length > MOST_PARTS) return bad('too many entries');
  }
  return { range: { start, end: directory }, pairs };
}

/** A cursor over numbers and parts with their length before them. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(): number {
    if (this.#at + 4 > this.#bytes.length) return bad('it ends inside a number');
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  part(): Buffer {
    const size = this.number();
    if (this.#at + size > this.#bytes.length) return bad('a part is longer than what holds it');
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }
}

export function partsOf(bytes: Buffer): readonly Buffer[] {
  const reader = new Reader(bytes);
  const parts: Buffer[] = [];
  while (!reader.done) {
    parts.push(reader.part());
    if (parts.length > MOST_PARTS) return bad('too many parts');
  }
  return parts;
}

const numbered = (bytes: Buffer): readonly Numbered[] =>
  partsOf(bytes).map((part) => {
    const reader = new Reader(part);
    return { algorithm: reader.number(), bytes: reader.part() };
  });

function attributesOf(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (const part of partsOf(bytes)) {
    const reader = new Reader(part);
    const id = reader.number();
    if (found.has(id)) return bad('an attribute comes twice');
    found.set(id, reader.rest());
  }
  return found;
}

/** The signers of one scheme. */
export function apkSigners(value: Buffer, scheme: '2' | '3' | '3.1'): readonly ApkSigner[] {
  const [all, ...more] = partsOf(value);
  if (all === undefined || more.length > 0) return bad('something lies behind the signers');
  const signers = partsOf(all).map((signer) => signerOf(signer, scheme !== '2'));
  return signers.length === 0 ? bad('a scheme without signers') : signers;
}

function signerOf(bytes: Buffer, levelled: boolean): ApkSigner {
  const outer = new Reader(bytes);
  const signed = outer.part();
  const stated: readonly [number, number] | undefined = levelled ? [outer.number(), outer.number()] : undefined;
  const signatures = numbered(outer.part());
  const publicKey = outer.part();
  if (!outer.done) return bad('something lies behind a public key');
  const inner = new Reader(signed);
  const digests = numbered(inner.part());
  const certificates = partsOf(inner.part());
  const levels: readonly [number, number] | undefined = levelled ? [inner.number(), inner.number()] : undefined;
  const attributes = attributesOf(inner.part());
  return {
    signed,
    digests,
    certificates,
    attributes,
    signatures,
    publicKey,
    ...(stated === undefined || levels === undefined ? {} : { levels: { signed: levels, stated } }),
  };
}

export interface LineageNode {
  readonly signed: Buffer;
  readonly certificate: Buffer;
  /** The algorithm with which the key before signed this node, and with which this key signs the next. */
  readonly by: number;
  readonly next: number;
  readonly signature: Buffer;
}

/** The proof of rotation: each key signs the certificate of the one after it. */
export function lineageOf(bytes: Buffer): readonly LineageNode[] {
  const outer = new Reader(bytes);
  if (outer.number() !== 1) throw new FaultError('unsupported', 'a proof of rotation of another version');
  return partsOf(outer.rest()).map((part) => {
    const node = new Reader(part);
    const signed = node.part();
    node.number();
    const next = node.number();
    const signature = node.part();
    const inner = new Reader(signed);
    return { signed, certificate: inner.part(), by: inner.number(), next, signature };
  });
}
