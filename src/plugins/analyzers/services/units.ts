/** Services as data: systemd units, inetd and xinetd. */

import { both } from '../../../codecs/formats/shell-script.ts';
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

/** Units that some `.wants` or `.requires` folder or a wanted unit pulls in, and gettys on consoles. */
export function systemdServices(
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
  cut: (why: string) => void,
): { readonly present: boolean; readonly units: readonly UnitStart[]; readonly consoles: readonly ConsoleAt[] } {
  const exists = (path: string): boolean => tree.resolve(root, path) !== undefined;
  const links = wantedUnits(root, tree, cut);
  const wanted = new Map([...links].map(([name, [link]]) => [name, link]));
  const units: UnitStart[] = [];
  const consoles: ConsoleAt[] = [];
  const present = wanted.size > 0;
  const reached = reachedUnits(links, root, tree, read);
  // The set grows while it is gone through: what a wanted unit wants is wanted too.
  for (const [name, link] of wanted) {
    const away = reached.has(name) ? undefined : `${parentOf(link)} is reached`;
    const unit = unitOf(name, root, tree, read);
    if (unit === undefined) continue;
    const tty = /^(?:serial-)?getty@(.+)\.service$/.exec(name)?.[1];
    wantAlso(wanted, unit);
    if (tty === undefined) units.push(...unitStarts(unit.entry, unit.text, exists).map((one) => hanging(one, away)));
    else consoles.push(gettyConsole(tty, link, unit.text, startedOf(away)));
  }
  const generated = present ? generatedGetty(root, tree, read, consoles) : undefined;
  return { present, units, consoles: generated === undefined ? consoles : [...consoles, generated] };
}

const startedOf = (condition: string | undefined): Console['started'] =>
  condition === undefined ? 'always' : 'unknown';
const hanging = (unit: UnitStart, condition: string | undefined): UnitStart =>
  condition === undefined ? unit : { ...unit, condition: both(unit.condition, condition) };

function wantAlso(wanted: Map<string, FileEntry>, { text, entry }: Unit): void {
  for (const other of pulledBy(text)) if (!wanted.has(other) && wanted.size < UNITS) wanted.set(other, entry);
}

const pulledBy = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:Requires|Wants|BindsTo|Upholds|Also)=(.*)$/gm)]
    .flatMap((match) => (match[1] ?? '').split(/\s+/))
    .filter((name) => /^[\w@.:\\-]+\.(service|socket|target)$/.test(name));

/** Units that the links of `.wants` and `.requires` folders name, each with all its links. */
function wantedUnits(
  root: RootFileSystem,
  tree: FileTree,
  cut: (why: string) => void,
): Map<string, readonly [FileEntry, ...FileEntry[]]> {
  const wanted = new Map<string, readonly [FileEntry, ...FileEntry[]]>();
  const folders = UNIT_FOLDERS.flatMap((folder) => tree.list(root, folder)).filter((entry) =>
    /(?<!(rescue|emergency|halt|poweroff|reboot|shutdown|suspend|sleep|hibernate|kexec|system-update)\.target)\.(wants|requires)$/.test(
      entry.name,
    ),
  );
  const links = folders.flatMap((folder) => tree.list(root, folder.name));
  if (links.length > UNITS) cut(`more than ${UNITS} units are wanted`);
  for (const link of links.slice(0, UNITS)) {
    const name = link.name.slice(link.name.lastIndexOf('/') + 1);
    const before = wanted.get(name);
    wanted.set(name, before === undefined ? [link] : [...before, link]);
  }
  return wanted;
}

/** The unit whose folder a link lies in. */
const parentOf = ({ name }: FileEntry): string => /([^/]+)\.(?:wants|requires)\/[^/]+$/.exec(name)?.[1] ?? 'its target';

/** Targets that every boot comes through (bootup(7)). */
const EARLY = [
  'sysinit.target',
  'basic.target',
  'local-fs.target',
  'sockets.target',
  'timers.target',
  'paths.target',
  'getty.target',
];

/** What a boot comes to: the default target and all that it, and what it pulls in, wants. */
function reachedUnits(
  links: ReadonlyMap<string, readonly FileEntry[]>,
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
): ReadonlySet<string> {
  const within = new Map<string, string[]>();
  for (const [name, entries] of links)
    for (const parent of entries.map(parentOf)) within.set(parent, [...(within.get(parent) ?? []), name]);
  const reached = new Set([...defaultTargets(root, tree), ...EARLY]);
  // The set grows while it is gone through.
  for (const name of reached)
    for (const other of pulledIn(name, within, unitOf(name, root, tree, read)))
      if (reached.size < UNITS) reached.add(other);
  return reached;
}

/** What a unit pulls in by its text, and by the folders of its own name and of that which it is an alias of. */
function pulledIn(
  name: string,
  within: ReadonlyMap<string, readonly string[]>,
  unit: Unit | undefined,
): readonly string[] {
  const own = unit === undefined ? name : unit.entry.name.slice(unit.entry.name.lastIndexOf('/') + 1);
  return [...(within.get(name) ?? []), ...(within.get(own) ?? []), ...pulledBy(unit?.text ?? '')];
}

