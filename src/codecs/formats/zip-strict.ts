/** Zip archives that can be read in one way only: what one reader installs, no other must see differently. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { type Range, union, without } from '../../lib/ranges.ts';
import { header } from './fields.ts';
import { dataOf, type ZipDirectory, type ZipEntry, zipEntries } from './zip.ts';

export interface PlacedEntry extends ZipEntry {
  /** Local header and name. */
  readonly head: Range;
  readonly data: Range;
}

export interface StrictZip {
  readonly entries: readonly PlacedEntry[];
  readonly directory: Range;
  /** The record at the end, its comment included. */
  readonly end: Range;
  /** Bytes that belong to no member and to no directory; what trails a member (12 to 24 bytes) is none. */
  readonly gaps: readonly Range[];
}

const END = Buffer.from('PK\x05\x06', 'latin1');
const DESCRIPTOR = 24;
const bad = (message: string): never => {
  throw new FaultError('malformed', `zip: ${message}`);
};

/** The record whose comment reaches exactly to the end; two of them would be two archives in one. */
function endOf(blob: Blob): number {
  const from = Math.max(0, blob.size - 22 - 0xffff);
  const tail = Buffer.from(blob.read(from, blob.size - from));
  const fits: number[] = [];
  for (let at = tail.indexOf(END); at !== -1; at = tail.indexOf(END, at + 1))
    if (at + 22 <= tail.length && at + 22 + tail.readUInt16LE(at + 20) === tail.length) fits.push(from + at);
  const [only] = fits;
  if (only === undefined || fits.length > 1) return bad(fits.length > 1 ? 'it has two ends' : 'its end is not there');
  return only;
}

/** Throws FaultError for what two readers could take for two different archives. `most`: members. */
export function strictZip(blob: Blob, most = 100_000): StrictZip {
  const at = endOf(blob);
  const record = Buffer.from(blob.read(at, 22));
  const [count, size, position] = [record.readUInt16LE(10), record.readUInt32LE(12), record.readUInt32LE(16)];
  if (count === 0xffff || position === 0xffffffff) throw new FaultError('unsupported', 'zip64');
  if (position + size !== at) return bad('its directory does not reach to its end');
  if (count > most) throw new FaultError('over-budget', `a zip of ${count} members`);
  const directory: ZipDirectory = { start: 0, end: blob.size, directory: position, count, size };
  if (lengthOf(blob, directory) !== size) return bad('its directory has something behind the last member');
  const entries = [...zipEntries(blob, directory)].map((entry) => placed(blob, entry));
  const names = new Set(entries.map(({ name }) => name));
  if (names.size !== entries.length) return bad('a name comes twice');
  const taken = inOrder(entries, position);
  const loose = without({ start: 0, end: position }, union(taken));
  return {
    entries,
    directory: { start: position, end: at },
    end: { start: at, end: blob.size },
    gaps: loose.filter(({ start, end }) => start === 0 || end - start > DESCRIPTOR),
  };
}

function lengthOf(blob: Blob, { directory, count, size }: ZipDirectory): number {
  const bytes = Buffer.from(blob.read(directory, size));
  let at = 0;
  for (let index = 0; index < count && at + 46 <= bytes.length; index++)
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  return at;
}

/** Directory and local header must say the same of a member, and its name must lead nowhere else. */
function placed(blob: Blob, entry: ZipEntry): PlacedEntry {
  const { name, local } = entry;
  const data = dataOf(blob, 0, entry);
  const head = header(blob, local, 30);
  if (head === undefined || data.end > blob.size) return bad('a member reaches beyond the archive');
  const own = Buffer.from(blob.read(local + 30, head.readUInt16LE(26)));
  if (own.toString('utf8') !== name && own.toString('latin1') !== name)
    return bad(`${name.slice(0, 80)} has another name in its own header`);
  const flags = head.readUInt16LE(6);
  const sized = (flags & 8) === 0;
  const same = head.readUInt32LE(14) === entry.crc && head.readUInt32LE(18) === entry.packed;
  if (head.readUInt16LE(8) !== entry.method || ((flags & 1) === 1) !== entry.encrypted || (sized && !same))
    return bad(`${name.slice(0, 80)} is another in its own header`);
  if (name.startsWith('/') || /[\\\0]/.test(name) || name.split('/').includes('..'))
    return bad(`the name ${JSON.stringify(name.slice(0, 80))} leads out of the archive`);
  return { ...entry, head: { start: local, end: data.start }, data };
}

function inOrder(entries: readonly PlacedEntry[], end: number): readonly Range[] {
  const ranges = entries.map(({ head, data }) => ({ start: head.start, end: data.end }));
  ranges.sort((a, b) => a.start - b.start);
  for (const [index, range] of ranges.entries())
    if (range.end > (ranges[index + 1]?.start ?? end)) return bad('members lie over each other');
  return ranges;
}
