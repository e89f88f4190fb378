/** The files that a command of a script runs, by path, by pattern or by bare name. */
import type { FileTree, RootFileSystem } from '../../../core/model/files.ts';
import { FOLDERS } from './vendor.ts';

export const SHELLS = new Set(['sh', 'ash', 'bash', '/bin/sh', '/bin/ash', '/bin/bash', '.', 'source']);

interface Place {
  readonly root: RootFileSystem;
  readonly tree: FileTree;
}

/** Tools that do their work and end, and shells. */
export const PLAIN =
  /^\/(usr\/)?s?bin\/(\[|ash|awk|basename|bash|cat|chmod|chown|cmp|cp|cut|dash|date|dd|depmod|df|diff|dirname|dmesg|du|echo|egrep|env|expr|false|find|fsck[\w.]*|getopt|grep|gunzip|gzip|head|hostname|id|ifconfig|insmod|ip|kill|killall|ldconfig|ln|logger|losetup|ls|lsmod|md5sum|mkdir|mkfs[\w.]*|mknod|mktemp|modprobe|mount|mountpoint|mv|od|pidof|printf|ps|pwd|readlink|realpath|rm|rmdir|rmmod|route|sed|seq|sh|sha256sum|sleep|sort|stat|stty|swapon|sync|sysctl|tail|tar|tee|test|touch|tr|true|udevadm|umount|uname|uniq|usleep|wc|which|xargs)$/;

/** The files that a command runs: the program, the script of a shell, all that a pattern or `run-parts` names. */
export function targetsOf(place: Place, program: string, rest: readonly string[]): readonly string[] {
  if (program.endsWith('run-parts')) {
    const folder = rest.findLast((word) => word.startsWith('/')) ?? '';
    return place.tree.list(place.root, folder).map(({ name }) => `${folder}/${name.slice(name.lastIndexOf('/') + 1)}`);
  }
  const target = SHELLS.has(program) ? rest.find((word) => word.startsWith('/')) : program;
  if (target?.startsWith('/') !== true) return target === undefined ? [] : foundByName(place, target);
  return /[*?[]/.test(target) ? expanded(place, target) : [target];
}

/** A program or script that is called by its bare name, as the shell would find it; applets of BusyBox are tools. */
function foundByName(place: Place, name: string): readonly string[] {
  if (!/^[\w.+-]{1,64}$/.test(name)) return [];
  const found = FOLDERS.map((folder) => folder + name).find((path) => {
    const entry = place.tree.resolve(place.root, path);
    return entry?.type === 'file' && !/\/(busybox|toybox)[\w.-]*$/.test(entry.name);
  });
  return found === undefined ? [] : [found];
}

/** The files of a folder whose names fit a shell pattern. */
function expanded(place: Place, pattern: string): readonly string[] {
  const at = pattern.lastIndexOf('/');
  const folder = pattern.slice(0, at);
  if (/[*?[]/.test(folder) || pattern.split('*').length > 4) return [];
  const shape = pattern
    .slice(at + 1, at + 64)
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\?/g, '.')
    .replace(/\*+/g, '.*');
  const fits = matcherOf(shape);
  return place.tree
    .list(place.root, folder)
    .map(({ name }) => name.slice(name.lastIndexOf('/') + 1))
    .filter((name) => fits.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function matcherOf(shape: string): RegExp {
  try {
    return new RegExp(`^${shape}$`);
  } catch {
    return /^$/;
  }
}
