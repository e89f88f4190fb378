/** Kernel settings that an image makes, and which of them lasts: the last writer in boot order. sysctl.d(5). */
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { kernelSetting, kernelSysctl } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

/** Settings that checks ask for: told also when nothing sets them. */
const ASKED = [
  'kernel.randomize_va_space',
  'kernel.kptr_restrict',
  'kernel.dmesg_restrict',
  'net.ipv4.ip_forward',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.conf.all.accept_redirects',
  'net.ipv4.conf.all.accept_source_route',
];
const LIMIT = 2 << 20;
const WRITERS = 20_000;

interface Writer {
  readonly key: string;
  readonly value: string;
  readonly file: FileEntry;
  readonly line: number;
  /** Order of boot: files of sysctl.d by name, sysctl.conf, then scripts. */
  readonly order: string;
  /** Of a file that something must read at boot, as against a script's own line. */
  readonly kind: Kind;
}
type Kind = 'sysctl.d' | 'sysctl.conf' | 'script';
interface Seen {
  readonly writers: Writer[];
  /** Of each root what boot has read. */
  readonly readers: Map<string, Set<Kind>>;
}
const seen = new WeakMap<FileTree, Seen>();

export const kernelSysctls: Analyzer = {
  id: 'kernel/sysctl',
  title: 'Kernel settings made at boot',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [kernelSysctl, kernelSetting],
  wants: (file) => file.type === 'file' && file.root !== undefined && PLACES.test(file.name),
  observe(file, content, context) {
    const state = seen.get(context.tree) ?? { writers: [], readers: new Map<string, Set<Kind>>() };
    seen.set(context.tree, state);
    const text = wholeText(content, LIMIT);
    if (text === undefined) return;
    const kind = kindOf(file.name);
    if (kind === 'script') note(state, file, text);
    const order = orderOf(file.name, kind);
    for (const [index, line] of text.split('\n').entries()) {
      for (const setting of kind === 'script' ? scripted(line) : configured(line)) {
        if (state.writers.length === WRITERS)
          throw new FaultError('over-budget', `more than ${WRITERS} settings in one image`);
        state.writers.push({ ...setting, file, line: index + 1, order, kind });
      }
    }
  },
  finish(context) {
    const state = seen.get(context.tree) ?? { writers: [], readers: new Map<string, Set<Kind>>() };
    seen.delete(context.tree);
    const list = state.writers.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : a.line - b.line));
    for (const root of context.tree.roots) {
      const read = readersOf(root, state.readers.get(root.path), context);
      const own = list.filter((one) => one.file.root === root.path && !isMasked(one.file, root, context));
      examine(root, own, read, context);
    }
  },
};

const PLACES = /^\/(etc|lib|usr\/lib|usr\/local\/lib|run)\/(sysctl\.conf$|sysctl\.d\/|init\.d\/|rc|inittab$|preinit)/;
const FOLDERS = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];
const kindOf = (name: string): Kind =>
  /sysctl\.d\//.test(name) ? 'sysctl.d' : name.endsWith('sysctl.conf') ? 'sysctl.conf' : 'script';
