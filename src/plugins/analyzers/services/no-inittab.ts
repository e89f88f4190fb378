/** Who sits at the console of an image without an inittab: BusyBox has a default, other inits have rules of their own. */
import type { FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { Console } from './inittab.ts';

export interface Default {
  readonly console?: Console & { readonly path: string };
  /** What runs on the console is not known. */
  readonly open: boolean;
}

const NOTHING: Default = { open: false };
/** Inits that read no inittab, or none for consoles; what they start is followed elsewhere. */
const OTHERS = /\/(systemd|procd|runit(-init)?|s6-[\w-]*|openrc-init|dinit|upstart)$/;

/** BusyBox without an inittab runs rcS and gives a shell on the console to whoever presses a key (init.c, parse_inittab). */
export function consoleByDefault(root: RootFileSystem, tree: FileTree): Default {
  const at = (name: string): ReturnType<FileTree['resolve']> => tree.resolve(root, name);
  if (at('/etc/inittab') !== undefined || at('/init.rc') !== undefined || at('/system/etc/init') !== undefined)
    return NOTHING;
  const init = at('/sbin/init') ?? at('/linuxrc');
  if (init === undefined) {
    // The first program of an initramfs is a script as a rule, which is followed; without any the image is a part of one.
    return { open: at('/init') === undefined };
  }
  if (OTHERS.test(init.name)) return NOTHING;
  if (!/\/busybox[\w.-]*$/.test(init.name)) return { open: true };
  const console = {
    device: 'console',
    serial: true,
    program: '-/bin/sh (without an inittab)',
    login: 'none' as const,
    started: 'always' as const,
    file: init.name,
    line: 1,
    path: init.path,
  };
  return { console, open: false };
}
