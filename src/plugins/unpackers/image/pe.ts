/** PE/COFF files: EFI programs and loaders; understood as they are, their signatures included. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

const MACHINES: { readonly [machine: number]: string } = {
  332: 'i386',
  34404: 'x86-64',
  452: 'ARM',
  43620: 'ARM64',
  512: 'Itanium',
  20580: 'RISC-V 64',
};

export const pe: Unpacker = {
  id: 'image/pe',
  title: 'PE/COFF file',
  class: 'leaf',
  embedded: true,
  magic: [{ bytes: ascii('MZ') }],
  locate(blob, offset) {
    const at = header(blob, offset, 64)?.readUInt32LE(60);
    if (at === undefined || at < 64 || at > 65_536) return undefined;
    const head = header(blob, offset + at, 24);
    if (head === undefined || head.toString('latin1', 0, 4) !== 'PE\0\0') return undefined;
    const machine = MACHINES[head.readUInt16LE(4)];
    const count = head.readUInt16LE(6);
    const optional = header(blob, offset + at + 24, head.readUInt16LE(20));
    const sections = header(blob, offset + at + 24 + head.readUInt16LE(20), count * 40);
    if (machine === undefined || count > 96 || optional === undefined || optional.length < 96 || sections === undefined)
      return undefined;
    const wide = optional.readUInt16LE(0) === 0x20b;
    let end = optional.readUInt32LE(60);
    for (let index = 0; index < count; index++)
      end = Math.max(end, sections.readUInt32LE(index * 40 + 16) + sections.readUInt32LE(index * 40 + 20));
    // The certificate table (entry 4) is named by its place in the file, not in memory.
    const entry = (wide ? 112 : 96) + 32;
    if (optional.length >= entry + 8)
      end = Math.max(end, optional.readUInt32LE(entry) + optional.readUInt32LE(entry + 4));
    const efi = optional.readUInt16LE(68) >= 10 && optional.readUInt16LE(68) <= 13;
    return { start: offset, end: offset + end, note: `${machine}${efi ? ', EFI' : ''}` };
  },
};