const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** Which files a script has read: `sysctl -p`, `sysctl --system`, a loop over the folder. */
function note({ readers }: Seen, file: FileEntry, text: string): void {
  const live = text.replace(/^[ \t]*#.*$/gm, '');
  if (!/\bsysctl\b/.test(live)) return;
  const own = readers.get(file.root ?? '') ?? new Set<Kind>();
  readers.set(file.root ?? '', own);
  // Of each line what stands behind its first call.
  const calls = live.split('\n').flatMap((line) => {
    const at = line.search(/\bsysctl\b/);
    return at < 0 ? [] : [line.slice(at)];
  });
  if (/sysctl\.d\b/.test(live) || calls.some((call) => /\s--system\b/.test(call))) own.add('sysctl.d');
  if (calls.some((call) => /\s(--system\b|--load\b|-\w{0,20}p\b)/.test(call))) own.add('sysctl.conf');
}

const SYSTEMD = ['/lib/systemd/systemd-sysctl', '/usr/lib/systemd/systemd-sysctl'];
const PROCD = '/etc/init.d/sysctl';

/** What boot applies: what scripts say, systemd's own unit. */
function readersOf(
  root: RootFileSystem,
  noted: ReadonlySet<Kind> | undefined,
  { tree }: AnalyzerContext,
): ReadonlySet<Kind> {
  const read = new Set<Kind>(['script', ...(noted ?? [])]);
  if (SYSTEMD.some((name) => tree.resolve(root, name)?.type === 'file')) {
    read.add('sysctl.d');
    // It reads no sysctl.conf but by a link in the folder.
    if (
      FOLDERS.some((folder) => tree.list(root, folder).some(({ target }) => target?.endsWith('sysctl.conf') === true))
    )
      read.add('sysctl.conf');
  }
  if (tree.resolve(root, PROCD)?.type === 'file') read.add('sysctl.conf');
  return read;
}

/** A file of the same name in a folder that outweighs this one, or a link to nothing, is read in its stead (sysctl.d(5)). */
function isMasked(file: FileEntry, root: RootFileSystem, { tree }: AnalyzerContext): boolean {
  const at = FOLDERS.findIndex((folder) => file.name.startsWith(`${folder}/`));
  const base = baseOf(file.name);
  return (
    at >= 0 &&
    (!base.endsWith('.conf') ||
      FOLDERS.slice(0, at).some((folder) => tree.list(root, folder).some(({ name }) => baseOf(name) === base)))
  );
}

/** The name orders the files of the folders; sysctl.conf is last of the files, scripts come after them. */
function orderOf(name: string, kind: Kind): string {
  const base = baseOf(name);
  return kind === 'script' ? `2${base}` : `1${base === 'sysctl.conf' ? '~' : base}`;
}

const dotted = (key: string): string => key.trim().replaceAll('/', '.').replace(/^-/, '');

interface Setting {
  readonly key: string;
  readonly value: string;
}

function configured(line: string): readonly Setting[] {
  const parts = /^\s*-?([\w./*-]+)\s*=(.*)$/.exec(line);
  return parts === null ? [] : [{ key: dotted(parts[1] ?? ''), value: (parts[2] ?? '').trim().slice(0, 100) }];
}

/** `echo V > /proc/sys/K` and `sysctl -w K=V K=V`. */
function scripted(line: string): readonly Setting[] {
  if (/^\s*#/.test(line)) return [];
  const written =
    /\b(?:echo|printf)\s+(?:-\w+\s+)?["']?([\w.-]+)(?:\\n)?["']?\s*>{1,2}\s*["']?\/proc\/sys\/([\w/.-]+)/.exec(line);
  if (written !== null) return [{ key: dotted(written[2] ?? ''), value: written[1] ?? '' }];
  const command = /\bsysctl\s+([^;&|#]*)/.exec(line.slice(0, 4096))?.[1] ?? '';
  return [...command.matchAll(/(?:^|\s)["']?([\w./-]+)\s*=\s*["']?([\w.-]+)/g)].map(([, key = '', value = '']) => ({
    key: dotted(key),
    value,
  }));
}

function examine(
  root: RootFileSystem,
  list: readonly Writer[],
  read: ReadonlySet<Kind>,
  context: AnalyzerContext,
): void {
  const last = new Map<string, Writer>(list.filter(({ kind }) => read.has(kind)).map((writer) => [writer.key, writer]));
  for (const writer of list) {
    const { key, value, file, line } = writer;
    context.emit(
      kernelSysctl,
      { key, value, file: file.name, line, effective: last.get(key) === writer },
      { subject: { kind: 'file', path: file.path }, where: `line ${line}` },
    );
  }
  for (const key of new Set([...ASKED, ...list.map((one) => one.key)])) {
    // What stands in a file that nothing was seen to read may never be set.
    const writer = last.get(key);
    const told =
      writer === undefined ? { value: 'unset', by: 'unknown' as const } : { value: writer.value, by: 'file' as const };
    const path = writer === undefined ? root.path : writer.file.path;
    context.emit(
      kernelSetting,
      { key, ...told },
      {
        subject: { kind: 'file', path: `${path}#${key}` },
        ...(writer === undefined ? {} : { where: `line ${writer.line}` }),
      },
    );
  }
}
