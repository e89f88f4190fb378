/** Follows the boot of one root file system from its entry points through the scripts that they run. */
import { readScript, type ShellCommand } from '../../../codecs/formats/shell-script.ts';
import { both } from '../../../codecs/formats/shell-tests.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import { androidServices } from './android.ts';
import { Branches } from './branches.ts';
import { daemonOf } from './daemons.ts';
import { INETD, inetdServices } from './inetd.ts';
import { type Console, inittabOf } from './inittab.ts';
import { loginByScript } from './login-script.ts';
import { isFoundOutside, isOutside, type Outside } from './outside.ts';
import { consoleIn } from './script-console.ts';
import { entryText, foldersIn, mayRun, openrcStart, settingsOf, type Text } from './script-text.ts';
import { SUPERVISOR, supervisedBy } from './supervised.ts';
import { PLAIN, SHELLS, targetsOf } from './targets.ts';
import { textReader } from './texts.ts';
import { leftOf } from './uci.ts';
import { systemdServices } from './units.ts';
import { type Called, givenText, unwrapped } from './wrapped.ts';

export type Manager =
  | 'sysv'
  | 'inittab'
  | 'procd'
  | 'systemd'
  | 'inetd'
  | 'runit'
  | 's6'
  | 'android'
  | 'script'
  | 'none';

export interface Start {
  readonly program: string;
  readonly words: readonly string[];
  readonly command: string;
  readonly condition?: string;
  readonly manager: Manager;
  readonly account?: string;
  /** The program drops its rights by its own configuration, which tells the user better than the start line. */
  readonly dropsByConfiguration: boolean;
  readonly file: string;
  readonly path: string;
  readonly line: number;
}

export interface Followed {
  /** Some entry point was found. */
  readonly entry: boolean;
  readonly starts: readonly Start[];
  readonly consoles: readonly (Console & { readonly path: string })[];
  /** What boot runs and nobody gave: it may start anything. */
  readonly outside: readonly Outside[];
  /** Paths of the scripts that surely run. */
  readonly visited: ReadonlySet<string>;
}

const DEPTH = 6;
const SCRIPTS = 2000;
const OUTSIDE = 16;
/** Where start scripts keep their settings. */
const SETTINGS = /^\/etc\/(default|sysconfig|conf\.d)\//;
const DROPPERS = new Set('lighttpd nginx mosquitto vsftpd proftpd dnsmasq apache2 snmpd named chronyd ntpd'.split(' '));

interface Walk {
  readonly root: RootFileSystem;
  readonly tree: FileTree;
  readonly read: (entry: FileEntry) => string | undefined;
  readonly cut: (why: string) => void;
  readonly starts: Map<string, Start>;
  readonly consoles: (Console & { readonly path: string })[];
  readonly outside: Map<string, Outside>;
  /** Texts of the scripts that set a search path of their own. */
  readonly searching: Map<string, string>;
  /** Whom the unit runs as that is being followed. */
  as: string | undefined;
  readonly visited: Set<string>;
  readonly branches: Branches;
  /** Of each script that certainly runs: the folders of scripts that it goes through. */
  readonly named: Map<string, ReadonlySet<string>>;
}

/** Everything that the image starts; `read` gives a file's text or undefined when it is none, `cut` is told what was not followed. */
export function startsOf(
  root: RootFileSystem,
  tree: FileTree,
  read: (entry: FileEntry) => string | undefined,
  cut: (why: string) => void,
): Followed {
  const walk: Walk = {
    root,
    tree,
    read,
    cut,
    starts: new Map(),
    consoles: [],
    outside: new Map(),
    searching: new Map(),
    as: undefined,
    visited: new Set(),
    branches: new Branches(),
    named: new Map(),
  };
  let entry = false;
  let level: string | undefined;
  const inittab = entryText(walk, '/etc/inittab');
  if (inittab !== undefined) {
    entry = true;
    const lines = inittabOf(inittab.text, inittab.entry.name, (program) =>
      loginByScript(entryText(walk, program)?.text, entryText(walk, '/etc/config/system')?.text),
    );
    level = lines.level;
    for (const console of lines.consoles) walk.consoles.push({ ...console, path: inittab.entry.path });
    for (const line of lines.commands)
      command(walk, { words: line.words, line: line.line, text: line.text }, inittab.entry, 'inittab', undefined, 0);
  } else {
    entry = script(walk, '/etc/init.d/rcS', 'sysv', undefined, 0) || entry;
  }
  for (const name of ['/etc/rc.local', '/etc/rc', '/etc/rc.d/rc.local', '/etc/rc.d/rcS', '/init', '/etc/preinit'])
    entry = script(walk, name, 'script', undefined, 0) || entry;
  entry = folders(walk, level, entry) || entry;
  entry = units(walk) || entry;
  entry = supervised(walk) || entry;
  inetd(walk);
  return {
    entry,
    starts: [...walk.starts.values()],
    consoles: walk.consoles,
    outside: [...walk.outside.values()],
    visited: walk.visited,
  };
}

