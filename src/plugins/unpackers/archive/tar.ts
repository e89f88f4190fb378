/** Tar archives of all kinds: software, unpacked root file systems, Mender and sysupgrade artefacts. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { BLOCK, isHeader, sparsePieces, type TarMember, tarMembers } from '../../../codecs/formats/tar.ts';
import type { EntryMetadata, Extent, Sink, UnpackContext, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

const USTAR = [0x75, 0x73, 0x74, 0x61, 0x72];

function locate(blob: Blob, offset: number): Extent | undefined {
  if (!isHeader(blob.read(offset, BLOCK))) return undefined;
  const members = tarMembers(blob.slice(offset));
  let end = 0;
  let count = 0;
  try {
    for (;;) {
      const step = members.next();
      if (step.done === true) {
        end = step.value;
        break;
      }
      end = step.value.next;
      count += 1;
    }
  } catch (thrown) {
    // The members before the break are there; the extent ends with the last whole one.
    faultOf(thrown);
  }
  if (count === 0) return undefined;
  return { start: offset, end: offset + end, note: `${count} members` };
}

async function unpack(container: Blob, into: Sink, { signal }: UnpackContext): Promise<void> {
  for (const member of tarMembers(container)) {
    signal.throwIfAborted();
    await take(container, member, into);
  }
}

async function take(container: Blob, member: TarMember, into: Sink): Promise<void> {
  const { name, type, mode, uid, gid, mtime, xattrs } = member;
  const metadata = { mode, uid, gid, mtime, ...(Object.keys(xattrs).length === 0 ? {} : { xattrs }) };
  const device = { major: member.major, minor: member.minor };
  switch (type) {
    case 'directory':
      into.directory(name, metadata);
      return;
    case 'symlink':
      into.symlink(name, member.link, metadata);
      return;
    case 'hard-link':
      into.hardLink(name, member.link);
      return;
    case 'fifo':
      into.special(name, 'fifo', undefined, metadata);
      return;
    case 'character-device':
    case 'block-device':
      into.special(name, type, device, metadata);
      return;
    case 'other':
      into.broken(name, `tar member of unknown type ${JSON.stringify(member.flag)}`);
      return;
    case 'file': {
      if (member.sparse !== undefined) {
        writeSparse(container, member, into, metadata);
        return;
      }
      const content = container.slice(member.start, member.start + member.stored);
      if (content.size < member.stored) into.broken(name, `cut off: ${content.size} of ${member.stored} bytes`);
      await into.file(name, content, metadata);
      if (content.size < member.stored) throw new FaultError('truncated', 'tar archive is cut off');
    }
  }
}

/** The place is counted and kept before a byte is written; holes stay holes. */
function writeSparse(container: Blob, member: TarMember, into: Sink, metadata: EntryMetadata): void {
  const { path, offset } = into.reserve(member.name, member.size, metadata);
  const descriptor = openSync(path, 'r+');
  try {
    for (const piece of sparsePieces(container, member))
      writeSync(descriptor, piece.bytes, 0, piece.bytes.length, offset + piece.offset);
  } finally {
    closeSync(descriptor);
  }
}

export const tar: Unpacker = {
  id: 'archive/tar',
  title: 'Tar archive',
  class: 'archive',
  magic: [{ bytes: USTAR, at: 257 }],
  // V7 has no magic; the checksum of its first header tells it.
  whole: true,
  locate,
  unpack,
};
