/** The file system of VxWorks routers that begins with sixteen times «ow»: a table of names, each file an LZMA stream of its own. */
import { decodeLzma, lzmaHeader } from '../../../codecs/compression/lzma.ts';
import { ascii, header, printable } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { faultOf } from '../../../lib/fault.ts';

const HEAD = 44;
const ENTRY = 48;
const MOST = 20_000;
/** Less than this between two files is alignment. */
const STEP = 16;

interface File {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** All fields big-endian: magic, version 1, count, a size; then name (40 bytes), size and offset of each file. */
function filesAt(blob: Blob, offset: number): readonly File[] | undefined {
  const head = header(blob, offset, HEAD);
  const count = head?.readUInt32BE(36) ?? 0;
  if (head?.readUInt32BE(32) !== 1 || count === 0 || count > MOST) return undefined;
  const table = header(blob, offset + HEAD, count * ENTRY);
  if (table === undefined) return undefined;
  const files: File[] = [];
  for (let at = 0; at < table.length; at += ENTRY) {
    const name = printable(table.subarray(at, at + 40));
    const [size, start] = [table.readUInt32BE(at + 40), table.readUInt32BE(at + 44)];
    if (name === undefined || name === '' || start < HEAD + table.length) return undefined;
    files.push({ name, start, end: start + size });
  }
  return files;
}

/** What lies between the table and the files, and is more than the step that files are laid out in. */
function holesBetween(files: readonly File[]): { readonly start: number; readonly end: number }[] {
  const holes: { readonly start: number; readonly end: number }[] = [];
  let end = HEAD + files.length * ENTRY;
  for (const file of [...files].sort((a, b) => a.start - b.start)) {
    if (file.start - end >= STEP) holes.push({ start: end, end: file.start });
    end = Math.max(end, file.end);
  }
  return holes;
}

export const memfs: Unpacker = {
  id: 'filesystem/memfs',
  title: 'VxWorks memory file system',
  class: 'file-system',
  magic: [{ bytes: ascii('ow'.repeat(16)) }],
  locate(blob, offset) {
    const files = filesAt(blob, offset);
    if (files === undefined) return undefined;
    return { start: offset, end: offset + Math.max(...files.map(({ end }) => end)), note: `${files.length} files` };
  },
  async unpack(container, into, { signal }) {
    const files = filesAt(container, 0) ?? [];
    for (const hole of holesBetween(files)) into.note({ ...hole, what: 'bytes of no file', kind: 'unknown' });
    for (const { name, start, end } of files) {
      signal.throwIfAborted();
      const stored = container.slice(start, end);
      try {
        if (stored.size < end - start) into.broken(`/${name}`, 'it lies beyond the end of the image');
        else await into.file(`/${name}`, lzmaHeader(stored.read(0, 13)) === undefined ? stored : decodeLzma(stored));
      } catch (thrown) {
        const fault = faultOf(thrown);
        if (fault.kind !== 'malformed' && fault.kind !== 'truncated') throw thrown;
        into.broken(`/${name}`, fault);
      }
    }
  },
};
