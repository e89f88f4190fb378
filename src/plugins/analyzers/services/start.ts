/** What an image starts at boot, followed from init on: inittab, SysV and BusyBox scripts, procd, systemd, inetd, Android init. */
import type { FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { bootConsole, serviceStart } from '../../../facts/index.ts';
import { daemonOf, portsOf, type ServiceKind } from './daemons.ts';
import { type Start, startsOf } from './followed.ts';
import { isShell } from './inittab.ts';
import { mayName, namedIn, type Server, serversIn, wordsFor } from './named.ts';
import { consoleByDefault } from './no-inittab.ts';
import { tellOutside } from './outside.ts';
import { keepText, scriptReader, type Texts } from './texts.ts';
import { listens } from './vendor.ts';

/** Text of this image's configuration and scripts, kept from the one read until its end. */
const texts = new WeakMap<FileTree, Texts>();
/** Of each root the servers that lie in it, the programs that name them, and what was not looked at. */
interface Naming {
  readonly servers: ReadonlyMap<string, readonly Server[]>;
  /** By the server's name behind the root's path. */
  readonly programs: Map<string, string>;
  readonly cuts: readonly { readonly root: RootFileSystem; readonly why: string }[];
}
const namings = new WeakMap<FileTree, Naming>();

function namingOf(tree: FileTree): Naming {
  const known = namings.get(tree);
  if (known !== undefined) return known;
  const cuts: { root: RootFileSystem; why: string }[] = [];
  const servers = new Map(
    tree.roots.map((root) => [root.path, serversIn(root, tree, (why) => cuts.push({ root, why }))]),
  );
  const made = { servers, programs: new Map(), cuts };
  namings.set(tree, made);
  return made;
}

const START_PLACES =
  /^\/(etc\/|init$|(.*\/)?init[\w.-]*\.rc$|(usr\/)?lib\/systemd\/|system\/etc\/init|vendor\/etc\/init|(usr\/|opt\/|home\/|root\/)?s?bin\/[\w.-]+\.sh$|.*\/(rcS|rc\.local|start\w*\.sh|init\w*\.sh)$)/;

export const servicesStart: Analyzer = {
  id: 'services/start',
  title: 'What starts at boot',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [serviceStart, bootConsole],
  words: (tree) => wordsFor([...namingOf(tree).servers.values()].flat()),
  wants: (file) => file.type === 'file' && file.root !== undefined && (START_PLACES.test(file.name) || mayName(file)),
  observe(file, content, context) {
    const { servers, programs } = namingOf(context.tree);
    for (const name of namedIn(file, content, servers.get(file.root ?? '') ?? [], context))
      if (!programs.has(`${file.root} ${name}`)) programs.set(`${file.root} ${name}`, file.name);
    if (!START_PLACES.test(file.name)) return;
    const map = texts.get(context.tree) ?? new Map<string, string>();
    texts.set(context.tree, map);
    keepText(file, content, map);
  },
  finish(context) {
    const map = texts.get(context.tree) ?? new Map<string, string>();
    for (const { root, why } of namingOf(context.tree).cuts) cutIn(root, context)(why);
    for (const root of context.tree.roots) examine(root, map, context);
    texts.delete(context.tree);
    namings.delete(context.tree);
  },
};

/** What is started beyond what was read is not known: never «starts nothing». */
const cutIn =
  ({ path }: RootFileSystem, context: Pick<AnalyzerContext, 'gap'>) =>
  (message: string): void =>
    context.gap({ kind: 'over-budget', message }, { scope: { kind: 'file', path }, area: 'root-file-system' });

function examine(root: RootFileSystem, map: ReadonlyMap<string, string>, context: AnalyzerContext): void {
  const scope = { kind: 'file', path: root.path } as const;
  const cut = cutIn(root, context);
  const found = startsOf(root, context.tree, scriptReader(map, context.tree, cut), cut);
  tellOutside(found.outside, scope, context);
  if (!found.entry) {
    context.gap(
      {
        kind: 'unrecognised',
        message: 'no inittab, start scripts, systemd units or init.rc were found: what starts at boot is not known',
      },
      { scope, area: 'root-file-system' },
    );
  }
  const usual = consoleByDefault(root, context.tree);
  if (found.entry && usual.open)
    context.gap(
      { kind: 'unrecognised', message: 'there is no inittab: what runs on the console is not known' },
      { scope, area: 'root-file-system' },
    );
  const rewrites = rewritesInittab(root, map);
  if (rewrites !== undefined)
    context.gap(
      { kind: 'unrecognised', message: `${rewrites} writes /etc/inittab: what runs on the console then is not known` },
      { scope, area: 'root-file-system', facts: [bootConsole] },
    );
  const consoles = usual.console === undefined ? found.consoles : [...found.consoles, usual.console];
  const started = new Set<string>();
  for (const start of found.starts) {
    started.add(baseOf(start.program));
    emitStart(start, daemonOf(start.program) === undefined && listens(context.tree, root, start.program), context);
  }
  for (const { path, ...console } of consoles)
    context.emit(bootConsole, console, { subject: { kind: 'file', path }, where: `line ${console.line}` });
  if (found.entry) emitNever(root, started, mentionsIn(root, map), context);
}

/** A script that changes inittab, by which consoles come and go. */
function rewritesInittab(root: RootFileSystem, map: ReadonlyMap<string, string>): string | undefined {
  const found = [...map].find(
    ([path, text]) =>
      path.startsWith(root.path) &&
      /^[^#\n]{0,400}(\bsed\s+-(?=\w*i)\w+\b[^\n]{0,400}\s|>{1,2}\s?|\b(cp|mv|ln)\s[^\n]{0,200}\s)["']?\/etc\/inittab\b/m.test(
        text,
      ),
  );
  return found?.[0].slice(root.path.length);
}

const baseOf = (program: string): string => program.slice(program.lastIndexOf('/') + 1);

const SHELL = /(ba|da|a|z|k|mk|hu|tc|c)?sh\b(?![.\w/-])/.source;
/** A shell in the place of the login program, or at the end of a connection. */
const TELNET_SHELL = new RegExp(`\\s-\\w{0,40}l\\s*["']?(\\S*/)?${SHELL}`);
const PIPED_SHELL = new RegExp(`\\s-[ec]\\s*["']?(\\S*/)?${SHELL}|\\b(EXEC|SYSTEM):["']?([^\\s:]*/)?${SHELL}`, 'i');

/** A shell behind Telnet without a login, one at the end of a connection, and a debug bridge that asks for nobody's key. */
const isLoginless = ({ command, words, manager, program }: Start, kind: string | undefined): boolean =>
  (kind === 'adb' && words.includes('ro.adb.secure=0')) ||
  (kind === 'telnet' && TELNET_SHELL.test(command)) ||
  (kind === 'remote-shell' && PIPED_SHELL.test(command)) ||
  (manager === 'inetd' && isShell(program));

/** What inetd hands a shell to is a shell for whoever comes. */
const kindOf = ({ program, manager }: Start): ServiceKind | undefined =>
  manager === 'inetd' && isShell(program) ? 'remote-shell' : daemonOf(program)?.kind;

function emitStart(start: Start, serves: boolean, context: AnalyzerContext): void {
  const kind = kindOf(start);
  const { account } = start;
  context.emit(
    serviceStart,
    {
      program: baseOf(start.program),
      command: start.command.slice(0, 400),
      kind: kind ?? (serves ? 'unknown' : 'other'),
      started: start.condition === undefined ? 'always' : 'unknown',
      ...(start.condition === undefined ? {} : { condition: start.condition.slice(0, 200) }),
      manager: start.manager,
      user:
        account === undefined
          ? start.dropsByConfiguration
            ? 'unknown'
            : 'root'
          : account === 'root' || account === '0'
            ? 'root'
            : 'other',
      ...(account === undefined ? {} : { account }),
      ports: [...portsOf(start.program, start.words)],
      loginless: isLoginless(start, kind),
      file: start.file,
      line: start.line,
    },
    { subject: { kind: 'file', path: start.path }, where: `line ${start.line}` },
  );
}

/** Text of the start scripts of a root without their comments, by file name: where a server may be started in a way that was not followed. */
function mentionsIn(
  root: RootFileSystem,
  map: ReadonlyMap<string, string>,
): readonly { readonly file: string; readonly words: ReadonlySet<string> }[] {
  const scripts = [...map].filter(
    ([path, text]) =>
      path.startsWith(root.path) &&
      (text.startsWith('#!') || /\/(init\.d|rc\d?\.d|rcS|rc\.local)|\.(php|lua|pl|py|tcl|cgi)$/.test(path)),
  );
  return scripts.map(([path, text]) => ({
    file: path,
    words: new Set(text.replace(/^[ \t]*#.*$/gm, '').split(/[^\w.-]+/)),
  }));
}

/** Servers that lie in the image and that nothing starts: told, judged by nobody as a failure. Named in a script or in a program that boot starts, it is a condition that could not be told. */
function emitNever(
  root: RootFileSystem,
  started: ReadonlySet<string>,
  mentions: ReturnType<typeof mentionsIn>,
  context: AnalyzerContext,
): void {
  const { servers, programs } = namingOf(context.tree);
  for (const { name, entry } of servers.get(root.path) ?? []) {
    const daemon = daemonOf(name);
    if (started.has(name)) continue;
    const script = mentions.find(({ words }) => words.has(name))?.file.slice(root.path.length);
    const named = script ?? programs.get(`${root.path} ${name}`);
    // Of programs without a kind only those are told that something may start.
    if (daemon === undefined && named === undefined) continue;
    const how =
      named === undefined
        ? { started: 'never' as const }
        : {
            started: 'unknown' as const,
            condition: `named in ${named}; whether it is run there could not be told`,
          };
    context.emit(
      serviceStart,
      {
        program: name,
        command: '',
        kind: daemon?.kind ?? 'unknown',
        ...how,
        manager: 'none',
        user: 'unknown',
        ports: [],
        loginless: false,
        file: entry.name,
      },
      { subject: { kind: 'file', path: `${entry.path}#${name}` } },
    );
  }
}
