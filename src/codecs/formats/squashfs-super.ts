/** Superblocks of SquashFS, versions 2 to 4, both byte orders, also under vendors' magics. */
import type { Blob } from '../../lib/blob.ts';
import { Fields } from './ordered-fields.ts';

export type Compression = 'gzip' | 'lzma' | 'lzo' | 'xz' | 'lz4' | 'zstd';
const COMPRESSIONS: readonly (Compression | undefined)[] = [undefined, 'gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd'];

export interface Superblock {
  readonly major: number;
  readonly minor: number;
  readonly little: boolean;
  readonly magic: string;
  readonly compression: Compression;
  readonly blockSize: number;
  readonly bytesUsed: number;
  readonly inodes: number;
  readonly fragments: number;
  readonly ids: number;
  readonly groups: number;
  readonly modified: number;
  /** Offset of the block from the start of the inode table, and of the inode in it. */
  readonly root: { readonly block: number; readonly offset: number };
  readonly idTable: number;
  readonly groupTable: number;
  readonly xattrTable: number | undefined;
  readonly inodeTable: number;
  readonly directoryTable: number;
  readonly fragmentTable: number;
  /** Metadata blocks have one more byte before their content (a flag of versions 2 and 3). */
  readonly marked: boolean;
  readonly noFragments: boolean;
}

/** `hsqs` is standard; the others are those of vendors' LZMA patches, in either order. */
const MAGICS = ['hsqs', 'sqsh', 'sqlz', 'shsq', 'qshs', 'tqsh', 'hsqt', 'zlqs'];
const ABSENT = 2 ** 63;

/** Reads the superblock at `offset`; undefined when it is a coincidence, or of a version that nobody kept (1). */
export function squashfsSuper(blob: Blob, offset: number): Superblock | undefined {
  const bytes = blob.read(offset, 128);
  if (bytes.length < 96) return undefined;
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (!MAGICS.includes(magic)) return undefined;
  const little = bytes[28]! >= 1 && bytes[28]! <= 4 && bytes[29] === 0;
  const fields = new Fields(bytes, little);
  const major = fields.u16(28);
  const found =
    major === 4 ? fourth(fields, magic) : major === 2 || major === 3 ? older(fields, major, magic) : undefined;
  return found !== undefined && plausible(found) ? found : undefined;
}

function plausible({ blockSize, bytesUsed, inodes, inodeTable, directoryTable }: Superblock): boolean {
  if (blockSize < 4096 || blockSize > 1 << 20 || (blockSize & (blockSize - 1)) !== 0) return false;
  if (bytesUsed < 96 || bytesUsed > 2 ** 42 || inodes === 0) return false;
  return inodeTable < directoryTable && directoryTable <= bytesUsed;
}

function fourth(fields: Fields, magic: string): Superblock | undefined {
  const compression = COMPRESSIONS[fields.u16(20)];
  const blockSize = fields.u32(12);
  if (compression === undefined || 2 ** fields.u16(22) !== blockSize) return undefined;
  const xattrTable = fields.u64(56);
  return {
    major: 4,
    minor: fields.u16(30),
    little: fields.little,
    magic,
    compression,
    blockSize,
    bytesUsed: fields.u64(40),
    inodes: fields.u32(4),
    fragments: fields.u32(16),
    ids: fields.u16(26),
    groups: 0,
    modified: fields.u32(8),
    root: reference(fields, 32),
    idTable: fields.u64(48),
    groupTable: 0,
    xattrTable: xattrTable >= ABSENT ? undefined : xattrTable,
    inodeTable: fields.u64(64),
    directoryTable: fields.u64(72),
    fragmentTable: fields.u64(80),
    marked: false,
    noFragments: (fields.u16(24) & 0x10) !== 0,
  };
}

function older(fields: Fields, major: number, magic: string): Superblock | undefined {
  const blockSize = fields.u32(51);
  if (2 ** fields.u16(34) !== blockSize) return undefined;
  const third = major === 3;
  const flags = fields.u8(36);
  const place = (wide: number, narrow: number): number => (third ? fields.u64(wide) : fields.u32(narrow));
  return {
    major,
    minor: fields.u16(30),
    little: fields.little,
    magic,
    compression: magic === 'hsqs' || magic === 'sqsh' ? 'gzip' : 'lzma',
    blockSize,
    bytesUsed: place(63, 8),
    inodes: fields.u32(4),
    fragments: fields.u32(55),
    ids: fields.u8(37),
    groups: fields.u8(38),
    modified: fields.u32(39),
    root: reference(fields, 43),
    idTable: place(71, 12),
    groupTable: place(79, 16),
    xattrTable: undefined,
    inodeTable: place(87, 20),
    directoryTable: place(95, 24),
    fragmentTable: place(103, 59),
    marked: (flags & 4) !== 0,
    noFragments: (flags & 0x10) !== 0,
  };
}

function reference(fields: Fields, at: number): { block: number; offset: number } {
  const value = fields.u64(at);
  return { block: Math.floor(value / 65_536), offset: value % 65_536 };
}
