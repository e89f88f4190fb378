/** Services as data: systemd units, inetd and xinetd, Android init.rc. */
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import { type Console, isSerial } from './inittab.ts';

export interface UnitStart {
  readonly words: readonly string[];
  readonly account: string | undefined;
  readonly condition: string | undefined;
  readonly manager: 'systemd' | 'android' | 'inetd';
  readonly entry: FileEntry;
  readonly line: number;
}
type Read = (entry: FileEntry) => string | undefined;

const UNIT_FOLDERS = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system'];
const UNITS = 5000;

type ConsoleAt = Console & { readonly path: string };

/** Units that some `.wants` or `.requires` folder pulls in, and gettys on consoles. */
export function systemdServices(
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
  cut: (why: string) => void,
): { readonly present: boolean; readonly units: readonly UnitStart[]; readonly consoles: readonly ConsoleAt[] } {
  const wanted = wantedUnits(root, tree, cut);
  const units: UnitStart[] = [];
  const consoles: ConsoleAt[] = [];
  for (const [name, link] of wanted) {
    const base = name.replace(/@.*\./, '@.').replace(/\.socket$/, '.service');
    const entry = UNIT_FOLDERS.map((folder) => tree.resolve(root, `${folder}/${base}`)).find(
      (one) => one?.type === 'file',
    );
    const text = entry === undefined ? undefined : read(entry);
    const tty = /^(?:serial-)?getty@(.+)\.service$/.exec(name)?.[1];
    if (tty !== undefined) consoles.push(gettyConsole(tty, link, text));
    else if (entry !== undefined && text !== undefined) units.push(...unitStarts(entry, text));
  }
  return { present: wanted.size > 0, units, consoles };
}

function wantedUnits(root: RootFileSystem, tree: FileTree, cut: (why: string) => void): ReadonlyMap<string, FileEntry> {
  const wanted = new Map<string, FileEntry>();
  const folders = UNIT_FOLDERS.flatMap((folder) => tree.list(root, folder)).filter((entry) =>
    /\.(wants|requires)$/.test(entry.name),
  );
  const links = folders.flatMap((folder) => tree.list(root, folder.name));
  if (links.length > UNITS) cut(`more than ${UNITS} units are wanted`);
  for (const link of links.slice(0, UNITS)) wanted.set(link.name.slice(link.name.lastIndexOf('/') + 1), link);
  return wanted;
}

function gettyConsole(tty: string, link: FileEntry, text: string | undefined): ConsoleAt {
  const login = text !== undefined && /--autologin|-a\s+root/.test(text) ? 'none' : 'password';
  return {
    device: tty,
    serial: isSerial(tty),
    program: `getty ${tty}`,
    login,
    started: 'always',
    file: link.name,
    line: 1,
    path: link.path,
  };
}

function unitStarts(entry: FileEntry, text: string): readonly UnitStart[] {
  const lines = text.split('\n');
  const value = (key: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .trim();
  const condition = lines.find((line) => /^Condition(?!PathExists=\/(usr|bin|sbin|lib|etc)\/)\w+=/.test(line))?.trim();
  const account = value('User') ?? (value('DynamicUser') === 'yes' ? 'dynamic' : undefined);
  return lines.flatMap((line, index) =>
    /^ExecStart=/.test(line)
      ? [
          {
            words: line
              .slice(10)
              .trim()
              .replace(/^[-@:+!]+/, '')
              .split(/\s+/),
            account,
            condition,
            manager: 'systemd' as const,
            entry,
            line: index + 1,
          },
        ]
      : [],
  );
}

/** Lines of inetd.conf and enabled services of xinetd. */
export function inetdServices(root: RootFileSystem, tree: FileTree, read: Read): readonly UnitStart[] {
  const entry = tree.resolve(root, '/etc/inetd.conf');
  const text = entry === undefined ? undefined : read(entry);
  const lines =
    entry === undefined || text === undefined
      ? []
      : text.split('\n').flatMap((line, index) => inetdLine(line, entry, index + 1));
  return [
    ...lines,
    ...tree
      .list(root, '/etc/xinetd.d')
      .flatMap((file) => xinetdFile(file, file.type === 'file' ? read(file) : undefined)),
  ];
}

function inetdLine(line: string, entry: FileEntry, at: number): readonly UnitStart[] {
  const fields = line.trim().split(/\s+/);
  const [, , , , account, program = ''] = fields;
  if (line.trim().startsWith('#') || fields.length < 6 || program === 'internal') return [];
  return [{ words: [program, ...fields.slice(7)], account, condition: undefined, manager: 'inetd', entry, line: at }];
}

function xinetdFile(entry: FileEntry, text: string | undefined): readonly UnitStart[] {
  const server = /^\s*server\s*=\s*(\S+)/m.exec(text ?? '')?.[1];
  if (text === undefined || server === undefined || /^\s*disable\s*=\s*yes/m.test(text)) return [];
  return [
    {
      words: [server],
      account: /^\s*user\s*=\s*(\S+)/m.exec(text)?.[1],
      condition: undefined,
      manager: 'inetd',
      entry,
      line: 1,
    },
  ];
}

/** `service NAME /path args`, with `disabled` as a condition. */
export function androidServices(
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
  cut: (why: string) => void,
): readonly UnitStart[] {
  const files = ['/', '/system/etc/init', '/vendor/etc/init'].flatMap((folder) => tree.list(root, folder));
  const scripts = files.filter((entry) => entry.type === 'file' && entry.name.endsWith('.rc'));
  if (scripts.length > UNITS) cut(`more than ${UNITS} init.rc files`);
  return scripts.slice(0, UNITS).flatMap((entry) => androidFile(entry, read(entry) ?? ''));
}

function androidFile(entry: FileEntry, text: string): readonly UnitStart[] {
  const found: UnitStart[] = [];
  let line = 1;
  for (const block of text.split(/^(?=service\s)/m)) {
    const command = /^service\s+\S+\s+(.+)$/m.exec(block)?.[1];
    if (command !== undefined && block.startsWith('service')) {
      const condition = /^\s+disabled\b/m.test(block) ? 'disabled until a trigger' : undefined;
      found.push({
        words: command.trim().split(/\s+/),
        account: /^\s+user\s+(\S+)/m.exec(block)?.[1],
        condition,
        manager: 'android',
        entry,
        line,
      });
    }
    line += block.split('\n').length - 1;
  }
  return found;
}
