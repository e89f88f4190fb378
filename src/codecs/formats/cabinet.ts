/** Microsoft cabinets ([MS-CAB]): files of one cabinet, stored or in MSZIP, with the bytes that each block of them lies in. */
import { inflateRawSync } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { Range } from '../../lib/ranges.ts';
import { header } from './fields.ts';

export interface CabinetFile {
  readonly name: string;
  readonly folder: number;
  /** In the unpacked folder. */
  readonly start: number;
  readonly end: number;
  /** Where the list of files names it. */
  readonly record: Range;
}

/** One block: the unpacked bytes of its folder that it holds, and where it lies in the cabinet. */
export interface CabinetBlock {
  readonly start: number;
  readonly end: number;
  readonly place: Range;
}

export interface CabinetFolder {
  readonly bytes: Buffer;
  readonly blocks: readonly CabinetBlock[];
  /** Its bytes lie in the blocks as they are. */
  readonly stored: boolean;
}

export interface Cabinet {
  /** As the header states; the artefact may be longer. */
  readonly size: number;
  readonly files: readonly CabinetFile[];
  readonly folders: readonly CabinetFolder[];
}

const MOST_FOLDERS = 64;
const MOST_FILES = 4096;
const MOST_UNPACKED = 128 << 20;
const BLOCK = 32_768;

const bad = (message: string): never => {
  throw new FaultError('malformed', `cabinet: ${message}`);
};

export const isCabinet = (blob: Blob): boolean => {
  const head = header(blob, 0, 36);
  return head?.toString('latin1', 0, 4) === 'MSCF' && head[25] === 1 && head[24] === 3;
};

/** Throws FaultError: `truncated`, `malformed`, `unsupported` for other packings and for parts of a set, `over-budget`. */
export function cabinetOf(blob: Blob): Cabinet {
  const head = header(blob, 0, 36);
  if (head === undefined) return bad('no header');
  const size = head.readUInt32LE(8);
  if (size > blob.size) throw new FaultError('truncated', 'the cabinet is shorter than its header states');
  const [folders, files, flags] = [head.readUInt16LE(26), head.readUInt16LE(28), head.readUInt16LE(30)];
  if ((flags & 3) !== 0) throw new FaultError('unsupported', 'a part of a set of cabinets');
  if (folders > MOST_FOLDERS || files > MOST_FILES)
    throw new FaultError('over-budget', `${files} files, ${folders} folders`);
  const reserve = (flags & 4) === 0 ? undefined : header(blob, 36, 4);
  const start = reserve === undefined ? 36 : 40 + reserve.readUInt16LE(0);
  const [ofFolder, ofBlock] = [reserve?.[2] ?? 0, reserve?.[3] ?? 0];
  const whole = blob.slice(0, size);
  let left = MOST_UNPACKED;
  const opened = Array.from({ length: folders }, (_, index) => {
    const folder = folderAt(whole, start + index * (8 + ofFolder), ofBlock, left);
    left -= folder.bytes.length;
    return folder;
  });
  return { size, files: filesOf(whole, head.readUInt32LE(16), files, opened), folders: opened };
}

function folderAt(blob: Blob, at: number, reserve: number, limit: number): CabinetFolder {
  const head = header(blob, at, 8);
  if (head === undefined) return bad('its folders break off');
  const kind = head.readUInt16LE(6) & 15;
  if (kind > 1) throw new FaultError('unsupported', `a cabinet packed in method ${kind}`);
  const parts: Buffer[] = [];
  const blocks: CabinetBlock[] = [];
  let done = 0;
  let place = head.readUInt32LE(0);
  for (let index = head.readUInt16LE(4); index > 0; index--) {
    const block = header(blob, place, 8);
    if (block === undefined) return bad('its data break off');
    const [packed, unpacked] = [block.readUInt16LE(4), block.readUInt16LE(6)];
    const data = header(blob, place + 8 + reserve, packed);
    if (data === undefined || unpacked > BLOCK) return bad('a block is not all there');
    if (done + unpacked > limit) throw new FaultError('over-budget', `a cabinet of more than ${MOST_UNPACKED} bytes`);
    const bytes = kind === 0 ? data : mszip(data, unpacked, parts.at(-1));
    if (bytes.length !== unpacked) return bad('a block is of another size than it states');
    parts.push(bytes);
    blocks.push({
      start: done,
      end: done + unpacked,
      place: { start: place + 8 + reserve, end: place + 8 + reserve + packed },
    });
    done += unpacked;
    place += 8 + reserve + packed;
  }
  return { bytes: Buffer.concat(parts), blocks, stored: kind === 0 };
}

/** Deflate that goes on with the window of the block before ([MS-MCI]). */
function mszip(data: Buffer, unpacked: number, before: Buffer | undefined): Buffer {
  if (data.toString('latin1', 0, 2) !== 'CK') return bad('a block that is no MSZIP');
  try {
    const options = { maxOutputLength: Math.max(1, unpacked), ...(before === undefined ? {} : { dictionary: before }) };
    return inflateRawSync(data.subarray(2), options);
  } catch (error) {
    throw new FaultError('malformed', 'cabinet: a block cannot be unpacked', { cause: error });
  }
}

function filesOf(blob: Blob, from: number, count: number, folders: readonly CabinetFolder[]): CabinetFile[] {
  const files: CabinetFile[] = [];
  let at = from;
  for (let index = 0; index < count; index++) {
    const head = header(blob, at, 16);
    const rest = Buffer.from(blob.read(at + 16, 257));
    const length = rest.indexOf(0);
    if (head === undefined || length < 1) return bad('its files break off');
    const [size, start, folder] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt16LE(8)];
    const end = start + size;
    if (end > (folders[folder]?.bytes.length ?? -1)) return bad('a file reaches out of its folder');
    files.push({
      name: rest.toString('utf8', 0, length),
      folder,
      start,
      end,
      record: { start: at, end: at + 17 + length },
    });
    at += 17 + length;
  }
  if (new Set(files.map(({ name }) => name)).size !== files.length) return bad('a name comes twice');
  return files;
}
