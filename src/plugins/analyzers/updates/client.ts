/** How an image fetches its updates: clients and feeds, certificate verification switched off, addresses in clear. */

import { isElf } from '../../../codecs/formats/elf.ts';
import { wholeText } from '../../../codecs/formats/text-lines.ts';
import { isSwitchedOff, uciSections } from '../../../codecs/formats/uci.ts';
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import {
  serviceEndpointUrl,
  serviceScript,
  updateClient,
  updateClientSetting,
  updateRollback,
  updateTlsSetting,
} from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';
import {
  builtWithoutSignatures,
  type Client,
  clientsOf,
  isOpenwrtItself,
  piecesOf,
  requiresSignature,
  takesImages,
  UPDATER,
} from './clients.ts';
import { SEPARATOR, tellProgram, tellUrls, withoutPassword } from './endpoints.ts';
import { type Habit, habitOf, pathsIn, REQUESTED, reachesShell, runsFetched } from './habits.ts';
import { type ClientSetting, settingsOf } from './settings.ts';
import { unverifiedIn } from './unverified.ts';

/** opkg and sysupgrade read all their configurations before they act: whether they check is said of a root, not of a file. */
interface Held {
  readonly feeds: { readonly file: FileEntry; readonly client: Client }[];
  readonly checks: Map<string, 'on' | 'off'>;
  /** What writes images of OpenWrt, by root, and the roots whose scripts demand a signature. */
  readonly sysupgrade: Map<string, FileEntry>;
  readonly demanding: Set<string>;
  /** The roots whose packages come from OpenWrt itself. */
  readonly plain: Set<string>;
}
const heldOf = new WeakMap<FileTree, Held>();
const nothingHeld = (): Held => ({
  feeds: [],
  checks: new Map(),
  sysupgrade: new Map(),
  demanding: new Set(),
  plain: new Set(),
});

const LIMIT = 4 << 20;
/** Of a program so many bytes are looked at. */
const PROGRAM = 32 << 20;
const URLS = 1000;

const FETCHES = /\b(wget|curl|uclient-fetch|tftp|ftpget|mosquitto_(?:pub|sub))\b/;
/** A setting that names a server: `option repo_url 'http://…'`, `server = http://…`. */
const SETTING =
  /^\s*(option\s+|list\s+|set\s+)?["'<]?[\w.-]*(url|uri|server|endpoint|host|broker|address)[\w.-]*["'>]?\s*[=:\s]\s*["']?(http|ftp|mqtt|ws|tftp):\/\//i;
