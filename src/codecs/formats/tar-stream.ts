/** Files of a tar that holds nothing else and comes as a stream, one pass, nothing kept: plain, pax and GNU names. */
import { FaultError } from '../../lib/fault.ts';
import { textOf } from './fields.ts';

const BLOCK = 512;
const MOST_EXTRA = 1 << 20;

/** Called for each plain file; gives what takes its bytes. */
export type OpenFile = (name: string, size: number) => { data(bytes: Uint8Array): void; end(): void };

function numberAt(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    const value = Number(block.readBigUInt64BE(at + length - 8));
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }
  const text = textOf(block.subarray(at, at + length)).trim();
  return /^[0-7]{1,12}$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** Throws FaultError where the chain breaks. */
export function tarFiles(chunks: Iterable<Uint8Array>, open: OpenFile): void {
  const feed = feedOf(chunks);
  let longName: string | undefined;
  for (;;) {
    const block = feed.take(BLOCK);
    if (block.length < BLOCK || block.every((byte) => byte === 0)) {
      // What follows the end is read too: a stream's own checks stand at its end.
      feed.skip(Number.MAX_SAFE_INTEGER);
      return;
    }
    const size = numberAt(block, 124, 12);
    if (!Number.isSafeInteger(size) || !sumHolds(block))
      throw new FaultError('malformed', 'tar: no header where one belongs');
    const flag = String.fromCharCode(block[156] ?? 0);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (flag === 'x' || flag === 'L') {
      if (size > MOST_EXTRA) throw new FaultError('over-budget', 'tar: a name that is too long');
      const extra = feed.take(size);
      longName = flag === 'L' ? textOf(extra) : (paxPath(extra) ?? longName);
      feed.skip(padding);
      continue;
    }
    const name = longName ?? ustarName(block);
    longName = undefined;
    if (!['0', '\0', '7'].includes(flag)) throw new FaultError('malformed', `tar: ${name} is no file`);
    const file = open(name, size);
    const had = feed.pass(size, (bytes) => file.data(bytes));
    if (had < size) throw new FaultError('truncated', `tar ends inside ${name}`);
    file.end();
    feed.skip(padding);
  }
}

function sumHolds(block: Buffer): boolean {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at]!;
  return sum === numberAt(block, 148, 8);
}

function ustarName(block: Buffer): string {
  const name = textOf(block.subarray(0, 100));
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? textOf(block.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxPath(bytes: Buffer): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space === -1 ? at : space));
    if (!Number.isSafeInteger(length) || length < 4 || at + length > bytes.length) break;
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    if (record.startsWith('path=')) path = record.slice(5);
    at += length;
  }
  return path;
}

function feedOf(chunks: Iterable<Uint8Array>): {
  take(length: number): Buffer;
  skip(length: number): void;
  pass(length: number, to: (bytes: Uint8Array) => void): number;
} {
  const source = chunks[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array(0);
  const pass = (length: number, to: (bytes: Uint8Array) => void): number => {
    let left = length;
    while (left > 0) {
      if (rest.length === 0) {
        const next = source.next();
        if (next.done === true) return length - left;
        rest = next.value;
        continue;
      }
      const part = rest.subarray(0, Math.min(left, rest.length));
      to(part);
      left -= part.length;
      rest = rest.subarray(part.length);
    }
    return length;
  };
  return {
    pass,
    skip: (length) => void pass(length, () => undefined),
    take(length) {
      const parts: Buffer[] = [];
      pass(length, (part) => parts.push(Buffer.from(part)));
      return Buffer.concat(parts);
    },
  };
}
