/** Which server shows which private key: by the settings that name its file, by its start line, or by the server's own default. */
import { linesOf } from '../../../codecs/formats/text-lines.ts';
import type { Fact } from '../../../core/model/fact.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';
import { serviceStart } from '../../../facts/index.ts';
import type { Purpose } from './places.ts';
import { SERVERS, type Server } from './servers.ts';

type Started = 'always' | 'unknown' | 'never';
export interface Service {
  readonly daemon: string;
  /** The directive, the option, or `default`. */
  readonly setting: string;
  readonly file?: string;
  readonly line?: number;
  readonly started: Started;
  readonly purpose: Purpose;
}

const MOST_FILES = 2000;
const MOST_TEXT = 1 << 20;
/** `Key /path`, `key = "/path"`, `option key '/path'`; nginx ends lines with a semicolon, haproxy has the word amid a line. */
const DIRECTIVE = /^\s*(?:option\s+|list\s+)?([\w.-]{2,40})\s*(?:\+?=|:|\s)\s*["']?([^\s"';]{2,255})/;
const BIND = /^\s*bind\s.{0,400}?\s(crt)\s+(\S{2,255})/;

/** The service of each key file, by its path. */
export function servedBy(files: readonly FileEntry[], context: AnalyzerContext): ReadonlyMap<string, Service> {
  const found = new Map<string, Service>();
  for (const root of context.tree.roots) {
    const wanted = new Map(files.filter((file) => file.root === root.path).map((file) => [file.path, file]));
    if (wanted.size === 0) continue;
    const starts = context.facts.of(serviceStart).filter((fact) => isIn(fact, root));
    const look = { root, wanted, starts, tree: context.tree };
    const { services, named, cut } = settingsOf(look);
    if (cut) context.gap(TOO_MANY, { area: 'root-file-system' });
    for (const [path, service] of [...services, ...optionsOf(look), ...defaultsOf(look, named)]) {
      const before = found.get(path);
      if (before === undefined || (before.started !== 'always' && service.started === 'always'))
        found.set(path, service);
    }
  }
  return found;
}

type Start = Fact<{
  readonly program: string;
  readonly command: string;
  readonly started: Started;
  readonly file: string;
  readonly line?: number;
}>;
interface Look {
  readonly root: RootFileSystem;
  readonly wanted: ReadonlyMap<string, FileEntry>;
  readonly starts: readonly Start[];
  readonly tree: FileTree;
}
type Told = readonly [path: string, service: Service];

const isIn = ({ subject }: Fact, root: RootFileSystem): boolean =>
  subject.kind === 'file' && subject.path.startsWith(root.path);

function startedOf(programs: readonly string[], starts: readonly Start[]): Started {
  const own = starts.filter(({ data }) => programs.includes(data.program)).map(({ data }) => data.started);
  if (own.includes('always')) return 'always';
  return own.includes('unknown') ? 'unknown' : 'never';
}

/** `named` are the servers of which some setting names a key: they do not take their defaults. */
function settingsOf(look: Look): {
  readonly services: readonly Told[];
  readonly named: ReadonlySet<string>;
  readonly cut: boolean;
} {
  const files = [...look.tree.entries()].filter(({ type, root }) => type === 'file' && root === look.root.path);
  const pairs = files.flatMap((entry) => SERVERS.filter((one) => speaksOf(one, entry)).map((one) => ({ entry, one })));
  const named = new Set<string>();
  const services = pairs.slice(0, MOST_FILES).flatMap(({ entry, one }) => {
    const directives = [...directivesOf(entry, look.tree, one.settings?.key)];
    if (directives.length > 0) named.add(one.daemon);
    return [...withinOf(entry, one, look), ...directives.flatMap((directive) => namedIn(directive, entry, one, look))];
  });
  return { services, named, cut: pairs.length > MOST_FILES };
}

const speaksOf = ({ settings, within }: Server, { name }: FileEntry): boolean =>
  settings?.file.test(name) === true || within?.test(name) === true;

const withinOf = (entry: FileEntry, { daemon, programs, purpose, within }: Server, look: Look): readonly Told[] =>
  within?.test(entry.name) === true && look.wanted.has(entry.path)
    ? [
        [
          entry.path,
          {
            daemon,
            purpose,
            started: startedOf(programs, look.starts),
            file: entry.name,
            setting: 'within its settings',
          },
        ],
      ]
    : [];

function namedIn(
  { key, path, line }: Directive,
  entry: FileEntry,
  { daemon, programs, purpose }: Server,
  { root, wanted, starts, tree }: Look,
): readonly Told[] {
  const target = tree.resolve(root, path);
  if (target === undefined || !wanted.has(target.path)) return [];
  const started = startedOf(programs, starts);
  return [[target.path, { daemon, purpose, started, file: entry.name, setting: key, line }]];
}

const TOO_MANY = {
  kind: 'over-budget',
  message: `only ${MOST_FILES} configurations were searched for the keys that servers show`,
} as const;

interface Directive {
  readonly key: string;
  readonly path: string;
  readonly line: number;
}

function* directivesOf(entry: FileEntry, tree: FileTree, wanted: RegExp | undefined): Generator<Directive> {
  if (wanted === undefined) return;
  const folder = entry.name.slice(0, entry.name.lastIndexOf('/') + 1);
  for (const { number, text } of linesOf(tree.content(entry), { bytes: MOST_TEXT, width: 1024 })) {
    const [, key = '', value = ''] = BIND.exec(text) ?? DIRECTIVE.exec(text) ?? [];
    if (wanted.test(key)) yield { key, path: value.startsWith('/') ? value : folder + value, line: number };
  }
}

/** A start line that names the file: `dropbear -r FILE`, `mini_httpd -E FILE`, a vendor's own server. */
const optionsOf = (look: Look): readonly Told[] =>
  look.starts.flatMap((start) => {
    const words = start.data.command.split(/[\s=]+/).slice(0, 60);
    return words.flatMap((word, index): readonly Told[] => {
      const target = index > 0 && word.startsWith('/') ? look.tree.resolve(look.root, word) : undefined;
      if (target === undefined || !look.wanted.has(target.path)) return [];
      return [[target.path, startedWith(words[index - 1] ?? '', start)]];
    });
  });

function startedWith(option: string, { data }: Start): Service {
  const server = SERVERS.find(({ programs }) => programs.includes(data.program));
  return {
    daemon: server?.daemon ?? data.program,
    setting: option.startsWith('-') ? option : 'its start line',
    file: data.file,
    ...(data.line === undefined ? {} : { line: data.line }),
    started: data.started,
    purpose: server?.purpose ?? 'unknown',
  };
}

const defaultsOf = (look: Look, named: ReadonlySet<string>): readonly Told[] =>
  SERVERS.filter(({ daemon }) => !named.has(daemon)).flatMap(({ daemon, programs, purpose, defaults, option }) => {
    const own = look.starts.filter(({ data }) => programs.includes(data.program));
    const there = own.length > 0 || programs.some((name) => isThere(name, look));
    if (defaults === undefined || !there || own.some(({ data }) => option?.test(data.command) === true)) return [];
    const service = { daemon, setting: 'default', started: startedOf(programs, look.starts), purpose };
    return [...look.wanted].flatMap(([path, { name }]) => (defaults.test(name) ? [[path, service] as const] : []));
  });

const isThere = (name: string, { root, tree }: Look): boolean =>
  ['/usr/sbin/', '/sbin/', '/usr/local/sbin/', '/usr/bin/'].some(
    (folder) => tree.resolve(root, folder + name)?.type === 'file',
  );
