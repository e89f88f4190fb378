/** RPM packages: the payload is looked at in turn. */
import { RPM_MAGIC, rpmAt } from '../../../codecs/formats/rpm.ts';
import type { Extent, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

function locate(blob: Blob, offset: number): Extent | undefined {
  const { name, version, architecture, compressor, payload, end } = rpmAt(blob, offset);
  if (name === '' || payload >= blob.size) return undefined;
  return { start: offset, end: end ?? blob.size, note: `${name} ${version} ${architecture}, ${compressor}` };
}

export const rpm: Unpacker = {
  id: 'archive/rpm',
  title: 'RPM package',
  class: 'archive',
  magic: [{ bytes: RPM_MAGIC }],
  locate,
  unpack: async (container, into) => {
    await into.part('payload', container.slice(rpmAt(container, 0).payload));
  },
};
