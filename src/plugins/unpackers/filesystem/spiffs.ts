/** SPIFFS, as Espressif's chips and others use it for their files. */
import { spiffsContent, spiffsFiles, spiffsShape } from '../../../codecs/formats/spiffs.ts';
import type { Unpacker } from '../../../core/model/unpacker.ts';
import { FaultError } from '../../../lib/fault.ts';

export const spiffs: Unpacker = {
  id: 'filesystem/spiffs',
  title: 'SPIFFS file system',
  class: 'file-system',
  magic: [],
  whole: true,
  locate(blob, offset) {
    const shape = offset === 0 ? spiffsShape(blob) : undefined;
    return shape === undefined
      ? undefined
      : { start: 0, end: blob.size, note: `pages of ${shape.page} bytes, ${shape.blocks} blocks of ${shape.block}` };
  },
  async unpack(container, into, { signal }) {
    const shape = spiffsShape(container);
    if (shape === undefined) throw new FaultError('malformed', 'no magic in its blocks');
    for (const file of spiffsFiles(container, shape)) {
      signal.throwIfAborted();
      const needed = Math.ceil(file.size / (shape.page - 5));
      const missing = Array.from({ length: needed }, (_, span) => span).filter((span) => !file.pages.has(span)).length;
      await into.file(file.name, spiffsContent(container, shape, file));
      if (missing > 0) into.broken(file.name, `${missing} of ${needed} pages are missing`);
    }
  },
};
