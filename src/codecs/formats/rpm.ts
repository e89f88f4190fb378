/** RPM packages: lead, signature and header; where the payload lies and how it is packed. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import { align, header, textOf } from './fields.ts';

export const RPM_MAGIC = [0xed, 0xab, 0xee, 0xdb];

export interface RpmPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly compressor: string;
  readonly payload: number;
  /** End of the payload as the signature header states it. */
  readonly end?: number;
}

const HEADER_MAGIC = 0x8eade801;

interface Section {
  readonly end: number;
  text(tag: number): string;
  number(tag: number): number | undefined;
}

function section(blob: Blob, at: number): Section {
  const head = header(blob, at, 16);
  if (head === undefined) throw new FaultError('truncated', 'rpm ends inside a header');
  if (head.readUInt32BE(0) !== HEADER_MAGIC) throw new FaultError('malformed', 'no rpm header where one must be');
  const count = head.readUInt32BE(8);
  const store = head.readUInt32BE(12);
  const index = header(blob, at + 16, count * 16);
  if (count > 65_536 || store > 256 * 2 ** 20 || index === undefined)
    throw new FaultError('malformed', 'rpm header of impossible size');
  const base = at + 16 + count * 16;
  const tags = new Map<number, { type: number; offset: number }>();
  for (let entry = 0; entry < count; entry++)
    tags.set(index.readUInt32BE(entry * 16), {
      type: index.readUInt32BE(entry * 16 + 4),
      offset: index.readUInt32BE(entry * 16 + 8),
    });
  const place = (tag: number): { type: number; at: number } | undefined => {
    const found = tags.get(tag);
    return found === undefined || found.offset >= store ? undefined : { type: found.type, at: base + found.offset };
  };
  return {
    end: base + store,
    text: (tag) => {
      const found = place(tag);
      return found === undefined ? '' : textOf(blob.read(found.at, 256));
    },
    number: (tag) => {
      const found = place(tag);
      if (found === undefined) return undefined;
      const bytes = header(blob, found.at, found.type === 5 ? 8 : 4);
      if (bytes === undefined) return undefined;
      return found.type === 5 ? Number(bytes.readBigUInt64BE(0)) : bytes.readUInt32BE(0);
    },
  };
}

export function rpmAt(blob: Blob, at: number): RpmPackage {
  const lead = header(blob, at, 96);
  if (lead === undefined || lead[4]! < 3 || lead[4]! > 4)
    throw new FaultError('malformed', 'rpm lead of unknown version');
  const signature = section(blob, at + 96);
  const main = at + 96 + align(signature.end - at - 96, 8);
  const body = section(blob, main);
  // 1000: size of header and payload; 270: the same in 64 bits.
  const size = signature.number(270) ?? signature.number(1000);
  return {
    name: body.text(1000),
    version: `${body.text(1001)}-${body.text(1002)}`,
    architecture: body.text(1022),
    compressor: body.text(1125) || 'gzip',
    payload: body.end,
    ...(size === undefined ? {} : { end: main + size }),
  };
}
