/** Linux kernels as they run: recognised by their banner; the configuration and an initramfs in them are taken out. */
import { ascii } from '../../../codecs/formats/fields.ts';
import { bannerOf, configOf, find } from '../../../codecs/formats/linux-kernel.ts';
import type { Sink, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

const LEAST = 256 * 1024;
const LARGEST = 256 * 2 ** 20;
/** File systems that follow a kernel in flash: what holds one is no kernel alone. */
const OTHERS = ['UBI#', 'hsqs', '\x27\x05\x19\x56'].map((text) => Buffer.from(text, 'latin1'));

export async function takeFromKernel(container: Blob, into: Sink): Promise<void> {
  const config = configOf(container);
  if (config !== undefined) await into.file('ikconfig', [config]);
  const initramfs = find(container, Buffer.from('070701'));
  if (initramfs !== -1) {
    const head = Buffer.from(container.read(initramfs, 110)).toString('latin1');
    if (/^070701[0-9a-fA-F]{104}$/.test(head)) await into.part('initramfs', container.slice(initramfs));
  }
}

export const linuxKernel: Unpacker = {
  id: 'image/linux-kernel',
  title: 'Linux kernel',
  class: 'leaf',
  magic: [],
  whole: true,
  locate(blob, offset) {
    if (offset !== 0 || blob.size < LEAST || blob.size > LARGEST) return undefined;
    if (Buffer.from(blob.read(0, 4)).equals(Buffer.from(ascii('\x7fELF')))) return undefined;
    // The cheap look first: whole images begin so, and the banner may stand at their end.
    if (OTHERS.some((magic) => startsWith(blob, magic))) return undefined;
    const banner = bannerOf(blob);
    if (banner === undefined || find(blob, Buffer.from('swapper')) === -1) return undefined;
    if (OTHERS.some((magic) => isAligned(blob, magic))) return undefined;
    return { start: 0, end: blob.size, note: banner.slice(0, 120) };
  },
  unpack: takeFromKernel,
};

const startsWith = (blob: Blob, magic: Buffer): boolean => magic.equals(blob.read(0, magic.length));

/** Whether the magic stands at a place of 4 KiB: where a kernel only names it, it does not. */
function isAligned(blob: Blob, magic: Buffer): boolean {
  for (let at = 0; at < blob.size; at += 4096) if (Buffer.from(blob.read(at, 4)).equals(magic)) return true;
  return false;
}