/** The default target: a link of the administrator's or the distribution's; where there is none, what systemd is built with. */
function defaultTargets(root: RootFileSystem, tree: FileTree): readonly string[] {
  const link = UNIT_FOLDERS.map((folder) => tree.resolve(root, `${folder}/default.target`)).find(
    (entry) => entry !== undefined,
  );
  const name = link?.name.slice(link.name.lastIndexOf('/') + 1);
  if (name === undefined || name === 'default.target') return ['graphical.target', 'multi-user.target'];
  return name === 'graphical.target' ? [name, 'multi-user.target'] : [name];
}

interface Unit {
  readonly entry: FileEntry;
  readonly text: string;
}

/** The unit of a name with its drop-ins; nothing for one that is masked (systemd.unit(5)). */
function unitOf(name: string, root: RootFileSystem, tree: FileTree, read: Read): Unit | undefined {
  const names = name.endsWith('.socket')
    ? [name, name.replace(/\.socket$/, '.service'), name.replace(/\.socket$/, '@.service')]
    : [name, name.replace(/@.*\./, '@.')];
  if (names.slice(0, name.endsWith('.socket') ? 1 : 2).some((one) => isMasked(one, root, tree))) return undefined;
  const found = (name.endsWith('.socket') ? names.slice(1) : names)
    .filter((one) => !isMasked(one, root, tree))
    .flatMap((one) => UNIT_FOLDERS.map((folder) => ({ one, entry: tree.resolve(root, `${folder}/${one}`) })))
    .find(({ entry }) => entry?.type === 'file');
  const text = found?.entry === undefined ? undefined : read(found.entry);
  if (found?.entry === undefined || text === undefined) return undefined;
  const dropIns = [...new Set([...names, found.one])]
    .flatMap((one) => UNIT_FOLDERS.flatMap((folder) => tree.list(root, `${folder}/${one}.d`)))
    .filter((entry) => entry.type === 'file' && entry.name.endsWith('.conf'))
    .map((entry) => read(entry) ?? '');
  return { entry: found.entry, text: [text, ...dropIns.slice(0, 50)].join('\n') };
}

/** A link to /dev/null, or an empty file, in /etc. */
function isMasked(name: string, root: RootFileSystem, tree: FileTree): boolean {
  const own = tree.list(root, '/etc/systemd/system').find((entry) => entry.name === `/etc/systemd/system/${name}`);
  return own !== undefined && (own.target === '/dev/null' || (own.type === 'file' && own.size === 0));
}

function gettyConsole(tty: string, link: FileEntry, text: string, started: Console['started']): ConsoleAt {
  const commands = [...text.matchAll(/^ExecStart=(.*)$/gm)].map((match) => match[1] ?? '');
  const login = /--autologin|\s-a\s+\S|--login-program\s+\S*\/(ba|da|a)?sh\b/.test(commands.at(-1) ?? '')
    ? 'none'
    : 'password';
  return {
    device: tty,
    serial: isSerial(tty),
    program: `getty ${tty}`,
    login,
    started,
    file: link.name,
    line: 1,
    path: link.path,
  };
}

const GENERATOR = '/lib/systemd/system-generators/systemd-getty-generator';

/** systemd starts a login on the console that the kernel was given, without a link that says so (systemd-getty-generator(8)). */
function generatedGetty(
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
  consoles: readonly ConsoleAt[],
): ConsoleAt | undefined {
  if (consoles.some(({ serial }) => serial) || isMasked('serial-getty@.service', root, tree)) return undefined;
  const generator = tree.resolve(root, GENERATOR) ?? tree.resolve(root, `/usr${GENERATOR}`);
  const unit = unitOf('serial-getty@console.service', root, tree, read);
  return generator === undefined || unit === undefined
    ? undefined
    : gettyConsole('console', unit.entry, unit.text, 'unknown');
}

/** Conditions of files that the image itself answers: there, or away and in a folder that only the image fills (systemd.unit(5)). */
function isOpen(line: string, exists: (path: string) => boolean): boolean {
  const [, key = '', not = '', path = ''] = /^Condition(\w+)=\s*\|?(!?)(\/\S*)/.exec(line) ?? [];
  if (!/^(PathExists|FileIsExecutable|FileNotEmpty|PathIsDirectory|DirectoryNotEmpty)$/.test(key)) return true;
  if (not === '') return !exists(path) && !/^\/(usr|bin|sbin|lib|etc)\//.test(path);
  return exists(path) || !/^\/(usr|bin|sbin|lib|etc)\//.test(path);
}

function unitStarts(entry: FileEntry, text: string, exists: (path: string) => boolean): readonly UnitStart[] {
  const lines = text.split('\n');
  const value = (key: string): string | undefined =>
    lines
      .findLast((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .trim();
  const condition = lines.find((line) => /^Condition\w+=/.test(line) && isOpen(line, exists))?.trim();
  const account = value('User') ?? (value('DynamicUser') === 'yes' ? 'dynamic' : undefined);
  // An empty ExecStart takes back those before it.
  const from = lines.findLastIndex((line) => /^ExecStart=\s*$/.test(line)) + 1;
  return lines.flatMap((line, index) =>
    index >= from && /^ExecStart(Pre|Post)?=\s*\S/.test(line)
      ? [
          {
            words: line
              .slice(line.indexOf('=') + 1)
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
  // A wrapper runs what its arguments name, BusyBox what it is called by.
  const words = /(^|\/)(tcpd|busybox)$/.test(program) ? fields.slice(6) : [program, ...fields.slice(7)];
  return [{ words, account, condition: undefined, manager: 'inetd', entry, line: at }];
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
