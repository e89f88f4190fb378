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
}
const writers = new WeakMap<FileTree, Writer[]>();

export const kernelSysctls: Analyzer = {
  id: 'kernel/sysctl',
  title: 'Kernel settings made at boot',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [kernelSysctl, kernelSetting],
  wants: (file) =>
    file.type === 'file' &&
    file.root !== undefined &&
    /^\/(etc|lib|usr\/lib)\/(sysctl\.conf$|sysctl\.d\/|init\.d\/|rc)/.test(file.name),
  observe(file, content, context) {
    const list = writers.get(context.tree) ?? [];
    writers.set(context.tree, list);
    const text = wholeText(content, LIMIT);
    if (text === undefined) return;
    const configuration = /sysctl(\.conf$|\.d\/)/.test(file.name);
    const order = orderOf(file.name, configuration);
    for (const [index, line] of text.split('\n').entries()) {
      const setting = configuration ? configured(line) : scripted(line);
      if (setting === undefined) continue;
      if (list.length === WRITERS) throw new FaultError('over-budget', `more than ${WRITERS} settings in one image`);
      list.push({ ...setting, file, line: index + 1, order });
    }
  },
  finish(context) {
    const list = (writers.get(context.tree) ?? []).sort((a, b) =>
      a.order < b.order ? -1 : a.order > b.order ? 1 : a.line - b.line,
    );
    for (const root of context.tree.roots)
      examine(
        root,
        list.filter((one) => one.file.root === root.path),
        context,
      );
    writers.delete(context.tree);
  },
};

/** /etc wins over /lib for files of one name; the name orders; sysctl.conf is last of the files, scripts come after them. */
function orderOf(name: string, configuration: boolean): string {
  const base = name.slice(name.lastIndexOf('/') + 1);
  if (!configuration) return `2${base}`;
  return `1${base === 'sysctl.conf' ? '~' : base}${name.startsWith('/etc') ? '1' : '0'}`;
}

const dotted = (key: string): string => key.trim().replaceAll('/', '.').replace(/^-/, '');

function configured(line: string): { key: string; value: string } | undefined {
  const parts = /^\s*-?([\w./*-]+)\s*=\s*(.*?)\s*$/.exec(line);
  return parts === null ? undefined : { key: dotted(parts[1] ?? ''), value: (parts[2] ?? '').slice(0, 100) };
}

/** `echo V > /proc/sys/K` and `sysctl -w K=V`. */
function scripted(line: string): { key: string; value: string } | undefined {
  if (/^\s*#/.test(line)) return undefined;
  const written = /\becho\s+["']?([\w.-]+)["']?\s*>\s*\/proc\/sys\/([\w/.-]+)/.exec(line);
  if (written !== null) return { key: dotted(written[2] ?? ''), value: written[1] ?? '' };
  const command = /\bsysctl\s+(?:-\w\s+)*["']?([\w./-]+)\s*=\s*["']?([\w.-]+)/.exec(line);
  return command === null ? undefined : { key: dotted(command[1] ?? ''), value: command[2] ?? '' };
}

function examine(root: RootFileSystem, list: readonly Writer[], context: AnalyzerContext): void {
  const last = new Map<string, Writer>(list.map((writer) => [writer.key, writer]));
  for (const writer of list) {
    const { key, value, file, line } = writer;
    context.emit(
      kernelSysctl,
      { key, value, file: file.name, line, effective: last.get(key) === writer },
      { subject: { kind: 'file', path: file.path }, where: `line ${line}` },
    );
  }
  for (const key of new Set([...ASKED, ...last.keys()])) {
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
