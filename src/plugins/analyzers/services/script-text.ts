/** The text of a start script, whether it may be run, and the folders of scripts that it goes through. */
import { posix } from 'node:path';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';

interface Place {
  readonly root: RootFileSystem;
  readonly tree: FileTree;
  readonly read: (entry: FileEntry) => string | undefined;
}

export interface Text {
  readonly entry: FileEntry;
  readonly text: string;
}

/** The text of a file. A line with a path stands for a link where the tree was kept by something that has none. */
export function entryText(walk: Place, name: string): Text | undefined {
  const entry = walk.tree.resolve(walk.root, name);
  const text = entry === undefined || entry.type !== 'file' ? undefined : walk.read(entry);
  if (entry === undefined || text === undefined) return undefined;
  if (entry.size > 255 || !/^\.{0,2}\/[\w.+/-]+\n?$/.test(text)) return { entry, text };
  const target = posix.resolve(posix.dirname(entry.name), text.trim());
  const linked = walk.tree.resolve(walk.root, target);
  const inner = linked === undefined || linked.type !== 'file' || linked === entry ? undefined : walk.read(linked);
  return linked === undefined || inner === undefined ? { entry, text } : { entry: linked, text: inner };
}

/** Without the right to be run a script is refused; where the modes were not kept nobody knows. */
export const mayRun = (root: RootFileSystem, { mode }: FileEntry): boolean =>
  !root.keepsModes || mode === undefined || (mode & 0o111) !== 0;

/** Folders of start scripts that a text goes through. */
export const foldersIn = (text: string): ReadonlySet<string> =>
  new Set(
    [
      ...text.replace(/^\s*#.*$/gm, '').matchAll(/(\/etc\/(?:init\.d|rc\.d))\/?(?:\[?S|\*|["']?\s*$|["']?\s*[;)])/gm),
    ].map((match) => match[1] ?? ''),
  );
