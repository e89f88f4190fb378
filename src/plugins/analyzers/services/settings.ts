/** Settings of daemons in an image that bear on security, each in assay's own words with file and line. */
import { uciLines } from '../../../codecs/formats/config-lines.ts';
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import { windowsOf } from '../../../codecs/formats/windows.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { serviceFirewall, serviceLogging, serviceSetting, serviceStart } from '../../../facts/index.ts';
import { dropbearFlags, hasHiddenOptions, tellFirewall, tellLogging } from './defences.ts';
import { type Start, startsOf } from './followed.ts';
import { type Configuration, configurationIn, configurationOf, type Place } from './setting-files.ts';
import type { About, Found, Rule } from './setting-lines.ts';
import { RULES } from './setting-rules.ts';
import { keepText, LIMIT, scriptReader, type Texts } from './texts.ts';
import { FOLDERS } from './vendor.ts';

const texts = new WeakMap<FileTree, Texts>();

export const servicesSettings: Analyzer = {
  id: 'services/settings',
  title: 'Settings of daemons, firewall and log',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [serviceStart],
  produces: [serviceSetting, serviceFirewall, serviceLogging],
  wants: (file) =>
    file.type === 'file' &&
    file.root !== undefined &&
    (RULES.some((rule) => rule.file.test(file.name)) || isScript(file)),
  observe(file, content, context) {
    const map = texts.get(context.tree) ?? new Map<string, string>();
    texts.set(context.tree, map);
    if (isScript(file)) keepText(file, content, map);
    else {
      const text = wholeText(content, LIMIT);
      if (text !== undefined) map.set(file.path, text);
    }
  },
  finish(context) {
    const map = texts.get(context.tree) ?? new Map<string, string>();
    for (const root of context.tree.roots) examine(root, map, context);
    texts.delete(context.tree);
  },
};

const isScript = (file: FileEntry): boolean =>
  /^\/((.*\/)?init[\w.-]*\.rc$|etc\/(inittab|default\/|sysconfig\/|conf\.d\/|rc|init\.d|init0\.d|inetd|xinetd|config\/|services\.d|service\/|runit|sv\/|runlevels|firewall|iptables|nftables|preinit|systemd)|(usr\/)?lib\/systemd|(lib|etc)\/preinit|init|(system|vendor)\/etc\/init\/)/.test(
    file.name,
  );

function examine(root: RootFileSystem, map: ReadonlyMap<string, string>, context: AnalyzerContext): void {
  // What was not followed is told where the starts are told, and leaves this open with them.
  const ignored = (): void => undefined;
  const followed = startsOf(root, context.tree, scriptReader(map, context.tree, ignored), ignored);
  const { starts, entry } = followed;
  const files = [...context.tree.entries()].filter((one) => one.root === root.path && map.has(one.path));
  const read = (one: FileEntry): string | undefined => map.get(one.path) ?? textOf(one, context);
  const place: Place = { root, tree: context.tree, read };
  const mayStart = possibleStarts(root, entry, context);
  const byUci = new Set(
    RULES.filter(({ grammar, file }) => grammar === uciLines && files.some(({ name }) => file.test(name))).map(
      ({ daemon }) => daemon,
    ),
  );
  for (const rule of RULES) {
    const candidates = files.filter((file) => rule.file.test(file.name));
    const own = starts.filter((start) => rule.programs.includes(baseOf(start.program)));
    // What OpenWrt's scripts make at boot of UCI is read there.
    const made = rule.grammar !== uciLines && byUci.has(rule.daemon) && candidates.length === 0;
    if (own.length > STARTS)
      context.gap(
        { kind: 'over-budget', message: `${rule.daemon} is started in more than ${STARTS} ways` },
        { scope: { kind: 'file', path: root.path }, area: 'root-file-system', facts: [serviceSetting] },
      );
    if (!made) tellDaemon(rule, own, candidates, mayStart(rule.programs), place, context);
  }
  startFlags(starts, context);
  tellFirewall(files, map, followed, root.path, context);
  tellLogging(followed, root, context);
}

const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const isThere = (program: string, { root, tree }: Place): boolean =>
  (program.startsWith('/') ? [program] : FOLDERS.map((folder) => folder + program)).some(
    (name) => tree.resolve(root, name) !== undefined,
  );

/** A file that only another one, or a start line, names. */
function textOf(entry: FileEntry, context: AnalyzerContext): string | undefined {
  const content = context.tree.content(entry);
  return content.size > LIMIT || content.read(0, 512).includes(0)
    ? undefined
    : Buffer.from(content.read(0, LIMIT)).toString('latin1');
}

type Active = 'yes' | 'no' | 'unknown';

/** What is known of daemons that no script starts: something else may, where a program names them or the boot is not known. */
function possibleStarts(
  root: RootFileSystem,
  entry: boolean,
  context: AnalyzerContext,
): (programs: readonly string[]) => Active {
  const open = new Set(
    context.facts
      .of(serviceStart)
      .filter(
        ({ data, subject }) =>
          data.started === 'unknown' && subject.kind === 'file' && subject.path.startsWith(root.path),
      )
      .map(({ data }) => data.program),
  );
  return (programs) => (!entry || programs.some((program) => open.has(program)) ? 'unknown' : 'no');
}

