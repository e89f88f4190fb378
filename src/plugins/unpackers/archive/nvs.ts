/** Espressif's non-volatile storage: each value as a file, `/namespace/key`. */
import { nvsSize, readNvs } from '../../../codecs/formats/nvs.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';

export const nvs: Unpacker = {
  id: 'archive/nvs',
  title: 'Espressif non-volatile storage',
  class: 'archive',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const size = nvsSize(blob, offset);
    return size === 0 ? undefined : { start: offset, end: offset + size, note: `${size / 4096} pages` };
  },
  async unpack(container, into, { signal }) {
    const { values, faults } = readNvs(container);
    for (const { namespace, key, content } of values) {
      signal.throwIfAborted();
      // A key may hold what a name may not; no key is a path.
      await into.file(`/${namespace.replaceAll('/', '_')}/${key.replaceAll('/', '_')}`, [content]);
    }
    for (const fault of faults) into.broken('', fault);
  },
};
