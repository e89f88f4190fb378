/** Follows the boot of one root file system from its entry points through the scripts that they run. */
import { readScript, type ShellCommand } from '../../../codecs/formats/shell-script.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import { daemonOf } from './daemons.ts';
import { type Console, inittabOf } from './inittab.ts';
import { androidServices, inetdServices, systemdServices } from './units.ts';

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
}

const DEPTH = 6;
const SCRIPTS = 2000;
const WRAPPERS = new Set([
  'exec',
  'nohup',
  'busybox',
  'sudo',
  'nice',
  'ionice',
  'setsid',
  'env',
  'time',
  'command',
  'daemon',
  'service_start',
  '/bin/busybox',
  'eval',
  'respawn',
  'then',
  'do',
  'else',
  '!',
]);
const SHELLS = new Set(['sh', 'ash', 'bash', '/bin/sh', '/bin/ash', '/bin/bash', '.', 'source']);
const DROPPERS = new Set([
  'lighttpd',
  'nginx',
  'mosquitto',
  'vsftpd',
  'proftpd',
  'dnsmasq',
  'apache2',
  'snmpd',
  'named',
  'chronyd',
  'ntpd',
]);

interface Walk {
  readonly root: RootFileSystem;
  readonly tree: FileTree;
  readonly read: (entry: FileEntry) => string | undefined;
  readonly cut: (why: string) => void;
  readonly starts: Map<string, Start>;
  readonly visited: Set<string>;
}

/** Everything that the image starts; `read` gives a file's text or undefined when it is none, `cut` is told what was not followed. */
export function startsOf(
  root: RootFileSystem,
  tree: FileTree,
  read: (entry: FileEntry) => string | undefined,
  cut: (why: string) => void,
): Followed {
  const walk: Walk = { root, tree, read, cut, starts: new Map(), visited: new Set() };
  const consoles: (Console & { path: string })[] = [];
  let entry = false;
  const inittab = entryText(walk, '/etc/inittab');
  if (inittab !== undefined) {
    entry = true;
    const lines = inittabOf(inittab.text, inittab.entry.name);
    for (const console of lines.consoles) consoles.push({ ...console, path: inittab.entry.path });
    for (const line of lines.commands)
      command(walk, { words: line.words, line: line.line, text: line.text }, inittab.entry, 'inittab', undefined, 0);
  } else {
    entry = script(walk, '/etc/init.d/rcS', 'sysv', undefined, 0) || entry;
  }
  entry = folders(walk) || entry;
  for (const name of ['/etc/rc.local', '/etc/rc', '/etc/rc.d/rc.local', '/etc/rc.d/rcS', '/init', '/etc/preinit'])
    entry = script(walk, name, 'script', undefined, 0) || entry;
  entry = units(walk, consoles) || entry;
  inetd(walk);
  return { entry, starts: [...walk.starts.values()], consoles };
}

function entryText(walk: Walk, name: string): { entry: FileEntry; text: string } | undefined {
  const entry = walk.tree.resolve(walk.root, name);
  const text = entry === undefined || entry.type !== 'file' ? undefined : walk.read(entry);
  return entry === undefined || text === undefined ? undefined : { entry, text };
}

/** SysV run levels and procd: every S link or script runs. */
function folders(walk: Walk): boolean {
  let found = false;
  for (const folder of [
    '/etc/rcS.d',
    '/etc/rc2.d',
    '/etc/rc3.d',
    '/etc/rc5.d',
    '/etc/rc.d/rc3.d',
    '/etc/rc.d/rc5.d',
    '/etc/rc.d',
    '/etc/init.d',
  ]) {
    for (const entry of walk.tree.list(walk.root, folder)) {
      const base = entry.name.slice(entry.name.lastIndexOf('/') + 1);
      if (/^S\d\d/.test(base))
        found = script(walk, `${folder}/${base}`, folder === '/etc/rc.d' ? 'procd' : 'sysv', undefined, 0) || found;
    }
  }
  return found;
}

/** Follows one script, once. False when there is no such text. */
function script(walk: Walk, name: string, manager: Manager, condition: string | undefined, depth: number): boolean {
  const found = entryText(walk, name);
  if (found === undefined) return false;
  const key = `${found.entry.path}${condition === undefined ? '' : '?'}`;
  if (walk.visited.has(found.entry.path) || walk.visited.has(key)) return true;
  if (depth > DEPTH || walk.visited.size > SCRIPTS) {
    walk.cut('start scripts run more or deeper nested scripts than were followed');
    return true;
  }
  walk.visited.add(key);
  const exists = (path: string): boolean => walk.tree.resolve(walk.root, path) !== undefined;
  for (const one of readScript(found.text, exists)) command(walk, one, found.entry, manager, condition, depth);
  return true;
}

