/** Recognises root file systems among the folders of a container, and whether their modes are the target's own. */
import type { Folder, Node } from './folder.ts';

const MOST_DEPTH = 3;
const MOST_ROOTS = 16;
/** Folders that are looked through for a root below the top, at most. */
const MOST_FOLDERS = 2000;

/** Absolute names of the folders that look like the root of a Linux system: the topmost ones. */
export function rootsIn(folder: Folder): string[] {
  const roots: string[] = [];
  const queue: { readonly name: string; readonly depth: number }[] = [{ name: '/', depth: 0 }];
  for (let index = 0; index < queue.length && index < MOST_FOLDERS && roots.length < MOST_ROOTS; index++) {
    const at = queue[index];
    if (at === undefined) break;
    if (isRoot(folder, at.name)) {
      roots.push(at.name);
      continue;
    }
    if (at.depth === MOST_DEPTH) continue;
    queue.push(...foldersIn(folder, at.name).map((name) => ({ name, depth: at.depth + 1 })));
  }
  return roots;
}

const foldersIn = (folder: Folder, name: string): string[] =>
  folder.childrenOf(name).filter((child) => folder.nodes.get(child)?.type === 'directory');

function isRoot(folder: Folder, name: string): boolean {
  const base = name === '/' ? '' : name;
  const has = (path: string): boolean => folder.nodes.has(`${base}/${path}`);
  // Android's, whose system partition is the root: its /etc is a link that not every copy of the tree keeps.
  if (has('init.rc') && has('system/etc') && has('system/bin')) return true;
  const etc = folder.nodes.get(`${base}/etc`);
  if (etc === undefined || (etc.type !== 'directory' && etc.type !== 'symlink')) return false;
  if (['etc/passwd', 'etc/shadow', 'etc/inittab', 'etc/init.d'].some(has)) return true;
  const others = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'lib', 'init', 'linuxrc'].filter(has);
  return others.length >= 2;
}

/** Whether every file has a mode: FAT and others keep none. */
export function modesAreKept(nodes: Iterable<Node>): boolean {
  for (const { type, metadata } of nodes) if (type === 'file' && metadata.mode === undefined) return false;
  return true;
}

/**
 * Whether the modes say something of the target. A tree that a version control system or an unpacking user wrote has
 * two modes and one owner only: every file 0644 or 0755, nothing setuid, sticky, private or a device.
 */
export function modesAreOwn(nodes: Iterable<Node>): boolean {
  let files = 0;
  for (const { type, metadata, device } of nodes) {
    if (device !== undefined) return true;
    if (type !== 'file') continue;
    files += 1;
    if (metadata.mode === undefined) return false;
    if (!COMMON.has(metadata.mode & 0o7777)) return true;
  }
  return files < 20;
}

const COMMON: ReadonlySet<number> = new Set([0o644, 0o755, 0o664, 0o775]);
