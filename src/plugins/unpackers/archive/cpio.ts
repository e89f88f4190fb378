/** Cpio archives: initramfs, SWUpdate artefacts, payloads of RPM packages. */
import { type CpioMember, cpioMembers, formOf } from '../../../codecs/formats/cpio.ts';
import { ascii } from '../../../codecs/formats/fields.ts';
import type { Extent, Sink, UnpackContext, Unpacker } from '../../../core/model/unpacker.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

/** Members that are read before an archive without a trailer is believed. */
const ENOUGH = 3;

function locate(blob: Blob, offset: number): Extent | undefined {
  const form = formOf(blob.read(offset, 6));
  if (form === undefined) return undefined;
  const members = cpioMembers(blob.slice(offset));
  let end = 0;
  let count = 0;
  try {
    for (let step = members.next(); ; step = members.next()) {
      if (step.done === true) return count === 0 ? undefined : { start: offset, end: offset + step.value, note: form };
      count += 1;
      end = step.value.next;
    }
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
    if (count < ENOUGH) return undefined;
    const cut = thrown.fault.kind === 'truncated' ? blob.size + 1 : offset + end;
    return { start: offset, end: cut, note: `${form}, without its end` };
  }
}

async function unpack(container: Blob, into: Sink, { signal }: UnpackContext): Promise<void> {
  const waiting = new Map<string, string[]>();
  for (const member of cpioMembers(container)) {
    signal.throwIfAborted();
    await take(container, member, into, waiting);
  }
  for (const [first = '', ...names] of waiting.values()) {
    await into.file(first, []);
    for (const name of names) into.hardLink(name, first);
  }
}

async function take(container: Blob, member: CpioMember, into: Sink, waiting: Map<string, string[]>): Promise<void> {
  const { name, mode, uid, gid, mtime, inode } = member;
  const metadata = { mode: mode & 0o7777, uid, gid, mtime };
  const content = container.slice(member.start, member.start + member.size);
  if (content.size < member.size) into.broken(name, `cut off: ${content.size} of ${member.size} bytes`);
  switch (mode & 0o170000) {
    case 0o040000:
      into.directory(name, metadata);
      break;
    case 0o120000:
      into.symlink(name, Buffer.from(content.read(0, 65_536)).toString('utf8'), metadata);
      break;
    case 0o020000:
      into.special(name, 'character-device', member.device, metadata);
      break;
    case 0o060000:
      into.special(name, 'block-device', member.device, metadata);
      break;
    case 0o010000:
      into.special(name, 'fifo', undefined, metadata);
      break;
    case 0o140000:
      into.special(name, 'socket', undefined, metadata);
      break;
    case 0o100000:
    case 0: {
      // Of hard links the last carries the content (newc), the others come before it without.
      const names = waiting.get(inode) ?? [];
      if (member.links > 1 && member.size === 0) {
        waiting.set(inode, [...names, name]);
        break;
      }
      await into.file(name, content, metadata);
      if (member.sum !== undefined && sumOf(content) !== member.sum) into.broken(name, 'checksum does not match');
      if (member.links > 1) for (const other of names) into.hardLink(other, name);
      waiting.delete(inode);
      break;
    }
    default:
      into.broken(name, 'cpio member of unknown type');
  }
  if (content.size < member.size) throw new FaultError('truncated', 'cpio archive is cut off');
}

function sumOf(content: Blob): number {
  let sum = 0;
  for (let at = 0; at < content.size; at += 1 << 20)
    for (const byte of content.read(at, 1 << 20)) sum = (sum + byte) >>> 0;
  return sum;
}

export const cpio: Unpacker = {
  id: 'archive/cpio',
  title: 'Cpio archive',
  class: 'archive',
  magic: [
    { bytes: ascii('070701') },
    { bytes: ascii('070702') },
    { bytes: ascii('070707') },
    { bytes: [0xc7, 0x71] },
    { bytes: [0x71, 0xc7] },
  ],
  locate,
  unpack,
};