function command(
  walk: Walk,
  one: ShellCommand,
  entry: FileEntry,
  manager: Manager,
  outer: string | undefined,
  depth: number,
): void {
  const condition = outer ?? one.condition;
  const { words, account } = unwrapped(one.words);
  const [program = '', ...rest] = words;
  const target = SHELLS.has(program) ? rest.find((word) => word.startsWith('/')) : program;
  if (daemonOf(program) !== undefined && !/^(stop|kill)/.test(rest[0] ?? ''))
    add(walk, { words, account }, one, entry, manager, condition);
  else if (
    target?.startsWith('/') === true &&
    !/^\/(bin|sbin|usr\/bin|usr\/sbin)\/(echo|mount|mkdir|cp|mv|rm|ln|cat|kill|killall|sleep|chmod|chown)$/.test(target)
  ) {
    if (!script(walk, target, manager, condition, depth + 1))
      addOther(walk, { words, account }, one, entry, manager, condition);
  }
}

/** One wrapper taken off: what it runs, and as whom. */
type Unwrapped = { readonly words: readonly string[]; readonly account?: string };

const UNWRAP: { readonly [wrapper: string]: (words: readonly string[]) => Unwrapped } = {
  'start-stop-daemon': startStopDaemon,
  procd_set_param: procd,
  procd_append_param: procd,
  su: superuser,
};

function startStopDaemon(words: readonly string[]): Unwrapped {
  if (words.some((word) => word === '-K' || word === '--stop')) return { words: [] };
  const account = after(words, ['-c', '--chuid']);
  const run = after(words, ['-x', '--exec', '-a', '--startas']);
  const dashes = words.indexOf('--');
  const list = run === undefined ? [] : [run, ...(dashes < 0 ? [] : words.slice(dashes + 1))];
  return { words: list, ...(account === undefined ? {} : { account }) };
}

function procd(words: readonly string[]): Unwrapped {
  if (words[1] === 'user') return { words: [], ...(words[2] === undefined ? {} : { account: words[2] }) };
  return { words: words[1] === 'command' ? words.slice(2) : [] };
}

function superuser(words: readonly string[]): Unwrapped {
  const account = words.find(
    (word, index) => index > 0 && !word.startsWith('-') && words[index - 1] !== '-c' && words[index - 1] !== '-s',
  );
  const list = (after(words, ['-c']) ?? '').split(/\s+/).filter((word) => word !== '');
  return { words: list, ...(account === undefined ? {} : { account }) };
}

/** Takes wrappers off: `start-stop-daemon --exec X -- args`, `procd_set_param command X`, `busybox X`, `su -c X user`. */
function unwrapped(words: readonly string[]): Called {
  let list = words;
  let account: string | undefined;
  for (let turn = 0; turn < 4; turn += 1) {
    const [first = ''] = list;
    const base = first.slice(first.lastIndexOf('/') + 1);
    const unwrap = Object.hasOwn(UNWRAP, base) ? UNWRAP[base] : undefined;
    if (unwrap === undefined && !WRAPPERS.has(base)) break;
    const inner: Unwrapped = unwrap === undefined ? { words: list.slice(1) } : unwrap(list);
    list = inner.words;
    account = inner.account ?? account;
  }
  return { words: list, account };
}

function after(words: readonly string[], options: readonly string[]): string | undefined {
  const at = words.findIndex((word) => options.includes(word));
  return at < 0 ? undefined : words[at + 1];
}

type Called = { readonly words: readonly string[]; readonly account: string | undefined };

function add(
  walk: Walk,
  { words, account }: Called,
  one: ShellCommand,
  entry: FileEntry,
  manager: Manager,
  condition: string | undefined,
): void {
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
  called: Called,
  one: ShellCommand,
  entry: FileEntry,
  manager: Manager,
  condition: string | undefined,
): void {
  const found = walk.tree.resolve(walk.root, called.words[0] ?? '');
  if (found?.type !== 'file') return;
  if (walk.starts.size >= SCRIPTS) walk.cut('more programs are started than are told');
  else add(walk, called, one, entry, manager, condition);
}

function units(walk: Walk, consoles: (Console & { path: string })[]): boolean {
  const systemd = systemdServices(walk.root, walk.tree, walk.read, walk.cut);
  const android = androidServices(walk.root, walk.tree, walk.read, walk.cut);
  for (const unit of [...systemd.units, ...android]) {
    const one = {
      words: unit.words,
      line: unit.line,
      text: unit.words.join(' '),
      ...(unit.condition === undefined ? {} : { condition: unit.condition }),
    };
    add(walk, { words: unit.words, account: unit.account }, one, unit.entry, unit.manager, unit.condition);
  }
  consoles.push(...systemd.consoles);
  return systemd.present || android.length > 0;
}

/** Lines of inetd.conf count as started only when inetd itself is. */
function inetd(walk: Walk): void {
  const started = [...walk.starts.values()].find((start) => /(^|\/)x?inetd$/.test(start.program));
  for (const unit of inetdServices(walk.root, walk.tree, walk.read)) {
    if (started === undefined) continue;
    const one = { words: unit.words, line: unit.line, text: unit.words.join(' ') };
    add(walk, { words: unit.words, account: unit.account }, one, unit.entry, 'inetd', started.condition);
  }
}
