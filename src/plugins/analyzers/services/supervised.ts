/** Services under a supervisor: runit, daemontools and s6, whose folders hold a `run` script for each service. */
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';

export interface Supervised {
  readonly name: string;
  readonly manager: 'runit' | 's6';
  readonly entry: FileEntry;
}

/** Folders that a supervisor is told to look at as a rule, and whose it is. */
const FOLDERS: readonly (readonly [string, Supervised['manager']])[] = [
  ['/etc/service', 'runit'],
  ['/service', 'runit'],
  ['/var/service', 'runit'],
  ['/etc/runit/runsvdir/default', 'runit'],
  ['/etc/runit/runsvdir/current', 'runit'],
  ['/etc/services.d', 's6'],
  ['/etc/s6/services', 's6'],
  ['/run/service', 's6'],
];
const SERVICES = 500;

/** Programs that start what lies in such a folder; BusyBox has some of them. */
export const SUPERVISOR = /(^|\/)(runsvdir(-start)?|runit|svscan(boot)?|s6-svscan)$/;

/** The run scripts, also of folders that a start line names; a file `down` beside one says that it is not started. */
export function supervisedBy(
  root: RootFileSystem,
  tree: FileTree,
  cut: (why: string) => void,
  named: readonly string[],
): readonly Supervised[] {
  const found = new Map<string, Supervised>();
  for (const [folder, manager] of [...FOLDERS, ...named.map((one) => [one, 'runit'] as const)]) {
    for (const { name } of tree.list(root, folder)) {
      const service = `${folder}/${name.slice(name.lastIndexOf('/') + 1)}`;
      const entry = tree.resolve(root, `${service}/run`);
      if (entry?.type !== 'file' || tree.resolve(root, `${service}/down`) !== undefined) continue;
      if (found.size >= SERVICES) cut(`more than ${SERVICES} supervised services`);
      else found.set(entry.path, { name: `${service}/run`, manager, entry });
    }
  }
  return [...found.values()];
}
