/** UF2 files: blocks of 512 bytes that carry code to addresses. */
import { header } from '../../../codecs/formats/fields.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

const BLOCK = 512;

function blockAt(blob: Blob, at: number): Buffer | undefined {
  const block = header(blob, at, BLOCK);
  if (block === undefined || block.readUInt32LE(0) !== 0x0a324655 || block.readUInt32LE(4) !== 0x9e5d5157)
    return undefined;
  return block.readUInt32LE(508) === 0x0ab16f30 && block.readUInt32LE(16) <= 476 ? block : undefined;
}

export const uf2: Unpacker = {
  id: 'image/uf2',
  title: 'UF2 file',
  class: 'image',
  magic: [{ bytes: [0x55, 0x46, 0x32, 0x0a, 0x57, 0x51, 0x5d, 0x9e] }],
  locate(blob, offset) {
    let end = offset;
    while (blockAt(blob, end) !== undefined) end += BLOCK;
    return end === offset ? undefined : { start: offset, end, note: `${(end - offset) / BLOCK} blocks` };
  },
  async unpack(container, into) {
    const runs: { address: number; end: number; parts: Uint8Array[] }[] = [];
    for (let at = 0; at < container.size; at += BLOCK) {
      const block = blockAt(container, at);
      // Flag 1: a comment, not for the main flash.
      if (block === undefined || (block.readUInt32LE(8) & 1) === 1) continue;
      const address = block.readUInt32LE(12);
      const data = block.subarray(32, 32 + block.readUInt32LE(16));
      const last = runs.at(-1);
      if (last !== undefined && last.end === address) {
        last.parts.push(data);
        last.end += data.length;
      } else runs.push({ address, end: address + data.length, parts: [data] });
    }
    for (const { address, parts } of runs) await into.part(`0x${address.toString(16)}`, parts);
  },
};
