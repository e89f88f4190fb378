/** Whether a path that boot runs, and that the image does not hold, may be there at run time: on a partition or folder that is filled elsewhere. */
import { posix } from 'node:path';
import type { FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';

/** What runs at boot and lies in none of what was given. */
export interface Outside {
  readonly target: string;
  readonly file: string;
  readonly line: number;
}

/** Folders that are empty at every start, and devices: nothing of the maker's lies there before boot put it there. */
const MADE_AT_RUN_TIME = /^\/(proc|sys|dev)\//;
/** What a shell does by itself; everything else is a file that the search path finds. */
const BUILT_IN = new Set(
  'alias bg break case cd command continue do done echo elif else esac eval exec exit export false fg fi for function getopts hash help if in jobs kill let local printf pwd read readonly return select set shift source test then time times trap true type ulimit umask unalias unset until wait while'.split(
    ' ',
  ),
);

/** A path of a file that is not there, below a folder that the image leaves empty or to a link that leads nowhere. */
export function isOutside(root: RootFileSystem, tree: FileTree, target: string): boolean {
  if (!/^\/[\w./+-]+$/.test(target) || MADE_AT_RUN_TIME.test(target)) return false;
  if (tree.resolve(root, target) !== undefined) return false;
  if (tree.get(root.path + target)?.type === 'symlink') return true;
  let folder = posix.dirname(target);
  while (folder !== '/') {
    const entry = tree.resolve(root, folder);
    if (entry !== undefined) return entry.type === 'directory' && tree.list(root, folder).length === 0;
    // A link to a folder that something else fills.
    if (tree.get(root.path + folder)?.type === 'symlink') return true;
    folder = posix.dirname(folder);
  }
  // Trees that were kept without modes were kept without empty folders too.
  return !root.keepsModes;
}

/** A bare name that only a folder of the script's own search path can hold, and that folder is filled elsewhere. */
export function isFoundOutside(root: RootFileSystem, tree: FileTree, name: string, text: string): boolean {
  if (!/^[A-Za-z_][\w.-]*$/.test(name) || BUILT_IN.has(name) || text.includes(`${name}()`)) return false;
  const folders = [...text.matchAll(/^[ \t]*(?:export[ \t]+)?PATH=["']?([^"'\s;]+)/gm)]
    .flatMap(([, list = '']) => list.split(':'))
    .filter((folder) => folder.startsWith('/'));
  const known = [...new Set([...folders, '/bin', '/sbin', '/usr/bin', '/usr/sbin'])];
  const at = (folder: string): string => `${folder.replace(/\/$/, '')}/${name}`;
  if (known.some((folder) => tree.resolve(root, at(folder)) !== undefined)) return false;
  return folders.some((folder) => isOutside(root, tree, at(folder)));
}

/** A partition that boot runs something from and that was not given may start anything. */
export function tellOutside(
  outside: readonly Outside[],
  scope: { readonly kind: 'file'; readonly path: string },
  context: AnalyzerContext,
): void {
  const [first, ...more] = outside;
  if (first === undefined) return;
  const message = `${first.file}:${first.line} runs ${first.target}${more.length === 0 ? '' : ` and ${more.length} more`}, which no file system that was given holds: what it starts is not known`;
  context.gap({ kind: 'not-given', flag: '--firmware', message }, { scope, area: 'root-file-system' });
}
