/** Partition tables: GUID (UEFI 2.10, 5.3) and master boot record with logical partitions. */
import { crc32 } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { header } from './fields.ts';

export interface Partition {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** A piece of the table itself that lies between partitions. */
  readonly table?: true;
}

export interface PartitionTable {
  readonly partitions: readonly Partition[];
  /** Bytes up to the first partition that are the table itself. */
  readonly table: number;
  readonly end: number;
  /** Bytes before `end` that are a second copy of the table. */
  readonly tail?: number;
}

const MOST = 1024;

/** A GUID partition table whose protective record starts at `at`; sectors of 512 or 4096 bytes. */
export function gptAt(blob: Blob, at: number): PartitionTable | undefined {
  for (const sector of [512, 4096]) {
    const head = header(blob, at + sector, 92);
    if (head === undefined || head.toString('latin1', 0, 8) !== 'EFI PART') continue;
    const size = head.readUInt32LE(12);
    const whole = size >= 92 && size <= sector ? header(blob, at + sector, size) : undefined;
    if (whole === undefined) continue;
    const plain = Buffer.from(whole);
    plain.writeUInt32LE(0, 16);
    if (crc32(plain) !== head.readUInt32LE(16)) continue;
    const count = head.readUInt32LE(80);
    const entrySize = head.readUInt32LE(84);
    const entriesAt = Number(head.readBigUInt64LE(72)) * sector;
    if (count > MOST || entrySize < 128 || entrySize > 4096) continue;
    const entries = header(blob, at + entriesAt, count * entrySize);
    if (entries === undefined || crc32(entries) !== head.readUInt32LE(88)) continue;
    const partitions: Partition[] = [];
    for (let index = 0; index < count; index++) {
      const entry = entries.subarray(index * entrySize, (index + 1) * entrySize);
      if (entry.subarray(0, 16).every((byte) => byte === 0)) continue;
      const start = Number(entry.readBigUInt64LE(32)) * sector;
      const end = (Number(entry.readBigUInt64LE(40)) + 1) * sector;
      if (!(end > start) || !Number.isSafeInteger(end)) continue;
      const label = entry.toString('utf16le', 56, 128).replace(/\0.*$/s, '');
      partitions.push({ name: label === '' ? `p${index + 1}` : label, start, end });
    }
    const backup = (Number(head.readBigUInt64LE(32)) + 1) * sector;
    const last = Math.max(backup, ...partitions.map(({ end }) => end));
    const tail = last === backup ? sector + count * entrySize : 0;
    return {
      partitions: partitions.sort((a, b) => a.start - b.start),
      table: entriesAt + count * entrySize,
      end: last,
      tail,
    };
  }
  return undefined;
}

/** A master boot record at `at`, logical partitions included; undefined when the record is something else. */
export function mbrAt(blob: Blob, at: number): PartitionTable | undefined {
  const record = header(blob, at, 512);
  if (record === undefined || record.readUInt16LE(510) !== 0xaa55 || isFileSystem(record)) return undefined;
  const entries = entriesOf(record);
  if (entries === undefined) return undefined;
  const partitions: Partition[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.sectors === 0) continue;
    const start = entry.first * 512;
    if (EXTENDED.has(entry.type)) partitions.push(...logical(blob, at, start));
    else partitions.push({ name: `p${index + 1}`, start, end: start + entry.sectors * 512 });
  }
  if (partitions.length === 0) return undefined;
  partitions.sort((a, b) => a.start - b.start);
  for (let index = 1; index < partitions.length; index++)
    if (partitions[index]!.start < partitions[index - 1]!.end) return undefined;
  return { partitions, table: 512, end: Math.max(...partitions.map(({ end }) => end)) };
}

const EXTENDED: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);

/** A boot sector of FAT, exFAT or NTFS has the same signature. */
function isFileSystem(record: Buffer): boolean {
  const text = record.toString('latin1', 3, 90);
  if (/^(?:NTFS|EXFAT)/.test(text) || text.includes('FAT12') || text.includes('FAT16') || text.includes('FAT32'))
    return true;
  const jump = record[0] === 0xeb || record[0] === 0xe9;
  return (
    jump &&
    [512, 1024, 2048, 4096].includes(record.readUInt16LE(11)) &&
    [1, 2].includes(record[16]!) &&
    record.readUInt16LE(14) > 0
  );
}

interface Entry {
  readonly type: number;
  readonly first: number;
  readonly sectors: number;
}

function entriesOf(record: Buffer): Entry[] | undefined {
  const entries: Entry[] = [];
  for (let index = 0; index < 4; index++) {
    const at = 446 + index * 16;
    const type = record[at + 4]!;
    const first = record.readUInt32LE(at + 8);
    const sectors = record.readUInt32LE(at + 12);
    if (record[at] !== 0 && record[at] !== 0x80) return undefined;
    if (type === 0 && (first !== 0 || sectors !== 0)) return undefined;
    if (type === 0xee || (type !== 0 && (first === 0 || sectors === 0))) return undefined;
    entries.push({ type, first, sectors: type === 0 ? 0 : sectors });
  }
  return entries;
}

function logical(blob: Blob, at: number, extended: number): Partition[] {
  const partitions: Partition[] = [];
  let record = extended;
  const seen = new Set<number>();
  while (partitions.length < 256 && !seen.has(record)) {
    seen.add(record);
    const bytes = header(blob, at + record, 512);
    const entries = bytes === undefined || bytes.readUInt16LE(510) !== 0xaa55 ? undefined : entriesOf(bytes);
    const [own, next] = entries ?? [];
    if (own === undefined || own.sectors === 0) break;
    const start = record + own.first * 512;
    partitions.push({ name: '', start: record, end: record + 512, table: true });
    partitions.push({ name: `p${partitions.length / 2 + 4.5}`, start, end: start + own.sectors * 512 });
    if (next === undefined || next.sectors === 0) break;
    record = extended + next.first * 512;
  }
  return partitions;
}
