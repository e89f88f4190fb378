/** ELF files: programs, libraries, kernel modules and bare-metal firmware; understood as they are, their end by their headers. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { bannerOf } from '../../../codecs/formats/linux-kernel.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { takeFromKernel } from './linux-kernel.ts';

const TYPES: { readonly [type: number]: string } = { 1: 'relocatable', 2: 'executable', 3: 'shared object', 4: 'core' };

/** The last byte that any header, segment or section names. */
function endOf(blob: Blob, offset: number): { end: number; machine: number; type: number } | undefined {
  const head = header(blob, offset, 52);
  if (head === undefined || head[6] !== 1 || ![1, 2].includes(head[4]!) || ![1, 2].includes(head[5]!)) return undefined;
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const whole = wide ? header(blob, offset, 64) : head;
  if (whole === undefined) return undefined;
  const half = (bytes: Buffer, at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const word = (bytes: Buffer, at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const long = (bytes: Buffer, at: number): number =>
    wide ? Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)) : word(bytes, at);
  const type = half(whole, 16);
  if (word(whole, 20) !== 1 || (type > 4 && type < 0xfe00)) return undefined;
  const programs = long(whole, wide ? 32 : 28);
  const sections = long(whole, wide ? 40 : 32);
  const [programSize, programCount, sectionSize, sectionCount] = [0, 2, 4, 6].map((at) =>
    half(whole, (wide ? 54 : 42) + at),
  );
  if (
    (programCount! > 0 && programSize !== (wide ? 56 : 32)) ||
    (sectionCount! > 0 && sectionSize !== (wide ? 64 : 40))
  )
    return undefined;
  let end = Math.max(wide ? 64 : 52, programs + programSize! * programCount!, sections + sectionSize! * sectionCount!);
  const table = header(blob, offset + programs, programSize! * programCount!);
  for (let index = 0; table !== undefined && index < programCount!; index++) {
    const at = index * programSize!;
    end = Math.max(end, wide ? long(table, at + 8) + long(table, at + 32) : word(table, at + 4) + word(table, at + 16));
  }
  const named = header(blob, offset + sections, sectionSize! * sectionCount!);
  for (let index = 0; named !== undefined && index < sectionCount!; index++) {
    const at = index * sectionSize!;
    if (word(named, at + 4) === 8) continue;
    end = Math.max(
      end,
      wide ? long(named, at + 24) + long(named, at + 32) : word(named, at + 16) + word(named, at + 20),
    );
  }
  // Inside an image a header alone is no file: its tables must be there, and what they name.
  if (offset > 0 && (table === undefined || named === undefined || offset + end > blob.size)) return undefined;
  if (!Number.isSafeInteger(end) || end > 2 ** 40 || (programCount === 0 && sectionCount === 0)) return undefined;
  return { end, machine: half(whole, 18), type };
}

export const elf: Unpacker = {
  id: 'image/elf',
  title: 'ELF file',
  class: 'leaf',
  magic: [{ bytes: ascii('\x7fELF') }],
  locate(blob, offset) {
    const found = endOf(blob, offset);
    if (found === undefined) return undefined;
    const note = `${TYPES[found.type] ?? 'special'}, machine ${found.machine}`;
    return { start: offset, end: offset + found.end, note };
  },
  // A vmlinux; programs that merely name the kernel hold neither configuration nor initramfs.
  async unpack(container, into) {
    const executable = [2, 0x200].includes(Buffer.from(container.read(16, 2)).readUInt16LE(0));
    if (executable && container.size > 2 ** 20 && bannerOf(container) !== undefined)
      await takeFromKernel(container, into);
  },
};
