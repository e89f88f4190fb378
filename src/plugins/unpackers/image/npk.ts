/** Packages of MikroTik's RouterOS (NPK): typed pieces, of which SquashFS images and packed lists of files are opened. */
import { inflateSync } from 'node:zlib';
import { header, textOf } from '../../../codecs/formats/fields.ts';
import type { Sink, Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, memoryBlob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

const HEAD = 8;
const MOST = 4096;
const FILES = 4;
const SQUASHFS = 21;
const PADDING = 22;
/** What a list of files may unpack to. */
const MOST_FILES = 256 * 2 ** 20;
const ENTRY = 30;

interface Piece {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** The pieces of the package at `offset`, in its own coordinates; the last must end with it. */
function piecesAt(blob: Blob, offset: number): { pieces: Piece[]; end: number } | undefined {
  const size = header(blob, offset, HEAD)?.readUInt32LE(4);
  if (size === undefined || size < 6) return undefined;
  const end = HEAD + size;
  const pieces: Piece[] = [];
  for (let at = HEAD; at < end && pieces.length < MOST; ) {
    const head = header(blob, offset + at, 6);
    // What is cut off is told by who asks for the extent.
    if (head === undefined) break;
    const stop = at + 6 + head.readUInt32LE(2);
    if (head.readUInt16LE(0) > 64 || stop > end) return undefined;
    pieces.push({ type: head.readUInt16LE(0), start: at + 6, end: stop });
    at = stop;
  }
  return pieces.length === 0 ? undefined : { pieces, end };
}

function inflated(content: Blob): Buffer {
  try {
    return inflateSync(content.read(0, content.size), { maxOutputLength: MOST_FILES });
  } catch (thrown) {
    throw new FaultError('malformed', 'a list of files does not unpack', { cause: thrown });
  }
}

/** Entries with mode, time, size and name before their content. */
async function giveFiles(bytes: Buffer, into: Sink): Promise<void> {
  let at = 0;
  while (at + ENTRY <= bytes.length) {
    const [mode, mtime] = [bytes.readUInt16LE(at), bytes.readUInt32LE(at + 4)];
    const [size, named] = [bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28)];
    const start = at + ENTRY + named;
    const name = textOf(bytes.subarray(at + ENTRY, start));
    const content = bytes.subarray(start, start + size);
    const metadata = { mode: mode & 0o7777, mtime };
    if (content.length < size || name === '') throw new FaultError('truncated', 'a list of files is cut off');
    if ((mode & 0o170000) === 0o040000) into.directory(name, metadata);
    else if ((mode & 0o170000) === 0o120000) into.symlink(name, textOf(content), metadata);
    else await into.file(name, memoryBlob(content), metadata);
    at = start + size;
  }
}

export const npk: Unpacker = {
  id: 'image/npk',
  title: 'RouterOS package',
  class: 'archive',
  magic: [{ bytes: [0x1e, 0xf1, 0xd0, 0xba] }],
  locate(blob, offset) {
    const found = piecesAt(blob, offset);
    if (found === undefined) return undefined;
    const info = found.pieces.find(({ type }) => type === 1 || type === 18);
    const name = info === undefined ? '' : textOf(blob.read(offset + info.start, 16));
    return { start: offset, end: offset + found.end, note: name };
  },
  async unpack(container, into, { signal }) {
    for (const { type, start, end } of piecesAt(container, 0)?.pieces ?? []) {
      signal.throwIfAborted();
      const content = container.slice(start, end);
      if (type === SQUASHFS) await into.part('squashfs', content);
      else if (type === FILES) await giveFiles(inflated(content), into);
      else if (type === PADDING) into.note({ start, end, what: 'padding before a file system', kind: 'padding' });
    }
  },
};
