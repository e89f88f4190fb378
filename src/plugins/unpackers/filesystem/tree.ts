/** What all file systems do alike: walk from the root, each directory once, second names as hard links. */
import {
  type InodeRecord,
  type InodeSource,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../../../codecs/formats/inodes.ts';
import type { EntryMetadata, Sink, UnpackContext } from '../../../core/model/unpacker.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';

interface Place {
  readonly name: string;
  readonly key: number;
}

const SPECIAL = new Map([
  [S_IFCHR, 'character-device'],
  [S_IFBLK, 'block-device'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
] as const);

function metadataOf({ mode, uid, gid, mtime, xattrs, keepsMode }: InodeRecord): EntryMetadata {
  return {
    ...(keepsMode === false ? {} : { mode: mode & 0o7777 }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(mtime === undefined ? {} : { mtime }),
    ...(xattrs === undefined || Object.keys(xattrs).length === 0 ? {} : { xattrs }),
  };
}

/** Gives everything that can be reached from the root to the sink; what is broken is told and left out. */
export async function giveTree(source: InodeSource, into: Sink, { signal }: UnpackContext): Promise<void> {
  const seen = new Map<number, string>([[source.root, '/']]);
  const root = source.inode(source.root);
  if ((root.mode & S_IFMT) !== S_IFDIR) throw new FaultError('malformed', 'the root is no directory');
  into.directory('/', metadataOf(root));
  const open: Place[] = [{ name: '', key: source.root }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    signal.throwIfAborted();
    const inner: Place[] = [];
    await guarded(into, place.name === '' ? '/' : place.name, () => directory(source, place, into, seen, inner));
    open.push(...inner.reverse());
  }
  for (const fault of source.faults ?? []) into.broken('', fault);
}

/** A broken piece is told; a spent budget, an abort or a bug ends the whole. */
async function guarded(into: Sink, name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault.kind === 'bug' || fault.kind === 'over-budget' || fault.kind === 'stopped') throw thrown;
    into.broken(name, fault);
  }
}

async function directory(
  source: InodeSource,
  place: Place,
  into: Sink,
  seen: Map<number, string>,
  inner: Place[],
): Promise<void> {
  for (const { name, key } of source.entries(place.key)) {
    const path = `${place.name}/${name}`;
    await guarded(into, path, async () => {
      const record = source.inode(key);
      const before = seen.get(key);
      if (before === undefined) seen.set(key, path);
      else if ((record.mode & S_IFMT) === S_IFDIR)
        throw new FaultError('malformed', `the directory is the same as ${before}`);
      else {
        into.hardLink(path, before);
        return;
      }
      if ((record.mode & S_IFMT) === S_IFDIR) inner.push({ name: path, key });
      await put(path, record, into);
    });
  }
}

async function put(path: string, record: InodeRecord, into: Sink): Promise<void> {
  const metadata = metadataOf(record);
  const type = record.mode & S_IFMT;
  if (type === S_IFDIR) into.directory(path, metadata);
  else if (type === S_IFREG) await file(path, record, into, metadata);
  else if (type === S_IFLNK) into.symlink(path, record.target ?? '', metadata);
  else {
    const special = SPECIAL.get(type as typeof S_IFCHR);
    if (special === undefined) throw new FaultError('malformed', `a file of unknown type ${type.toString(8)}`);
    into.special(path, special, record.device, metadata);
  }
}

/** What of a broken file can be read is kept, and the break told: also where it is larger than its file system can hold. */
async function file(path: string, record: InodeRecord, into: Sink, metadata: EntryMetadata): Promise<void> {
  let thrown: unknown;
  const chunks = function* (): Generator<Uint8Array> {
    try {
      yield* record.content?.() ?? [];
    } catch (error) {
      const { kind } = faultOf(error);
      if (kind === 'bug' || kind === 'stopped') throw error;
      thrown = error;
    }
  };
  await into.file(path, chunks(), metadata);
  if (thrown !== undefined) into.broken(path, faultOf(thrown));
}
