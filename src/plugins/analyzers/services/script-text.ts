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
      ...text
        .replace(/^[ \t]*#.*$/gm, '')
        .matchAll(/(\/etc\/(?:init\.d|rc\.d))\/?(?:\[?S|\*|["']?[ \t]*$|["']?[ \t]*[;)])/gm),
    ].map((match) => match[1] ?? ''),
  );

/** The UCI settings that a start script loads, as a rule those of its own name. */
export function settingsOf(walk: Place, text: string, name: string): string | undefined {
  if (!/\brc\.common\b/.test(text.slice(0, 100))) return undefined;
  const own = /\bconfig_load\s+["']?([\w-]{1,40})/.exec(text)?.[1] ?? name.slice(name.lastIndexOf('/') + 1);
  return entryText(walk, `/etc/config/${own}`)?.text;
}

/** What a script of OpenRC names by variables, and its line. */
export function openrcStart(
  text: string,
): { readonly words: readonly string[]; readonly account: string | undefined; readonly line: number } | undefined {
  if (!/^#!\s*\S*\/(openrc-run|runscript)/.test(text)) return undefined;
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1]?.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  const words = `${value('command') ?? ''} ${value('command_args') ?? ''}`.trim().split(/\s+/);
  if (words[0] === '') return undefined;
  const line = text.slice(0, text.search(/^command=/m)).split('\n').length;
  return { words, account: value('command_user')?.split(':')[0], line };
}