/** Copies and examples that no daemon reads by itself. */
const SPARE =
  /\/(sites|conf|mods)-available\/|\/(doc|docs|examples?|samples?)\/|[._-](sample|example|dist|orig|bak|old|default|template)(\.conf)?$/;

/** Each start of a daemon with the configuration that it reads, and the files that none reads. */
function tellDaemon(
  rule: Rule,
  starts: readonly Start[],
  candidates: readonly FileEntry[],
  otherwise: Active,
  place: Place,
  context: AnalyzerContext,
): void {
  if (starts.length === 0 && candidates.length === 0) return;
  const reached = new Set<string>();
  const told = new Set<string>();
  const about = aboutOf(rule, place);
  const tell = (configuration: Configuration, active: Active, start: Start | undefined): void => {
    for (const path of configuration.read) reached.add(path);
    const file = configuration.lines.find((line) => line.file !== undefined)?.file;
    for (const found of rule.read(configuration.lines, about))
      emit(rule, found, { active, start, file: found.line?.file ?? file, told, place, context });
  };
  const others = candidates.filter(({ name }) => !SPARE.test(name));
  const sure = starts.filter(({ condition }) => condition === undefined);
  for (const start of [...sure, ...starts.filter((one) => !sure.includes(one))].slice(0, STARTS)) {
    const configuration = configurationOf(rule, start, place, others);
    // The start line of a program that the image lacks says nothing of how it would be set up.
    if (configuration.read.size > 0 || isThere(start.program, place))
      tell(configuration, sure.includes(start) ? 'yes' : 'unknown', start);
  }
  for (const file of candidates)
    if (!reached.has(file.path)) tell(configurationIn(rule, file, place), unread(file, starts, otherwise), undefined);
}

/** A file that no start line leads to may be put in place by something, unless it is a copy. */
function unread(file: FileEntry, starts: readonly Start[], otherwise: Active): Active {
  if (starts.length === 0) return otherwise;
  return SPARE.test(file.name) ? 'no' : 'unknown';
}

const STARTS = 50;
const VERSION_LENGTH = 64;

/** The version of a daemon by what its program says. */
function aboutOf(rule: Rule, { root, tree }: Place): About {
  const { version } = rule;
  if (version === undefined) return { version: undefined };
  const entry = rule.programs
    .flatMap((name) => FOLDERS.map((folder) => tree.resolve(root, folder + name)))
    .find((one) => one?.type === 'file');
  if (entry === undefined) return { version: undefined };
  for (const { buffer } of windowsOf(tree.content(entry))) {
    const found = version.exec(buffer.toString('latin1'))?.slice(1);
    if (found !== undefined && found.join('').length < VERSION_LENGTH) return { version: found.map(Number) };
  }
  return { version: undefined };
}

interface Telling {
  readonly active: Active;
  readonly start: Start | undefined;
  /** The file that says it, or by its silence leaves it to the daemon. */
  readonly file: FileEntry | undefined;
  readonly told: Set<string>;
  readonly place: Place;
  readonly context: AnalyzerContext;
}

function emit(rule: Rule, { line, ...setting }: Found, telling: Telling): void {
  const { active, start, file, told, place, context } = telling;
  const at = line === undefined || line.line === 0 || line.file === undefined ? undefined : line.line;
  const path = file?.path ?? start?.path ?? place.root.path;
  // A second start that reads the same says nothing new.
  const key = JSON.stringify([path, at, setting, active === 'no']);
  if (told.has(key)) return;
  told.add(key);
  context.emit(
    serviceSetting,
    {
      daemon: rule.daemon,
      ...setting,
      value: setting.value.slice(0, 100),
      active,
      file: file?.name ?? start?.file ?? '',
      ...(at === undefined ? {} : { line: at }),
    },
    {
      subject: { kind: 'file', path: `${path}#${file === undefined ? `${rule.daemon} ` : ''}${setting.setting}` },
      ...(at === undefined ? {} : { where: `line ${at}` }),
    },
  );
}

/** What a start line itself sets: dropbear takes its settings from there. OpenWrt's script adds options by /etc/config/dropbear, which a rule reads. */
function startFlags(starts: readonly Start[], context: AnalyzerContext): void {
  for (const start of starts.filter((one) => /(^|\/)dropbear(multi)?$/.test(one.program) && one.manager !== 'procd')) {
    for (const row of dropbearFlags(start.words)) {
      context.emit(
        serviceSetting,
        {
          daemon: 'dropbear',
          ...row,
          byDefault: false,
          // Options that stand in a variable were not seen.
          active: start.condition === undefined && !hasHiddenOptions(start.words) ? 'yes' : 'unknown',
          file: start.file,
          line: start.line,
        },
        { subject: { kind: 'file', path: `${start.path}#dropbear ${row.setting}` }, where: `line ${start.line}` },
      );
    }
  }
}