export const updatesClient: Analyzer = {
  id: 'updates/client',
  title: 'Update clients, switched-off verification, addresses in clear',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [updateClient, updateClientSetting, updateTlsSetting, updateRollback, serviceEndpointUrl, serviceScript],
  words: () => [SEPARATOR, ...REQUESTED],
  wants: (file) =>
    file.type === 'file' &&
    file.root !== undefined &&
    file.size > 0 &&
    (!/\.(js|css|html?|png|jpg|gif|so|ko|a|o|svg|woff2?|po|mo|lua)(\.|$)/.test(file.name) ||
      /\/s?bin\/[^/]+\.js$|\.lua$/.test(file.name)),
  observe(file, content, context) {
    const start = content.read(0, 2);
    if (isElf(content.read(0, 20))) {
      tellProgram(file, content, context);
      if (/\/swupdate$/.test(file.name) && builtWithoutSignatures(Buffer.from(content.read(0, PROGRAM))))
        tellClient(file, { tool: 'swupdate', check: 'off' }, context);
      return;
    }
    const script = start[0] === 0x23 && start[1] === 0x21;
    if (!script && PAGE.test(file.name)) readPage(file, content, context);
    if (!script && !/^\/etc[\w.]*\/|^\/lib\/upgrade\/|\/ostree\/repo\/config$|^\/usr\/lib\/rauc\//.test(file.name))
      return;
    const text = wholeText(content, LIMIT);
    if (text === undefined) return;
    readClient(file, text, context);
    readLines(file, text, context);
  },
  finish(context) {
    const { feeds, checks, sysupgrade, demanding, plain } = heldOf.get(context.tree) ?? nothingHeld();
    heldOf.delete(context.tree);
    for (const [root, file] of sysupgrade) {
      const check = plain.has(root) ? 'off' : 'unknown';
      tellClient(file, { tool: 'sysupgrade', check: demanding.has(root) ? 'on' : check }, context);
    }
    for (const feed of feeds) tellFeed(feed, checks, context);
  },
};

/** Without the option opkg takes what comes. */
function tellFeed({ file, client }: Held['feeds'][number], checks: Held['checks'], context: AnalyzerContext): void {
  const there = isThere('opkg', file, context);
  tellClient(file, { ...client, check: checks.get(file.root ?? '') ?? (there ? 'off' : 'unknown') }, context);
  if (there && /^(http|ftp):/.test(client.url ?? '')) tellUrls(file, `opkg ${client.url}`, client.line ?? 1, context);
}

interface Piece {
  readonly line: string;
  readonly index: number;
}

function readLines(file: FileEntry, text: string, context: AnalyzerContext): void {
  let urls = 0;
  const script = text.startsWith('#!') || /^\/(etc\/(init\.d|rc)|lib\/upgrade\/)/.test(file.name);
  const all = text.split('\n');
  const isOff = switchedOff(file, all);
  const lines = all.flatMap((raw, index): readonly Piece[] =>
    /^\s*(#|;|\/\/)/.test(raw) ? [] : piecesOf(raw).map((line) => ({ line, index })),
  );
  if (script) readHabits(file, text, lines, context);
  for (const { line, index } of lines) {
    const at = { subject: { kind: 'file', path: `${file.path}#${index + 1}` } as const, where: `line ${index + 1}` };
    const how = unverifiedIn(line, file.name);
    if (how !== undefined)
      context.emit(
        updateTlsSetting,
        { file: file.name, line: index + 1, how, inUpdater: UPDATER.test(line) || UPDATER.test(file.name) },
        at,
      );
    // Texts name many addresses; what a command fetches is what the device talks to.
    if (namesServer(line, script) && !isOff(index + 1)) urls += tellUrls(file, line, index + 1, context);
    if (urls > URLS) throw new FaultError('over-budget', `more than ${URLS} addresses in one file`);
  }
}

function readHabits(file: FileEntry, text: string, lines: readonly Piece[], context: AnalyzerContext): void {
  const all = text.split('\n');
  for (const index of runsFetched(all)) tellHabit(file, 'download-and-run', all[index] ?? '', index + 1, context);
  let known: ReadonlySet<string> | undefined;
  const paths = (): ReadonlySet<string> => {
    known ??= pathsIn(text);
    return known;
  };
  for (const { line, index } of lines) {
    const habit = habitOf(line, paths);
    if (habit !== undefined) tellHabit(file, habit, line, index + 1, context);
  }
}

/** Whether a line is of a section that is switched off. */
function switchedOff(file: FileEntry, lines: readonly string[]): (line: number) => boolean {
  const off = file.name.startsWith('/etc/config/') ? uciSections(lines).filter(isSwitchedOff) : [];
  return (line) => off.some(({ start, end }) => start <= line && line < end);
}

const namesServer = (line: string, script: boolean): boolean => FETCHES.test(line) || (!script && SETTING.test(line));

function tellHabit(file: FileEntry, kind: Habit, line: string, at: number, context: AnalyzerContext): void {
  context.emit(
    serviceScript,
    {
      kind,
      file: file.name,
      line: at,
      text: withoutPassword(line.trim())
        .replace(/(pass\w*|psk|key|token|secret)=\S+/gi, '$1=…')
        .slice(0, 200),
    },
    { subject: { kind: 'file', path: `${file.path}#${at}` }, where: `line ${at}` },
  );
}

/** Pages that a server runs say nothing of updates; what they hand to a shell does. */
const PAGE = /\.(php|phtml|lua|py|pl|cgi|lp|asp)$/;
function readPage(file: FileEntry, content: Blob, context: AnalyzerContext): void {
  if (!REQUESTED.some((word) => context.places(word).at.length > 0)) return;
  const text = wholeText(content, LIMIT) ?? '';
  for (const [index, raw] of text.split('\n').entries())
    if (piecesOf(raw).some(reachesShell)) tellHabit(file, 'eval-of-request', raw, index + 1, context);
}

function readClient(file: FileEntry, text: string, context: AnalyzerContext): void {
  for (const client of clientsOf(file.name, text))
    if (client.tool === 'opkg' && client.check === 'unknown') held(context.tree).feeds.push({ file, client });
    else tellClient(file, inUse(client, file, context), context);
  holdDemands(file, text, context);
  for (const setting of settingsOf(file.name, text)) tellSetting(file, setting, context);
  if (/^(\/etc|\/usr\/lib)\/rauc\/system\.conf$/.test(file.name)) {
    context.emit(
      updateRollback,
      { tool: 'rauc', protected: /^[ \t]*min-bundle-version[ \t]*=/m.test(text), file: file.name },
      { subject: { kind: 'file', path: file.path } },
    );
  }
}

/** A configuration of Mender that is left behind takes nothing. */
const inUse = (client: Client, file: FileEntry, context: AnalyzerContext): Client =>
  client.tool === 'mender' && client.check === 'off' && !isThere('mender', file, context)
    ? { ...client, check: 'unknown' }
    : client;

const tellSetting = (file: FileEntry, setting: ClientSetting, context: AnalyzerContext): void => {
  context.emit(
    updateClientSetting,
    { ...setting, file: file.name },
    { subject: { kind: 'file', path: `${file.path}#${setting.line}` }, where: `line ${setting.line}` },
  );
};

function tellClient(file: FileEntry, { tool, url, line, check }: Client, context: AnalyzerContext): void {
  const at = line === undefined ? {} : { line };
  context.emit(
    updateClient,
    {
      tool,
      file: file.name,
      ...at,
      ...(url === undefined ? {} : { url: withoutPassword(url).slice(0, 300) }),
      transport: transportOf(url),
      signatureCheck: check,
    },
    {
      subject: { kind: 'file', path: `${file.path}#${line ?? tool}` },
      ...(line === undefined ? {} : { where: `line ${line}` }),
    },
  );
}

/** A configuration that is left behind verifies nothing and installs nothing. */
function isThere(program: string, file: FileEntry, { tree }: AnalyzerContext): boolean {
  const root = tree.roots.find(({ path }) => path === file.root);
  if (root === undefined) return false;
  const names = program === 'mender' ? ['mender', 'mender-update', 'mender-auth'] : [program];
  const folders = ['/bin', '/usr/bin', '/sbin', '/usr/sbin'];
  return folders.some((folder) => names.some((name) => tree.resolve(root, `${folder}/${name}`) !== undefined));
}

function held(tree: FileTree): Held {
  const known = heldOf.get(tree) ?? nothingHeld();
  heldOf.set(tree, known);
  return known;
}

/** What is demanded of all packages and images, wherever in the root it is said. */
function holdDemands(file: FileEntry, text: string, { tree }: AnalyzerContext): void {
  const root = file.root ?? '';
  if (takesImages(text)) held(tree).sysupgrade.set(root, file);
  if (requiresSignature(text)) held(tree).demanding.add(root);
  if (isOpenwrtItself(file.name, text)) held(tree).plain.add(root);
  const stated = /^\/etc\/opkg/.test(file.name)
    ? /^[ \t]*option[ \t]+check_signature(?:[ \t]+["']?(\w+))?/m.exec(text)
    : null;
  if (stated !== null) held(tree).checks.set(root, /^(0|no|off|false)$/i.test(stated[1] ?? '1') ? 'off' : 'on');
}

function transportOf(url: string | undefined): 'https' | 'http' | 'ftp' | 'tftp' | 'other' | 'none' {
  if (url === undefined) return 'none';
  return (/^(https|http|ftp|tftp):/.exec(url)?.[1] as 'https' | 'http' | 'ftp' | 'tftp' | undefined) ?? 'other';
}
