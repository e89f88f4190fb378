/** Rock Ridge (RRIP 1.12 on SUSP 1.12): what the system use of ISO 9660 records says of names, modes, links and devices. */
import { FaultError } from '../../lib/fault.ts';
import { Fields, textOf } from './ordered-fields.ts';

export interface RockRidge {
  readonly name?: string;
  readonly mode?: number;
  readonly links?: number;
  /** Of the inode: absent in images of the first version. */
  readonly serial?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** The block of the directory that this entry stands for. */
  readonly child?: number;
  /** Stands here only because it lay too deep. */
  readonly moved?: boolean;
  /** Size of a file that is kept compressed (zisofs). */
  readonly packed?: number;
}

export interface SystemUse {
  /** Bytes of the image by logical block. */
  read(block: number, offset: number, length: number): Uint8Array;
}

const MOST_AREAS = 64;

/** The SP field, which the first record of the root starts with where the protocol is used. */
export function ruleOf(use: Uint8Array): { readonly skip: number } | undefined {
  // Before it may lie the 14 bytes of CD-ROM XA.
  for (const at of [0, 14])
    if (use[at] === 0x53 && use[at + 1] === 0x50 && use[at + 4] === 0xbe && use[at + 5] === 0xef)
      return { skip: use[at + 6] ?? 0 };
  return undefined;
}

/** The fields of a record and of the areas that it goes on in. */
function* fieldsOf(use: Uint8Array, skip: number, from: SystemUse): Generator<Fields> {
  let area = new Fields(use, true);
  let at = skip;
  for (let areas = 0; ; areas += 1) {
    let next: Fields | undefined;
    while (at + 4 <= area.size) {
      const length = area.u8(at + 2);
      if (length < 4 || at + length > area.size) break;
      const field = new Fields(area.slice(at, length), true);
      at += length;
      const kind = field.text(0, 2);
      if (kind === 'ST') break;
      if (kind === 'CE') next = field;
      else yield field;
    }
    if (next === undefined) return;
    if (areas === MOST_AREAS) throw new FaultError('malformed', 'the system use of a record goes on without end');
    area = new Fields(from.read(next.u32(4), next.u32(12), Math.min(next.u32(20), 65_536)), true);
    at = 0;
  }
}

export function rockRidge(use: Uint8Array, skip: number, from: SystemUse): RockRidge {
  const found: { -readonly [key in keyof RockRidge]: RockRidge[key] } = {};
  const names: Uint8Array[] = [];
  const links: Fields[] = [];
  for (const field of fieldsOf(use, skip, from)) {
    const kind = field.text(0, 2);
    if (kind === 'PX') {
      found.mode = field.u32(4) & 0xffff;
      found.links = field.u32(12);
      found.uid = field.u32(20);
      found.gid = field.u32(28);
      if (field.size >= 44) found.serial = field.u32(36);
    } else if (kind === 'PN') found.device = deviceOf(field.u32(4), field.u32(12));
    // The names of «.» and «..» are flags, not text.
    else if (kind === 'NM' && (field.u8(4) & 6) === 0) names.push(field.slice(5, field.size - 5));
    else if (kind === 'SL') links.push(field);
    else if (kind === 'CL') found.child = field.u32(4);
    else if (kind === 'RE') found.moved = true;
    else if (kind === 'TF') {
      const mtime = modified(field);
      if (mtime !== undefined) found.mtime = mtime;
    } else if (kind === 'ZF' && field.text(4, 2) === 'pz') found.packed = field.u32(8);
  }
  if (names.length > 0) found.name = textOf(Buffer.concat(names));
  if (links.length > 0) found.target = targetOf(links);
  return found;
}

/** Some writers keep both numbers in the low word, as Linux packs them in 16 bits. */
function deviceOf(high: number, low: number): { major: number; minor: number } {
  if (high === 0 && low > 0xff) return { major: low >>> 8, minor: low & 0xff };
  return { major: high, minor: low };
}

/** Years since 1900, month, day, hour, minute, second, and quarters of an hour from Greenwich (ECMA-119, 9.1.5). */
export function timeOf(date: Uint8Array): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0] = date;
  if (month === 0) return undefined;
  return Date.UTC(1900 + year, month - 1, day, hour, minute, second) / 1000 - zoneOf(zone);
}

/** In seconds; zones that there are none of, as genisoimage writes some, count as none, as Linux has it. */
function zoneOf(byte: number): number {
  const zone = (byte << 24) >> 24;
  return Math.abs(zone) > 52 ? 0 : zone * 900;
}

/** Times in the order of their flags; that of modification is the second. */
function modified(field: Fields): number | undefined {
  const flags = field.u8(4);
  if ((flags & 2) === 0) return undefined;
  const long = (flags & 0x80) !== 0;
  const at = 5 + (flags & 1) * (long ? 17 : 7);
  if (!long) return timeOf(field.slice(at, 7));
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(field.text(at, 16)) ?? [];
  if (year === undefined || year === '0000') return undefined;
  return Date.UTC(+year, +month! - 1, +day!, +hour!, +minute!, +second!) / 1000 - zoneOf(field.u8(at + 16));
}

/** Components of a link: text, «.», «..» and the root; a component may go on in the next one. */
function targetOf(fields: readonly Fields[]): string {
  const parts: string[] = [];
  let open: Uint8Array[] = [];
  for (const field of fields)
    for (let at = 5; at + 2 <= field.size; ) {
      const [flags, length] = [field.u8(at), field.u8(at + 1)];
      const bytes = field.slice(at + 2, length);
      at += 2 + length;
      if ((flags & 8) !== 0) parts.push('');
      else if ((flags & 4) !== 0) parts.push('..');
      else if ((flags & 2) !== 0) parts.push('.');
      else {
        open.push(bytes);
        if ((flags & 1) !== 0) continue;
        parts.push(textOf(Buffer.concat(open)));
        open = [];
      }
    }
  if (open.length > 0) parts.push(textOf(Buffer.concat(open)));
  return parts.length === 1 && parts[0] === '' ? '/' : parts.join('/');
}
