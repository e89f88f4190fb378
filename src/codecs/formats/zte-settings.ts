/** Databases of settings of ZTE routers (`db_default_*_cfg.xml`, `config.bin`): 60 bytes of header, then blocks of zlib or of AES. */
import { inflateSync } from 'node:zlib';
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { header } from './fields.ts';

export const ZTE_MAGIC = [1, 2, 3, 4, 0, 0, 0];
const HEADER = 60;
const BLOCK = 12;
const MOST_BLOCKS = 4096;
const MOST_BLOCK = 1 << 20;
const MOST_KIND = 6;

export interface ZteSettings {
  /** 0 and 1 are packed; 2 and more are encrypted with a key of the model or of the unit. */
  readonly kind: number;
  readonly encrypted: boolean;
  readonly end: number;
}
interface Part {
  readonly start: number;
  readonly packed: number;
  readonly plain: number;
}

/** The blocks from `offset` on; undefined where the header or one of them does not fit. */
function partsOf(blob: Blob, offset: number): readonly Part[] | undefined {
  const parts: Part[] = [];
  for (let at = offset + HEADER; parts.length < MOST_BLOCKS; ) {
    const head = header(blob, at, BLOCK);
    if (head === undefined) return undefined;
    const [plain, packed, next] = [head.readUInt32BE(0), head.readUInt32BE(4), head.readUInt32BE(8)];
    const start = at + BLOCK;
    if (plain === 0 || plain > MOST_BLOCK || packed > MOST_BLOCK || start + packed > blob.size) return undefined;
    parts.push({ start, packed, plain });
    if (next === 0) return parts;
    if (next !== start + packed - offset) return undefined;
    at = start + packed;
  }
  return undefined;
}

const inflated = (blob: Blob, { start, packed, plain }: Part): Buffer => {
  const bytes = inflateSync(blob.read(start, packed), { maxOutputLength: plain + 1 });
  if (bytes.length !== plain) throw new FaultError('malformed', 'a block of settings of another length than is told');
  return bytes;
};

/** Undefined for a coincidence. */
export function zteSettingsAt(blob: Blob, offset: number): ZteSettings | undefined {
  const head = header(blob, offset, HEADER);
  const kind = head?.readUInt32BE(4) ?? MOST_KIND + 1;
  // The second half of the header is not used.
  if (head === undefined || kind > MOST_KIND || head.subarray(28).some((byte) => byte !== 0)) return undefined;
  const parts = partsOf(blob, offset);
  const [first, last] = [parts?.[0], parts?.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const encrypted = kind > 1;
  if (encrypted ? first.packed % 16 !== 0 : !isPacked(blob, first)) return undefined;
  return { kind, encrypted, end: last.start + last.packed };
}

function isPacked(blob: Blob, part: Part): boolean {
  try {
    return inflated(blob, part).length > 0;
  } catch {
    return false;
  }
}

/** The database, a block at a time. */
export function* zteSettings(blob: Blob): Generator<Buffer> {
  for (const part of partsOf(blob, 0) ?? []) {
    try {
      yield inflated(blob, part);
    } catch (cause) {
      throw new FaultError('malformed', 'a block of settings cannot be inflated', { cause });
    }
  }
}
