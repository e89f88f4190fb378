/** Zip archives: stored and deflated members here; encrypted ones are told, overlapping ones refused. */
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { ascii } from '../../../codecs/formats/fields.ts';
import {
  dataOf,
  findEnd,
  isLocalHeader,
  localEntries,
  type ZipEntry,
  zipEntries,
} from '../../../codecs/formats/zip.ts';
import type { Extent, Sink, UnpackContext, Unpacker } from '../../../core/model/unpacker.ts';
import { type Blob, chunksOf } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

/** Larger members are streamed. */
const AT_ONCE = 16 * 2 ** 20;

function locate(blob: Blob, offset: number): Extent | undefined {
  if (!isLocalHeader(blob, offset)) return undefined;
  const directory = findEnd(blob, offset);
  if (directory !== undefined) return { start: offset, end: directory.end, note: `${directory.count} entries` };
  let end = 0;
  for (const { next } of localEntries(blob, offset)) end = next;
  return end === 0 ? undefined : { start: offset, end, note: 'directory missing' };
}

async function unpack(container: Blob, into: Sink, { signal }: UnpackContext): Promise<void> {
  const directory = findEnd(container, 0);
  const listed = directory === undefined ? [...localEntries(container, 0)] : [...zipEntries(container, directory)];
  const base = directory?.start ?? 0;
  // Members that share bytes make bombs; in order of place each must start after the one before has ended.
  const inOrder = [...listed].sort((a, b) => a.local - b.local);
  const overlapping = new Set<ZipEntry>();
  let free = 0;
  let encrypted = 0;
  for (const entry of inOrder) {
    if (entry.local < free) overlapping.add(entry);
    free = Math.max(free, entry.local + 30 + entry.packed);
  }
  for (const entry of listed) {
    signal.throwIfAborted();
    if (overlapping.has(entry)) into.broken(entry.name, 'shares its bytes with another member: refused');
    else if (entry.encrypted) {
      encrypted += 1;
      noteEncrypted(container, base, entry, into);
    } else await take(container, base, entry, into);
  }
  if (directory === undefined)
    throw new FaultError('truncated', 'zip archive without its directory: what is cut off is not known');
  if (encrypted > 0) throw new FaultError('encrypted', `${encrypted} of ${listed.length} zip members are encrypted`);
}

function noteEncrypted(container: Blob, base: number, entry: ZipEntry, into: Sink): void {
  try {
    into.note({ ...dataOf(container, base, entry), what: `${entry.name}: encrypted zip member`, kind: 'encrypted' });
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
    into.broken(entry.name, thrown.fault);
  }
}

async function take(container: Blob, base: number, entry: ZipEntry, into: Sink): Promise<void> {
  const { name, unixMode, uid, gid, mtime } = entry;
  const metadata = {
    ...(unixMode === undefined ? {} : { mode: unixMode & 0o7777 }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(mtime === undefined ? {} : { mtime }),
  };
  const type = (unixMode ?? 0) & 0o170000;
  if (name.endsWith('/') || type === 0o040000) {
    into.directory(name, metadata);
    return;
  }
  try {
    if (type === 0o120000) {
      const target = await gathered(content(container, base, entry), 65_536);
      into.symlink(name, target.toString('utf8'), metadata);
      return;
    }
    const check = { crc: 0, size: 0 };
    const bytes = content(container, base, entry);
    if (entry.method === 0 && 'read' in bytes) {
      for (const chunk of chunksOf(bytes)) check.crc = crc32(chunk, check.crc);
      check.size = bytes.size;
      await into.file(name, bytes, metadata);
    } else await into.file(name, checked(bytes, check), metadata);
    if (check.size !== entry.size) into.broken(name, `unpacks to ${check.size} bytes, not to ${entry.size}`);
    else if (check.crc !== entry.crc) into.broken(name, 'CRC-32 does not match');
  } catch (thrown) {
    const kind = thrown instanceof FaultError ? thrown.fault.kind : undefined;
    if (kind === undefined && !isZlibError(thrown)) throw thrown;
    if (kind === 'over-budget') throw thrown;
    into.broken(name, thrown instanceof FaultError ? thrown.fault : String((thrown as Error).message));
  }
}

const isZlibError = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && /^(?:Z_|ERR_BUFFER_TOO_LARGE)/.test(String(thrown.code));

async function gathered(bytes: Blob | Iterable<Uint8Array> | AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  if ('read' in bytes) return Buffer.from(bytes.read(0, most));
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    size += part.length;
    if (size > most) break;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function* checked(
  bytes: Blob | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  check: { crc: number; size: number },
): AsyncGenerator<Uint8Array> {
  for await (const part of 'read' in bytes ? chunksOf(bytes) : bytes) {
    check.crc = crc32(part, check.crc);
    check.size += part.length;
    yield part;
  }
}

function content(
  container: Blob,
  base: number,
  entry: ZipEntry,
): Blob | Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  const { start, end } = dataOf(container, base, entry);
  const packed = container.slice(start, end);
  if (packed.size < entry.packed) throw new FaultError('truncated', 'cut off');
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new FaultError('unsupported', `zip method ${entry.method} is not read`);
  if (entry.size <= AT_ONCE && entry.packed <= AT_ONCE)
    return [inflateRawSync(packed.read(0, packed.size), { maxOutputLength: Math.max(1, entry.size) })];
  return inflated(packed);
}

async function* inflated(packed: Blob): AsyncGenerator<Uint8Array> {
  const stream = createInflateRaw();
  const feed = (async () => {
    for (const chunk of chunksOf(packed)) {
      if (stream.destroyed) return;
      if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve).once('close', resolve));
    }
    stream.end();
  })();
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
    await feed;
  } finally {
    stream.destroy();
  }
}

export const zip: Unpacker = {
  id: 'archive/zip',
  title: 'Zip archive',
  class: 'archive',
  magic: [{ bytes: ascii('PK\x03\x04') }],
  locate,
  unpack,
};
