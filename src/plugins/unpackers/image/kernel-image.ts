/** Self-extracting Linux kernels: zImage (ARM), bzImage (x86), Image (ARM64, RISC-V); what is packed in them is looked at. */
import { ascii, header } from '../../../codecs/formats/fields.ts';
import { packedPlace } from '../../../codecs/formats/linux-kernel.ts';
import type { Extent, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { takeFromKernel } from './linux-kernel.ts';

const ZIMAGE = 0x016f2818;

interface Kernel {
  readonly form: string;
  readonly end: number;
  /** Where the packed kernel lies; undefined when it is not packed. */
  readonly packed?: { readonly start: number; readonly end: number };
}

function kernelAt(blob: Blob, offset: number): Kernel | undefined {
  const head = header(blob, offset, 0x260);
  if (head === undefined) return undefined;
  return zImage(blob, offset, head) ?? bzImage(head) ?? flatImage(blob, offset, head);
}

/** What a zImage of ARM begins with: `mov r0, r0`, or `nop.w` of chips that know Thumb only, in the order of its bytes. */
const NOPS: ReadonlySet<number> = new Set([0xe1a00000, 0x8000f3af]);

/** Boot loaders hold the magic too, as a number that they compare with: only a kernel has idle instructions before it. */
function zImage(blob: Blob, offset: number, head: Buffer): Kernel | undefined {
  const little = head.readUInt32LE(0x24) === ZIMAGE;
  if (!little && head.readUInt32BE(0x24) !== ZIMAGE) return undefined;
  const word = (at: number): number => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
  // The first two words may be the magic of a program of EFI.
  for (let at = 0x08; at <= 0x18; at += 4) if (!NOPS.has(word(at))) return undefined;
  const size = word(0x2c) - word(0x28);
  if (size < 0x1000 || size > 2 ** 28) return undefined;
  const start = packedPlace(blob.slice(offset, offset + size), 0x30);
  return {
    form: little ? 'zImage' : 'zImage, big-endian',
    end: size,
    ...(start === undefined ? {} : { packed: { start, end: size } }),
  };
}

function bzImage(head: Buffer): Kernel | undefined {
  if (head.toString('latin1', 0x202, 0x206) !== 'HdrS' || head.readUInt16LE(0x1fe) !== 0xaa55) return undefined;
  const setup = ((head[0x1f1] === 0 ? 4 : head[0x1f1]!) + 1) * 512;
  const end = setup + head.readUInt32LE(0x1f4) * 16;
  const start = setup + head.readUInt32LE(0x248);
  const recent = head.readUInt16LE(0x206) >= 0x0208;
  return { form: 'bzImage', end, ...(recent ? { packed: { start, end: start + head.readUInt32LE(0x24c) } } : {}) };
}

/** The image that ARM64 and RISC-V share; boot loaders may have its header to be started as a kernel is. */
function flatImage(blob: Blob, offset: number, head: Buffer): Kernel | undefined {
  const arm = head.toString('latin1', 56, 60) === 'ARM\x64';
  if (!arm && head.toString('latin1', 48, 53) !== 'RISCV') return undefined;
  // Reserved fields: 24 bytes on ARM64, twelve on RISC-V behind its version.
  if (head.subarray(arm ? 32 : 36, arm ? 56 : 48).some((byte) => byte !== 0)) return undefined;
  const size = Number(head.readBigUInt64LE(16));
  if (size < 0x1000 || size > 2 ** 28) return undefined;
  // The stated size counts memory that is zero at the start and not stored.
  return { form: 'Image', end: Math.min(size, blob.size - offset) };
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
    { bytes: [0x01, 0x6f, 0x28, 0x18], at: 0x24 },
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
