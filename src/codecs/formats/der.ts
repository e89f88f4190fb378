/** DER (X.690, 10): a reader that takes definite, shortest lengths only and never recurses. */
import { FaultError } from '../../lib/fault.ts';

/** One element: `tag` is the identifier octet, `value` its content, `whole` the element with its header. */
export interface DerElement {
  readonly tag: number;
  readonly value: Buffer;
  readonly whole: Buffer;
}

export const TAG = {
  boolean: 1,
  integer: 2,
  bits: 3,
  octets: 4,
  oid: 6,
  utc: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const;
const MOST_CHILDREN = 4096;

const broken = (message: string): never => {
  throw new FaultError('malformed', `DER: ${message}`);
};

/** The element at the start of the bytes; more may follow it. */
export function derAt(bytes: Uint8Array, at = 0): DerElement {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const tag = all[at];
  const first = all[at + 1];
  if (tag === undefined || first === undefined) return broken('ends inside a header');
  if ((tag & 0x1f) === 0x1f) return broken('a tag of more than one byte');
  let length = first;
  let header = 2;
  if (first === 0x80) return broken('an indefinite length');
  if (first > 0x80) {
    const count = first & 0x7f;
    if (count > 4 || at + 2 + count > all.length) return broken('a length out of bounds');
    length = all.readUIntBE(at + 2, count);
    header += count;
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) return broken('a length that could be shorter');
  }
  const end = at + header + length;
  if (end > all.length) return broken('an element longer than its bytes');
  return { tag, value: all.subarray(at + header, end), whole: all.subarray(at, end) };
}

/** The one element that the bytes hold; nothing may follow. */
export function derWhole(bytes: Uint8Array, tag?: number): DerElement {
  const element = derAt(bytes);
  if (element.whole.length !== bytes.length) return broken('bytes after the end');
  if (tag !== undefined && element.tag !== tag) return broken(`tag ${element.tag} in place of ${tag}`);
  return element;
}

/** The elements inside one, in order. */
export function derChildren({ value }: Pick<DerElement, 'value'>): DerElement[] {
  const children: DerElement[] = [];
  for (let at = 0; at < value.length; ) {
    const child = derAt(value, at);
    children.push(child);
    at += child.whole.length;
    if (children.length > MOST_CHILDREN) throw new FaultError('over-budget', 'DER: too many elements');
  }
  return children;
}

/** The child at a place, of the tag that is wanted. */
export function derChild(children: readonly DerElement[], index: number, tag: number): DerElement {
  const child = children[index];
  if (child === undefined || child.tag !== tag) return broken(`no element of tag ${tag} where one belongs`);
  return child;
}

export function oidOf({ tag, value }: DerElement): string {
  if (tag !== TAG.oid || value.length === 0 || value.length > 64) return broken('no object identifier');
  const parts: number[] = [];
  let part = 0;
  for (const byte of value) {
    part = part * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(part)) return broken('an object identifier out of range');
    if (byte < 0x80) {
      parts.push(part);
      part = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
}

/** A small non-negative integer. */
export function smallInteger({ tag, value }: DerElement): number {
  if (tag !== TAG.integer || value.length === 0 || value.length > 5 || (value[0]! & 0x80) !== 0)
    return broken('no small integer');
  return value.readUIntBE(0, value.length);
}

/** The octets of a positive integer in shortest form, without the leading zero. */
export function positiveInteger({ tag, value }: DerElement): Buffer {
  if (tag !== TAG.integer || value.length === 0 || (value[0]! & 0x80) !== 0) return broken('no positive integer');
  if (value[0] === 0 && value.length > 1 && (value[1]! & 0x80) === 0) return broken('an integer that could be shorter');
  return value[0] === 0 ? value.subarray(1) : value;
}

/** The content as a DER element of a tag. */
export function derOf(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const bytes = size < 0x80 ? [] : size < 0x100 ? [size] : size < 0x10000 ? [size >> 8, size & 255] : undefined;
  if (bytes === undefined) return broken('too long to encode');
  return Buffer.concat([Buffer.from([tag, size < 0x80 ? size : 0x80 | bytes.length, ...bytes]), content]);
}
