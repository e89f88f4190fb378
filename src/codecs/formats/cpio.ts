/** Cpio archives: newc (070701), crc (070702), odc (070707) and the old binary form in both byte orders. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { align, textOf } from './fields.ts';

export interface CpioMember {
  readonly name: string;
  readonly inode: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: number;
  readonly size: number;
  readonly start: number;
  readonly device: { readonly major: number; readonly minor: number };
  /** Sum of all content bytes, of the crc form. */
  readonly sum?: number;
  readonly next: number;
}

export type CpioForm = 'newc' | 'crc' | 'odc' | 'bin, little-endian' | 'bin, big-endian';

const TRAILER = 'TRAILER!!!';
const MOST_NAME = 65_536;

export function formOf(head: Uint8Array): CpioForm | undefined {
  const text = Buffer.from(head.subarray(0, 6)).toString('latin1');
  if (text === '070701') return 'newc';
  if (text === '070702') return 'crc';
  if (text === '070707') return 'odc';
  if (head[0] === 0xc7 && head[1] === 0x71) return 'bin, little-endian';
  if (head[0] === 0x71 && head[1] === 0xc7) return 'bin, big-endian';
  return undefined;
}

/** Members up to the trailer; returns where the archive ends. Throws where the chain breaks. */
export function* cpioMembers(blob: Blob): Generator<CpioMember, number> {
  let at = 0;
  for (;;) {
    const member = memberAt(blob, at);
    if (member.name === TRAILER) return member.next;
    yield member;
    at = member.next;
  }
}

export function memberAt(blob: Blob, at: number): CpioMember {
  const head = blob.read(at, 110);
  const form = formOf(head);
  if (form === undefined) throw new FaultError(head.length < 6 ? 'truncated' : 'malformed', `no cpio header at ${at}`);
  if (form === 'newc' || form === 'crc') return newc(blob, at, head, form);
  return form === 'odc' ? odc(blob, at, head) : binary(blob, at, head, form === 'bin, little-endian');
}

function digits(head: Uint8Array, at: number, length: number, base: 8 | 16): number {
  const text = Buffer.from(head.subarray(at, at + length)).toString('latin1');
  const valid = base === 16 ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/;
  if (text.length < length || !valid.test(text))
    throw new FaultError('malformed', 'cpio header with a number that is none');
  return Number.parseInt(text, base);
}

function nameAt(blob: Blob, at: number, length: number): string {
  if (length < 1 || length > MOST_NAME) throw new FaultError('malformed', `cpio name of ${length} bytes`);
  const bytes = blob.read(at, length);
  if (bytes.length < length) throw new FaultError('truncated', 'cpio ends inside a name');
  return textOf(bytes);
}

function newc(blob: Blob, at: number, head: Uint8Array, form: 'newc' | 'crc'): CpioMember {
  const field = (index: number): number => digits(head, 6 + index * 8, 8, 16);
  const nameLength = field(11);
  const size = field(6);
  const start = at + align(110 + nameLength, 4);
  return {
    name: nameAt(blob, at + 110, nameLength),
    inode: `${field(7)}:${field(8)}:${field(0)}`,
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    size,
    start,
    device: { major: field(9), minor: field(10) },
    ...(form === 'crc' ? { sum: field(12) } : {}),
    next: start + align(size, 4),
  };
}

function odc(blob: Blob, at: number, head: Uint8Array): CpioMember {
  const field = (from: number, length = 6): number => digits(head, from, length, 8);
  const nameLength = field(59);
  const size = field(65, 11);
  const device = field(42);
  const start = at + 76 + nameLength;
  return {
    name: nameAt(blob, at + 76, nameLength),
    inode: `${field(6)}:${field(12)}`,
    mode: field(18),
    uid: field(24),
    gid: field(30),
    links: field(36),
    mtime: field(48, 11),
    size,
    start,
    device: { major: device >> 8, minor: device & 0xff },
    next: start + size,
  };
}

/** Words of 16 bits; a long number has its high word first whatever the byte order. */
function binary(blob: Blob, at: number, head: Uint8Array, little: boolean): CpioMember {
  if (head.length < 26) throw new FaultError('truncated', 'cpio ends inside a header');
  const word = (index: number): number =>
    little ? head[index * 2]! | (head[index * 2 + 1]! << 8) : (head[index * 2]! << 8) | head[index * 2 + 1]!;
  const long = (index: number): number => word(index) * 65_536 + word(index + 1);
  const nameLength = word(10);
  const size = long(11);
  const start = at + 26 + align(nameLength, 2);
  return {
    name: nameAt(blob, at + 26, nameLength),
    inode: `${word(1)}:${word(2)}`,
    mode: word(3),
    uid: word(4),
    gid: word(5),
    links: word(6),
    mtime: long(8),
    size,
    start,
    device: { major: word(7) >> 8, minor: word(7) & 0xff },
    next: start + align(size, 2),
  };
}
