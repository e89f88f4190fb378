/** El Torito (version 1.0): the catalogue of an ISO 9660 volume and the images in it that computers start from. */
import type { Blob } from '../../lib/blob.ts';
import { descriptors, SECTOR } from './iso9660.ts';
import { Fields } from './ordered-fields.ts';

export interface BootImage {
  /** `x86`, `powerpc`, `mac` or `efi`. */
  readonly platform: string;
  readonly start: number;
  /** In bytes; 0 where the catalogue does not say. */
  readonly size: number;
}

const SYSTEM = 'EL TORITO SPECIFICATION';
const PLATFORMS = new Map([
  [0, 'x86'],
  [1, 'powerpc'],
  [2, 'mac'],
  [0xef, 'efi'],
]);
/** Bytes of what is emulated: floppy disks of 1.2, 1.44 and 2.88 MB. */
const FLOPPY = [0, 1_228_800, 1_474_560, 2_949_120];
const MOST = 2048;

export function bootImages(blob: Blob): BootImage[] {
  for (const fields of descriptors(blob))
    if (fields.u8(0) === 0 && fields.text(7, SYSTEM.length) === SYSTEM) return catalogue(blob, fields.u32(71) * SECTOR);
  return [];
}

/** Entries of 32 bytes: one that validates, the default one, then sections with theirs. */
function catalogue(blob: Blob, at: number): BootImage[] {
  const found: BootImage[] = [];
  const fields = new Fields(blob.read(at, MOST * 32), true);
  if (fields.size < 64 || fields.u8(0) !== 1 || fields.u16(30) !== 0xaa55) return found;
  let platform = fields.u8(1);
  for (let entry = 32; entry + 32 <= fields.size; entry += 32) {
    const kind = fields.u8(entry);
    if (kind === 0x90 || kind === 0x91) platform = fields.u8(entry + 1);
    else if (kind === 0x88 || (kind === 0 && fields.u32(entry + 8) !== 0))
      found.push(image(blob, fields, entry, platform));
    // 0x44 goes on with the entry before it.
    else if (kind !== 0x44) break;
  }
  return found;
}

function image(blob: Blob, fields: Fields, entry: number, platform: number): BootImage {
  const start = fields.u32(entry + 8) * SECTOR;
  const media = fields.u8(entry + 1) & 15;
  return {
    platform: PLATFORMS.get(platform) ?? `platform-${platform}`,
    start,
    size: media === 4 ? diskSize(blob, start) : FLOPPY[media] || fields.u16(entry + 6) * 512,
  };
}

/** The one partition of a hard disk that is emulated says where the disk ends. */
function diskSize(blob: Blob, start: number): number {
  const sector = new Fields(blob.read(start, 512), true);
  return sector.size === 512 ? (sector.u32(454) + sector.u32(458)) * 512 : 0;
}
