/** Reads a directory as an image: links are never followed, metadata is the host's unless a manifest of assay lies in it. */
import { accessSync, constants, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { type Blob, openBlob } from '../../lib/blob.ts';
import { FaultError, faultOf } from '../../lib/fault.ts';
import type { FileType, RootFileSystem } from '../model/files.ts';
import type { EntryMetadata } from '../model/unpacker.ts';
import { Folder, type Node } from './folder.ts';
import { type ManifestEntry, parseManifest } from './manifest.ts';
import { safeName } from './names.ts';
import type { Region } from './regions.ts';
import { rootsIn } from './roots.ts';
import type { Session } from './session.ts';

const MOST_DEPTH = 256;

/** Fills the session's tree; gives regions over the contents of all files, one after another. */
export async function readDirectory(path: string, session: Session): Promise<Region[]> {
  const { image } = session.tree;
  const manifest = manifestIn(path);
  const folder = new Folder();
  for (const node of walk(path, session, manifest)) {
    try {
      session.budget.countEntry();
      folder.add(node);
    } catch (thrown) {
      const fault = faultOf(thrown);
      session.tell(image + node.name, fault, true);
      if (fault.kind === 'over-budget') break;
    }
  }
  const roots = rootsIn(folder).map(
    (prefix): RootFileSystem => ({
      path: prefix === '/' ? image : image + prefix,
      prefix,
      keepsModes: manifest !== undefined,
    }),
  );
  session.tree.add(image, folder, roots);
  const regions: Region[] = [];
  let at = 0;
  for (const node of folder.nodes.values()) {
    if (node.content === undefined || node.size === 0) continue;
    const inner = await opened(session, image, node, node.content, roots);
    for (const region of inner) regions.push({ ...region, start: region.start + at, end: region.end + at });
    at += node.size;
  }
  return regions;
}

/** What cannot be read after all is told, and not understood. */
async function opened(
  session: Session,
  image: string,
  node: Node,
  content: Blob,
  roots: readonly RootFileSystem[],
): Promise<Region[]> {
  try {
    return await session.openLoose(image, node, content, roots);
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AbortError') throw thrown;
    session.tell(image + node.name, unreadable(thrown), true);
    return [{ start: 0, end: node.size, kind: 'unknown' }];
  }
}

function manifestIn(path: string): ReadonlyMap<string, ManifestEntry> | undefined {
  try {
    return parseManifest(readFileSync(join(path, 'manifest.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

type Manifest = ReadonlyMap<string, ManifestEntry> | undefined;

/** All below `top`, folders before what is in them. */
function* walk(top: string, session: Session, manifest: Manifest): Generator<Node> {
  yield* below(top, '', 0, session, manifest);
  for (const entry of manifest === undefined ? [] : manifest.values()) if (entry.virtual) yield virtualNode(entry);
}

function* below(top: string, folder: string, depth: number, session: Session, manifest: Manifest): Generator<Node> {
  if (depth > MOST_DEPTH) {
    const message = `deeper than ${MOST_DEPTH} directories`;
    session.tell(session.tree.image + folder, { kind: 'over-budget', message }, true);
    return;
  }
  for (const node of nodesIn(top, folder, session, manifest)) {
    yield node;
    if (node.type === 'directory') yield* below(top, node.name, depth + 1, session, manifest);
  }
}

function* nodesIn(top: string, folder: string, session: Session, manifest: Manifest): Generator<Node> {
  for (const child of names(top, folder, session)) {
    const name = `${folder}/${child}`;
    if (manifest !== undefined && name === '/manifest.json') continue;
    const node = nodeAt(top, name, session, manifest?.get(name));
    if (node !== undefined) yield node;
  }
}

function names(top: string, name: string, session: Session): string[] {
  try {
    return readdirSync(join(top, name)).sort();
  } catch (thrown) {
    session.tell(session.tree.image + name, unreadable(thrown), true);
    return [];
  }
}

function nodeAt(top: string, name: string, session: Session, known: ManifestEntry | undefined): Node | undefined {
  try {
    safeName(name, session.budget.limits);
    const path = join(top, name);
    const stats = lstatSync(path);
    return nodeOf(path, name, stats, known);
  } catch (thrown) {
    session.tell(session.tree.image + name, unreadable(thrown), true);
    return undefined;
  }
}

function nodeOf(path: string, name: string, stats: Stats, known: ManifestEntry | undefined): Node {
  const metadata: EntryMetadata =
    known !== undefined
      ? known.metadata
      : {
          mode: stats.mode & 0o7777,
          uid: stats.uid,
          gid: stats.gid,
          mtime: Math.trunc(stats.mtimeMs / 1000),
        };
  const type = typeOf(stats);
  if (type === 'symlink') return { name, type, metadata, size: stats.size, target: readlinkSync(path) };
  if (type !== 'file') return { name, type, metadata, size: 0 };
  accessSync(path, constants.R_OK);
  const content = fileBlob(path, 0, stats.size);
  return { name, type, metadata, size: stats.size, content };
}

/** What a host cannot hold without privilege lies in the manifest only: links that were not written, devices. */
function virtualNode(entry: ManifestEntry): Node {
  return {
    name: entry.name,
    type: entry.type,
    metadata: entry.metadata,
    size: 0,
    ...(entry.target === undefined ? {} : { target: entry.target }),
    ...(entry.device === undefined ? {} : { device: entry.device }),
  };
}

function typeOf(stats: Stats): FileType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character-device';
  if (stats.isBlockDevice()) return 'block-device';
  return stats.isFIFO() ? 'fifo' : 'socket';
}

const unreadable = (thrown: unknown): { kind: 'unreadable'; message: string } | ReturnType<typeof faultOf> =>
  thrown instanceof FaultError
    ? thrown.fault
    : { kind: 'unreadable', message: thrown instanceof Error ? thrown.message : String(thrown) };

/** Opened for each read: a tree has more files than a process may keep open. */
function fileBlob(path: string, start: number, end: number): Blob {
  const size = Math.max(0, end - start);
  return {
    size,
    origin: { path, offset: start },
    read(offset, length) {
      const file = openBlob(path);
      try {
        return file.slice(start, end).read(offset, length);
      } finally {
        file.close();
      }
    },
    slice: (from, to = size) => {
      const low = Math.min(Math.max(0, from), size);
      return fileBlob(path, start + low, start + Math.max(low, Math.min(to, size)));
    },
  };
}