const PROCD = '/etc/rc.common';
const LEVELS: readonly (readonly [string, string])[] = [
  ['/etc/rcS.d', 'S'],
  ['/etc/rc2.d', '2'],
  ['/etc/rc3.d', '3'],
  ['/etc/rc5.d', '5'],
  ['/etc/rc.d/rc3.d', '3'],
  ['/etc/rc.d/rc5.d', '5'],
  ['/etc/runlevels/sysinit', 'S'],
  ['/etc/runlevels/boot', 'S'],
  ['/etc/runlevels/default', 'S'],
];

/** SysV run levels and procd: every S link or script runs, where something runs the folder. */
function folders(walk: Walk, level: string | undefined, entry: boolean): boolean {
  let found = false;
  for (const [folder] of LEVELS.filter(([, of]) => of === 'S' || level === undefined || level === of))
    found = runFolder(walk, folder, 'sysv', undefined) || found;
  const procd = walk.tree.resolve(walk.root, PROCD) !== undefined;
  const named = (folder: string): boolean =>
    [...walk.visited].some((path) => walk.named.get(path)?.has(folder) === true);
  for (const folder of ['/etc/rc.d', '/etc/init.d']) {
    const own = procd && folder === '/etc/rc.d';
    const run = !entry || own || named(folder);
    found =
      runFolder(walk, folder, own ? 'procd' : 'sysv', run ? undefined : `no script that was followed runs ${folder}`) ||
      found;
  }
  return found;
}

function runFolder(walk: Walk, folder: string, manager: Manager, condition: string | undefined): boolean {
  let found = false;
  for (const { name } of walk.tree.list(walk.root, folder)) {
    const base = name.slice(name.lastIndexOf('/') + 1);
    if (/^S\d\d/.test(base) || folder.startsWith('/etc/runlevels/'))
      found = script(walk, `${folder}/${base}`, manager, condition, 0, base.endsWith('.sh')) || found;
  }
  return found;
}

