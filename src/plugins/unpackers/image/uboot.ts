/** U-Boot loaders without a header of their own: what is left of a flash dump and names itself so. */
import { find } from '../../../codecs/formats/linux-kernel.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

const LARGEST = 4 * 2 ** 20;
const LEAST = 4096;
const NAME = Buffer.from('U-Boot ');

export const uboot: Unpacker = {
  id: 'image/uboot',
  title: 'U-Boot loader',
  class: 'leaf',
  magic: [],
  whole: 'rest',
  locate(blob, offset) {
    if (offset !== 0 || blob.size > LARGEST || blob.size < LEAST) return undefined;
    for (let at = find(blob, NAME); at !== -1; at = find(blob, NAME, at + 1)) {
      const text = Buffer.from(blob.read(at, 96)).toString('latin1');
      const version = /^U-Boot (?:SPL )?(?:\d{4}\.\d\d|1\.\d\.\d)[^\n\0]{0,80}/.exec(text)?.[0];
      if (version !== undefined) return { start: 0, end: blob.size, note: version };
    }
    return undefined;
  },
};
