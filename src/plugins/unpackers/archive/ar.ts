/** Ar archives: Debian packages, old ipk packages, static libraries. */
import { AR_MAGIC, arMembers } from '../../../codecs/formats/ar.ts';
import { ascii } from '../../../codecs/formats/fields.ts';
import type { Extent, Sink, UnpackContext, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';

function locate(blob: Blob, offset: number): Extent | undefined {
  const members = arMembers(blob.slice(offset));
  let debian = false;
  let count = 0;
  for (let step = members.next(); ; step = members.next()) {
    if (step.done === true) {
      if (count === 0) return undefined;
      // The last member of odd size may lack its pad.
      const end = step.value === blob.size - offset + 1 ? blob.size : offset + step.value;
      return { start: offset, end, note: debian ? 'Debian package' : `${count} members` };
    }
    if (count === 0 && step.value.name === 'debian-binary') debian = true;
    count += 1;
  }
}

async function unpack(container: Blob, into: Sink, { signal }: UnpackContext): Promise<void> {
  for (const { name, mode, uid, gid, mtime, start, size } of arMembers(container)) {
    signal.throwIfAborted();
    const content = container.slice(start, start + size);
    await into.file(name, content, { mode, uid, gid, mtime });
    if (content.size < size) into.broken(name, `cut off: ${content.size} of ${size} bytes`);
  }
}

export const ar: Unpacker = {
  id: 'archive/ar',
  title: 'Ar archive',
  class: 'archive',
  magic: [{ bytes: ascii(AR_MAGIC) }],
  locate,
  unpack,
};