/** Follows one script, once; `read` when a shell reads it, as against running it. False when there is no such text, or not one of a shell. */
function script(
  walk: Walk,
  name: string,
  manager: Manager,
  outer: string | undefined,
  depth: number,
  read = true,
): boolean {
  const found = entryText(walk, name);
  if (found === undefined || /^#!(?!.*(sh|openrc-run|runscript)\b)/.test(found.text)) return false;
  const { entry, text } = found;
  const hangs = read || mayRun(walk.root, entry) ? outer : both(outer, `${entry.name} is made executable`);
  const condition = walk.branches.settle(entry.path, hangs);
  const key = `${entry.path}${condition === undefined ? '' : '?'}`;
  if (walk.visited.has(entry.path) || walk.visited.has(key)) return true;
  if (depth > DEPTH || walk.visited.size > SCRIPTS) {
    walk.cut('start scripts run more or deeper nested scripts than were followed');
    return true;
  }
  walk.visited.add(key);
  if (condition === undefined) walk.named.set(entry.path, foldersIn(text));
  run(walk, found, manager, condition, depth);
  openrc(walk, found, manager, condition);
  return true;
}

/** What the commands of a script start, those left out that the image's own settings switch off. */
function run(walk: Walk, { entry, text }: Text, manager: Manager, condition: string | undefined, depth: number): void {
  const exists = (path: string): boolean => walk.tree.resolve(walk.root, path) !== undefined;
  const settings = settingsOf(walk, text, entry.name);
  if (/^[ \t]*(export[ \t]+)?PATH=/m.test(text)) walk.searching.set(entry.path, text);
  const sourced = (path: string): string | undefined => (SETTINGS.test(path) ? entryText(walk, path)?.text : undefined);
  for (const one of readScript(text, exists, sourced, walk.cut)) {
    const left = leftOf(one.condition, text, settings);
    if (left === null) continue;
    const { condition: _taken, ...bare } = one;
    command(walk, left === undefined ? bare : { ...bare, condition: left }, entry, manager, condition, depth);
  }
}

/** OpenRC starts what its script names by variables (openrc-run(8)). */
function openrc(walk: Walk, { entry, text }: Text, manager: Manager, condition: string | undefined): void {
  const named = openrcStart(text);
  if (named === undefined) return;
  const { words, account, line } = named;
  add(walk, { words, account }, { words, line, text: '' }, entry, manager, condition);
}

function command(
  walk: Walk,
  one: ShellCommand,
  entry: FileEntry,
  manager: Manager,
  outer: string | undefined,
  depth: number,
): void {
  const condition = outer === undefined ? one.condition : both(one.condition, outer);
  const called = unwrapped(one.words);
  const [program = '', ...rest] = called.words;
  if (/^(stop|kill|enable|disable|enabled|status|--version|--help|-V)$/.test(rest[0] ?? '')) return;
  if (inline(walk, called, one, entry, manager, condition, depth)) return;
  const targets = targetsOf(walk, program, rest);
  const read = SHELLS.has(program);
  const followed = targets.filter((target) =>
    script(walk, target, managerOf(target, manager), condition, depth + 1, read),
  );
  if (followed.length > 0) return;
  if (CONSOLES_TOLD[manager] !== true) noteConsole(walk, called.words, one, entry, condition);
  if (program !== '.' && program !== 'source') noteOutside(walk, targets, one, entry);
  if (daemonOf(program) !== undefined || INETD.test(program) || SUPERVISOR.test(program))
    add(walk, called, one, entry, manager, condition);
  else if (targets.some((target) => !PLAIN.test(target)))
    addOther(walk, targets[0] ?? '', called, one, entry, manager, condition);
}

/** A script on the command line of a shell: `sh -c 'telnetd -l /bin/sh'`. False where the command is none. */
function inline(
  walk: Walk,
  called: Called,
  one: ShellCommand,
  entry: FileEntry,
  manager: Manager,
  condition: string | undefined,
  depth: number,
): boolean {
  const text = givenText(called.words);
  if (text === undefined) return false;
  if (depth > DEPTH) walk.cut('shells are nested deeper than was followed');
  else {
    const before = walk.as;
    walk.as = called.account ?? before;
    const exists = (path: string): boolean => walk.tree.resolve(walk.root, path) !== undefined;
    for (const inner of readScript(text, exists, undefined, walk.cut))
      command(walk, { ...inner, line: one.line }, entry, manager, condition, depth + 1);
    walk.as = before;
  }
  return true;
}

/** Managers whose consoles are told by their own configuration. */
const CONSOLES_TOLD: { readonly [manager in Manager]?: true } = { inittab: true, systemd: true, android: true };

function noteConsole(
  walk: Walk,
  words: readonly string[],
  one: ShellCommand,
  entry: FileEntry,
  condition: string | undefined,
): void {
  const console = consoleIn(words, one, entry.name, condition);
  if (console === undefined || walk.consoles.length >= SCRIPTS) return;
  walk.consoles.push({ ...console, path: entry.path });
}

/** What is run and lies nowhere in the image, though something may hold it at run time. */
function noteOutside(walk: Walk, targets: readonly string[], one: ShellCommand, entry: FileEntry): void {
  const [bare = ''] = one.words;
  const text = targets.length === 0 ? walk.searching.get(entry.path) : undefined;
  const target =
    targets.find((path) => isOutside(walk.root, walk.tree, path)) ??
    (text !== undefined && isFoundOutside(walk.root, walk.tree, bare, text) ? bare : undefined);
  if (target === undefined || walk.outside.size >= OUTSIDE) return;
  walk.outside.set(target, { target, file: entry.name, line: one.line });
}

const managerOf = (target: string, manager: Manager): Manager =>
  manager === 'inittab' && /^\/etc\/(init\.d|rc\w*\.d)\/S\d/.test(target) ? 'sysv' : manager;

function add(
  walk: Walk,
  called: Called,
  one: ShellCommand,
  entry: FileEntry,
  manager: Manager,
  condition: string | undefined,
): void {
  const { words } = called;
  const account = called.account ?? walk.as;
  const [program = ''] = words;
  const base = program.slice(program.lastIndexOf('/') + 1);
  // Of firewall rules and of programs without a kind the first line tells enough.
  const kind = daemonOf(program)?.kind;
  const key = kind === undefined || kind === 'firewall' ? base : `${base}\u0000${words.join(' ')}`;
  // A start without condition outweighs one with.
  if (walk.starts.get(key)?.condition === undefined && walk.starts.has(key)) return;
  walk.starts.set(key, {
    program,
    words,
    command: words.join(' '),
    ...(condition === undefined ? {} : { condition }),
    manager,
    ...(account === undefined ? {} : { account }),
    dropsByConfiguration: DROPPERS.has(base),
    file: entry.name,
    path: entry.path,
    line: one.line,
  });
}

/** A program of the image that is no known server: told as what starts, without a kind. */
function addOther(
  walk: Walk,
  target: string,
  called: Called,
  one: ShellCommand,
  entry: FileEntry,
  manager: Manager,
  condition: string | undefined,
): void {
  if (SHELLS.has(called.words[0] ?? '') || walk.tree.resolve(walk.root, target)?.type !== 'file') return;
  if (walk.starts.size >= SCRIPTS) walk.cut('more programs are started than are told');
  else add(walk, called, one, entry, manager, condition);
}

function units(walk: Walk): boolean {
  const systemd = systemdServices(walk.root, walk.tree, textReader(walk.read, walk.tree, walk.cut), walk.cut);
  const android = androidServices(walk.root, walk.tree, walk.read, walk.cut);
  for (const unit of [...systemd.units, ...android.units]) {
    const one = {
      words: unit.words,
      line: unit.line,
      text: unit.words.join(' '),
      ...(unit.condition === undefined ? {} : { condition: unit.condition }),
    };
    const scripts = walk.visited.size;
    walk.as = unit.account;
    command(walk, one, unit.entry, unit.manager, undefined, 0);
    // What is no script is told as it stands, whether the image holds it or not.
    if (walk.visited.size === scripts) add(walk, unwrapped(unit.words), one, unit.entry, unit.manager, unit.condition);
    walk.as = undefined;
  }
  walk.consoles.push(...systemd.consoles, ...android.consoles);
  return systemd.present || android.units.length > 0;
}

/** Run scripts count as started where their supervisor is: by a start line, or as init itself. */
function supervised(walk: Walk): boolean {
  const isInit = ['/etc/runit/2', '/sbin/runit-init', '/etc/s6-linux-init'].some(
    (name) => walk.tree.resolve(walk.root, name) !== undefined,
  );
  const supervisor = [...walk.starts.values()].find(({ program }) => SUPERVISOR.test(program));
  const named = (supervisor?.words ?? []).slice(1).filter((word) => word.startsWith('/'));
  const services = supervisedBy(walk.root, walk.tree, walk.cut, named);
  const condition = isInit ? undefined : supervisor === undefined ? 'a supervisor is started' : supervisor.condition;
  for (const { name, manager } of services) script(walk, name, manager, condition, 0);
  return isInit && services.length > 0;
}

/** Lines of inetd.conf count as started only when inetd itself is; a start line may name another file. */
function inetd(walk: Walk): void {
  const runs = [...walk.starts.values()].filter(({ program }) => INETD.test(program));
  const started = runs.find(({ condition }) => condition === undefined) ?? runs[0];
  if (started === undefined) return;
  const named = runs.flatMap(({ words }) =>
    words.slice(1).filter((word) => /^[/$]/.test(word) && !word.endsWith('.pid')),
  );
  for (const unit of inetdServices(walk.root, walk.tree, textReader(walk.read, walk.tree, walk.cut), named)) {
    const one = { words: unit.words, line: unit.line, text: unit.words.join(' ') };
    const called = unwrapped(unit.words);
    add(walk, { ...called, account: called.account ?? unit.account }, one, unit.entry, 'inetd', started.condition);
  }
  for (const name of named)
    if (walk.tree.resolve(walk.root, name) === undefined && walk.outside.size < OUTSIDE)
      walk.outside.set(name, { target: name, file: started.file, line: started.line });
}
