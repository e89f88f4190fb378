/** Self-extracting Linux kernels: zImage (ARM), bzImage (x86), Image (ARM64, RISC-V); what is packed in them is looked at. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { packedPlace } from '../../../codecs/formats/linux-kernel.ts';
import type { Extent, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { takeFromKernel } from './linux-kernel.ts';

interface Kernel {
  readonly form: string;
  readonly end: number;
  /** Where the packed kernel lies; undefined when it is not packed. */
  readonly packed?: { readonly start: number; readonly end: number };
}

function kernelAt(blob: Blob, offset: number): Kernel | undefined {
  const head = header(blob, offset, 0x260);
  if (head === undefined) return undefined;
  if (head.readUInt32LE(0x24) === 0x016f2818) {
    const size = head.readUInt32LE(0x2c) - head.readUInt32LE(0x28);
    if (size < 0x1000 || size > 2 ** 28) return undefined;
    const start = packedPlace(blob.slice(offset, offset + size), 0x30);
    return { form: 'zImage', end: size, ...(start === undefined ? {} : { packed: { start, end: size } }) };
  }
  if (head.toString('latin1', 0x202, 0x206) === 'HdrS' && head.readUInt16LE(0x1fe) === 0xaa55) {
    const setup = ((head[0x1f1] === 0 ? 4 : head[0x1f1]!) + 1) * 512;
    const end = setup + head.readUInt32LE(0x1f4) * 16;
    const start = setup + head.readUInt32LE(0x248);
    const recent = head.readUInt16LE(0x206) >= 0x0208;
    return { form: 'bzImage', end, ...(recent ? { packed: { start, end: start + head.readUInt32LE(0x24c) } } : {}) };
  }
  if (head.toString('latin1', 56, 60) === 'ARM\x64' || head.toString('latin1', 48, 53) === 'RISCV') {
    const size = Number(head.readBigUInt64LE(16));
    if (size < 0x1000 || size > 2 ** 28) return undefined;
    // The stated size counts memory that is zero at the start and not stored.
    return { form: 'Image', end: Math.min(size, blob.size - offset) };
  }
  return undefined;
}

function locate(blob: Blob, offset: number): Extent | undefined {
  const kernel = kernelAt(blob, offset);
  return kernel === undefined ? undefined : { start: offset, end: offset + kernel.end, note: kernel.form };
}

export const kernelImage: Unpacker = {
  id: 'image/kernel-image',
  title: 'Linux kernel image',
  class: 'image',
  magic: [
    { bytes: [0x18, 0x28, 0x6f, 0x01], at: 0x24 },
    { bytes: ascii('HdrS'), at: 0x202 },
    { bytes: ascii('ARM\x64'), at: 56 },
    { bytes: ascii('RISCV'), at: 48 },
  ],
  locate,
  async unpack(container, into) {
    const packed = kernelAt(container, 0)?.packed;
    if (packed === undefined) await takeFromKernel(container, into);
    else await into.part('kernel', container.slice(packed.start, packed.end));
  },
};
