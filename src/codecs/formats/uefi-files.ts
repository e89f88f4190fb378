/** UEFI firmware volumes (PI 1.8, volume 3): the header, the files behind it and the sections that files are made of. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { Fields } from './ordered-fields.ts';

export interface FirmwareVolume {
  readonly size: number;
  /** Where its files start. */
  readonly filesAt: number;
  readonly format: 'FFS1' | 'FFS2' | 'FFS3' | 'variables' | undefined;
  /** What erased flash holds. */
  readonly erased: number;
}

const FORMATS = new Map<string, NonNullable<FirmwareVolume['format']>>([
  ['7a9354d9-0468-444a-81ce-0bf617d890df', 'FFS1'],
  ['8c8ce578-8a3d-4f1c-9935-896185c32dd3', 'FFS2'],
  ['5473c07a-3dcb-4dca-bd6f-1e9689e7349a', 'FFS3'],
  ['fff12b8d-7696-4c8b-a985-2747075b4f50', 'variables'],
]);

/** Three numbers low byte first, then eight bytes. */
export function guidOf(bytes: Uint8Array): string {
  const fields = new Fields(bytes, true);
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');
  const rest = Buffer.from(fields.slice(8, 8)).toString('hex');
  return `${hex(fields.u32(0), 8)}-${hex(fields.u16(4), 4)}-${hex(fields.u16(6), 4)}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}

/** The volume that starts at `offset`, its header's sum being zero. */
export function firmwareVolume(blob: Blob, offset = 0): FirmwareVolume | undefined {
  const head = new Fields(blob.read(offset, 56), true);
  if (head.size < 56) return undefined;
  const [size, length] = [head.u64(32), head.u16(48)];
  if (length < 56 || length > 4096 || length % 2 !== 0 || size < length || !Number.isSafeInteger(size))
    return undefined;
  const whole = new Fields(blob.read(offset, length), true);
  if (whole.size < length) return undefined;
  let sum = 0;
  for (let at = 0; at < length; at += 2) sum = (sum + whole.u16(at)) & 0xffff;
  if (sum !== 0) return undefined;
  const extended = head.u16(52);
  const behind = extended === 0 ? undefined : new Fields(blob.read(offset + extended, 20), true);
  const end = behind === undefined || behind.size < 20 ? length : extended + behind.u32(16);
  return {
    size,
    filesAt: Math.ceil(Math.max(length, end) / 8) * 8,
    format: FORMATS.get(guidOf(head.slice(16, 16))),
    erased: (head.u32(44) & 0x800) === 0 ? 0 : 0xff,
  };
}

export const FileType = { raw: 1, padding: 0xf0 } as const;

export interface FirmwareFile {
  readonly guid: string;
  readonly type: number;
  readonly start: number;
  readonly end: number;
  /** Where its sections or its raw content start. */
  readonly dataAt: number;
  readonly deleted: boolean;
}

const MOST_FILES = 65_536;
const State = { headerInvalid: 0x20, deleted: 0x10 } as const;

/** Files in order; ends at erased flash. Throws where a header is broken, as then nothing says where the next one is. */
export function* filesOf(blob: Blob, volume: FirmwareVolume): Generator<FirmwareFile> {
  const { erased, format } = volume;
  const limit = Math.min(volume.size, blob.size);
  for (let at = volume.filesAt, count = 0; at + 24 <= limit; count += 1) {
    const head = new Fields(blob.read(at, 32), true);
    if (head.bytes.subarray(0, 24).every((byte) => byte === erased)) return;
    if (count === MOST_FILES) throw new FaultError('over-budget', `more than ${MOST_FILES} files in a volume`);
    const large = format !== 'FFS1' && (head.u8(19) & 1) === 1;
    const header = large ? 32 : 24;
    if (head.size < header) throw new FaultError('truncated', 'a file ends amid its header');
    const size = large ? head.u64(24) : head.u24(20);
    const state = erased === 0 ? head.u8(23) : ~head.u8(23) & 0xff;
    if (!soundHeader(head.slice(0, header)) || size < header || at + size > limit)
      throw new FaultError('malformed', `the header of a file at 0x${at.toString(16)} is broken`);
    if ((state & State.headerInvalid) === 0)
      yield {
        guid: guidOf(head.slice(0, 16)),
        type: head.u8(18),
        start: at,
        end: at + size,
        dataAt: at + header,
        deleted: (state & State.deleted) !== 0,
      };
    at = Math.ceil((at + size) / 8) * 8;
  }
}

/** The bytes of a header sum up to zero, the sum of the content and the state left out. */
function soundHeader(header: Uint8Array): boolean {
  let sum = 0;
  for (const [at, byte] of header.entries()) if (at !== 17 && at !== 23) sum = (sum + byte) & 0xff;
  return sum === 0;
}

export interface Section {
  readonly type: number;
  readonly start: number;
  readonly dataAt: number;
  readonly end: number;
}

export const SectionType = {
  compressed: 0x01,
  guided: 0x02,
  disposable: 0x03,
  version: 0x14,
  name: 0x15,
  volume: 0x17,
} as const;

/** What sections hold, as endings of names. */
export const SECTION_NAMES = new Map([
  [0x10, 'efi'],
  [0x11, 'pic'],
  [0x12, 'te'],
  [0x13, 'dxe-depex'],
  [0x16, 'compatibility16'],
  [0x18, 'freeform'],
  [0x19, 'raw'],
  [0x1b, 'pei-depex'],
  [0x1c, 'mm-depex'],
]);

const MOST_SECTIONS = 65_536;

/** Sections in order, each at a multiple of four; zeros behind the last are padding. */
export function* sectionsOf(blob: Blob): Generator<Section> {
  for (let at = 0, count = 0; at + 4 <= blob.size; count += 1) {
    const head = new Fields(blob.read(at, 8), true);
    const short = head.u24(0);
    if (short === 0 && blob.size - at < 16) return;
    const header = short === 0xffffff && head.size === 8 ? 8 : 4;
    const size = header === 8 ? head.u32(4) : short;
    if (size < header || at + size > blob.size || count === MOST_SECTIONS)
      throw new FaultError('malformed', `a section at 0x${at.toString(16)} has no possible size`);
    yield { type: head.u8(3), start: at, dataAt: at + header, end: at + size };
    at = Math.ceil((at + size) / 4) * 4;
  }
}

/** Text of 16-bit characters up to the first zero. */
export function nameOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, Math.min(bytes.length & ~1, 512))).toString('utf16le');
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
