/** Services as data: systemd units. */

import { both } from '../../../codecs/formats/shell-tests.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import { type Console, consoleOf, isGetty, isSerial, isShell } from './inittab.ts';

export interface UnitStart {
  readonly words: readonly string[];
  readonly account: string | undefined;
  readonly condition: string | undefined;
  readonly manager: 'systemd' | 'android' | 'inetd';
  readonly entry: FileEntry;
  readonly line: number;
}
type Read = (entry: FileEntry) => string | undefined;

/** The first outweighs the others. */
const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/lib/systemd/system',
  '/usr/lib/systemd/system',
];
const UNITS = 5000;
const DROP_INS = 50;

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
    const unit = unitOf(name, root, tree, read, cut);
    if (unit === undefined) continue;
    const tty = /^(?:serial-)?getty@(.+)\.service$/.exec(name)?.[1];
    wantAlso(wanted, name, unit, cut);
    if (tty !== undefined) {
      consoles.push(gettyConsole(tty, link, unit.text, startedOf(away)));
      continue;
    }
    const starts = unitStarts(unit.entry, unit.text, exists).map((one) => hanging(one, away));
    units.push(...starts);
    consoles.push(...unitConsoles(starts, unit));
  }
  const generated = present ? generatedGetty(root, tree, read, consoles) : undefined;
  return { present, units, consoles: generated === undefined ? consoles : [...consoles, generated] };
}

const startedOf = (condition: string | undefined): Console['started'] =>
  condition === undefined ? 'always' : 'unknown';
const hanging = (unit: UnitStart, condition: string | undefined): UnitStart =>
  condition === undefined ? unit : { ...unit, condition: both(unit.condition, condition) };

function wantAlso(
  wanted: Map<string, FileEntry>,
  name: string,
  { text, entry }: Unit,
  cut: (why: string) => void,
): void {
  for (const other of pulledBy(name, text).filter((one) => !wanted.has(one))) {
    if (wanted.size < UNITS) wanted.set(other, entry);
    else {
      cut(`more than ${UNITS} units are wanted`);
      return;
    }
  }
}

function pulledBy(name: string, text: string): readonly string[] {
  const named = [...text.matchAll(/^(?:Requires|Wants|BindsTo|Upholds|Also)=(.*)$/gm)].flatMap((match) =>
    (match[1] ?? '').split(/\s+/),
  );
  // A timer starts the service of its name, or the one that it names.
  const timed = name.endsWith('.timer') ? [/^Unit=(\S+)/m.exec(text)?.[1] ?? name.replace(/timer$/, 'service')] : [];
  return [...named, ...timed].filter((one) => /^[\w@.:\\-]+\.(service|socket|target|timer)$/.test(one));
}

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
  return [...(within.get(name) ?? []), ...(within.get(own) ?? []), ...pulledBy(name, unit?.text ?? '')];
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
function unitOf(
  name: string,
  root: RootFileSystem,
  tree: FileTree,
  read: Read,
  cut: (why: string) => void = () => undefined,
): Unit | undefined {
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
  const folders = [...new Set([...names, found.one]), name.replace(/^.*\./, '')];
  const dropIns = UNIT_FOLDERS.flatMap((folder) => folders.flatMap((one) => tree.list(root, `${folder}/${one}.d`)));
  const inOrder = inForce(dropIns);
  if (inOrder.length > DROP_INS) cut(`${name} has more than ${DROP_INS} drop-ins`);
  const settings = inOrder.slice(0, DROP_INS).map((entry) => {
    const file = tree.resolve(root, entry.name);
    return file?.type === 'file' ? (read(file) ?? '') : '';
  });
  return { entry: found.entry, text: [text, ...settings].map(settled).join('\n') };
}

/** Drop-ins in the order that they are read: by name, and of one name the first folder's alone. */
function inForce(entries: readonly FileEntry[]): readonly FileEntry[] {
  const base = ({ name }: FileEntry): string => name.slice(name.lastIndexOf('/') + 1);
  const first = new Map<string, FileEntry>();
  for (const entry of entries.filter(({ name }) => name.endsWith('.conf')))
    if (!first.has(base(entry))) first.set(base(entry), entry);
  return [...first.values()].sort((a, b) => (base(a) < base(b) ? -1 : 1));
}

/** Lines that a backslash continues are joined, those that they took stay empty; nothing stands around `=` (systemd.syntax(7)). */
function settled(text: string): string {
  let open: number | undefined;
  const lines: string[] = [];
  for (const raw of text.split('\n')) {
    const line = /^\s*[#;]/.test(raw) ? '' : raw.trimEnd();
    const own = line.replace(/\\$/, '');
    if (open === undefined) lines.push(own.replace(/^\s*(\w+)\s*=\s*/, '$1='));
    else {
      lines[open] = `${lines[open] ?? ''} ${own.trim()}`;
      lines.push('');
    }
    // A comment between them ends nothing.
    if (line !== '' || raw.trim() === '') open = own === line ? undefined : (open ?? lines.length - 1);
  }
  return lines.join('\n');
}

/** A link to /dev/null, or an empty file, in /etc. */
function isMasked(name: string, root: RootFileSystem, tree: FileTree): boolean {
  const own = tree.list(root, '/etc/systemd/system').find((entry) => entry.name === `/etc/systemd/system/${name}`);
  return own !== undefined && (own.target === '/dev/null' || (own.type === 'file' && own.size === 0));
}

function gettyConsole(tty: string, link: FileEntry, text: string, started: Console['started']): ConsoleAt {
  const command = [...text.matchAll(/^ExecStart=[-@:+!]*(\S.*)$/gm)].at(-1)?.[1] ?? 'getty';
  const at = { file: link.name, line: 1, scripted: () => undefined };
  return {
    device: tty,
    serial: isSerial(tty),
    program: `getty ${tty}`,
    login: consoleOf(tty, command.split(/\s+/), at)?.login ?? 'unknown',
    started,
    file: link.name,
    line: 1,
    path: link.path,
  };
}

/** Services that open a console though their name does not say so: a getty, or what sits on a terminal by its unit (systemd.exec(5)). */
function unitConsoles(starts: readonly UnitStart[], { entry, text }: Unit): readonly ConsoleAt[] {
  const sits = /^StandardInput=tty/m.test(text);
  const device = sits ? (/^TTYPath=\/dev\/(\S+)/m.exec(text)?.[1] ?? 'console') : undefined;
  return starts.flatMap(({ words, condition, line }): readonly ConsoleAt[] => {
    const [program = ''] = words;
    const opens = isGetty(program) || (device !== undefined && (isSerial(device) || isShell(program)));
    const unsure = (): Console['login'] | undefined => (sits ? 'unknown' : undefined);
    const console = opens ? consoleOf(device ?? '', words, { file: entry.name, line, scripted: unsure }) : undefined;
    return console === undefined ? [] : [{ ...console, started: startedOf(condition), path: entry.path }];
  });
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
  const account = value('User') ?? (/^(1|yes|true|on)$/i.test(value('DynamicUser') ?? '') ? 'dynamic' : undefined);
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
