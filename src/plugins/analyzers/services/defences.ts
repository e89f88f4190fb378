/** What guards an image beside its daemons' own settings: dropbear's options, the firewall's policy, the log. */
import type { FileEntry, RootFileSystem } from '../../../core/model/files.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';
import { serviceFirewall, serviceLogging } from '../../../facts/index.ts';
import { daemonOf } from './daemons.ts';
import type { Followed, Start } from './followed.ts';

/** Options of dropbear(8) that are followed by a word of their own. */
const VALUED = /[bdDrpPIKWTcG]$/;

/** Options that stand in a variable were not seen; the value of an option is none. */
export const hasHiddenOptions = (words: readonly string[]): boolean =>
  words.some((word, index) => word.includes('$') && !/^-[pPrbdIKWcTD]$/.test(words[index - 1] ?? ''));

/** What the options of a start line say of logins. */
export function dropbearFlags(
  words: readonly string[],
): readonly { setting: string; value: string; weak: boolean; why: string }[] {
  const flags = words.filter((word, index) => /^-[a-zA-Z]+$/.test(word) && !takesWord(words[index - 1])).join('');
  const noPasswords = flags.includes('s');
  const noRoot = flags.includes('w') || flags.includes('g') || noPasswords;
  const blank = flags.includes('B');
  const told = (value: boolean): string => (value ? 'yes' : 'no');
  return [
    { setting: 'password-login', value: told(!noPasswords), weak: !noPasswords, why: 'keys only (-s)' },
    { setting: 'root-login', value: told(!noRoot), weak: !noRoot, why: 'no root password (-g or -w)' },
    { setting: 'empty-passwords', value: told(blank), weak: blank, why: 'no empty passwords (without -B)' },
  ];
}
const takesWord = (word: string | undefined): boolean => /^-[a-zA-Z]+$/.test(word ?? '') && VALUED.test(word ?? '');

/** Each with the family of addresses that it speaks of; the last match of a text counts. */
const POLICIES: readonly (readonly [Family, RegExp])[] = [
  ['ip', /(?<![\w6])iptables\s+(?:-w\s+)?(?:-t\s+filter\s+)?(?:-P|--policy)\s+INPUT\s+(ACCEPT|DROP|REJECT)/g],
  ['ip6', /\bip6tables\s+(?:-w\s+)?(?:-t\s+filter\s+)?(?:-P|--policy)\s+INPUT\s+(ACCEPT|DROP|REJECT)/g],
  ['ip', /^:INPUT\s+(ACCEPT|DROP)/gm],
  ['ip', /hook\s+input\b[^}]{0,200}?policy\s+(accept|drop)/g],
  ['ip', /config\s+defaults[\s\S]{0,300}?option\s+input\s+['"]?(ACCEPT|DROP|REJECT)/g],
];
type Family = 'ip' | 'ip6';
type Policy = 'accept' | 'drop' | 'reject' | 'unknown';
interface Told {
  readonly file: FileEntry;
  readonly family: Family;
  readonly policy: Policy;
}

function policiesIn(file: FileEntry, text: string): readonly Told[] {
  const told = POLICIES.flatMap(([family, pattern]): readonly (Told & { readonly at: number })[] => {
    const last = [...text.matchAll(pattern)].at(-1);
    const own =
      /6/.test(file.name.slice(file.name.lastIndexOf('/'))) && pattern.source.startsWith('^:') ? 'ip6' : family;
    return last === undefined
      ? []
      : [{ file, family: own, policy: (last[1] ?? '').toLowerCase() as Policy, at: last.index }];
  });
  if (told.length === 0) return /\bip6?tables\s+-[AI]\b/.test(text) ? [{ file, family: 'ip', policy: 'unknown' }] : [];
  const last = new Map(told.toSorted((a, b) => a.at - b.at).map((one) => [one.family, one]));
  return [...last.values()];
}

/** `iptables -P INPUT DROP`, nftables `policy drop`, OpenWrt `option input REJECT`: what boot applies; where files disagree, or where it may not come to one, it is not known. */
export function tellFirewall(
  files: readonly FileEntry[],
  map: ReadonlyMap<string, string>,
  { starts, visited }: Pick<Followed, 'starts' | 'visited'>,
  root: string,
  context: AnalyzerContext,
): void {
  const loaded = starts.some((start) => daemonOf(start.program)?.kind === 'firewall' && start.condition === undefined);
  const isSure = (file: FileEntry): boolean =>
    isScript(file, map.get(file.path) ?? '') ? visited.has(file.path) : loaded;
  const told = files
    .flatMap((file) => policiesIn(file, (map.get(file.path) ?? '').replace(/^[ \t]*#.*$/gm, '')))
    .map((one): Told => (isSure(one.file) ? one : { ...one, policy: 'unknown' }));
  const families = [...new Set(told.map(({ family }) => family))];
  if (families.length === 0)
    context.emit(
      serviceFirewall,
      { present: false, inputPolicy: 'unknown', file: '' },
      { subject: { kind: 'file', path: root } },
    );
  for (const family of families) {
    const own = told.filter((one) => one.family === family);
    // Rules without a policy say nothing against one that stands elsewhere.
    const sure = own.filter(({ policy }) => policy !== 'unknown');
    const one = sure.at(-1) ?? own[0];
    const agree = sure.length > 0 && sure.every(({ policy }) => policy === one?.policy);
    context.emit(
      serviceFirewall,
      { present: true, inputPolicy: agree ? (one?.policy ?? 'unknown') : 'unknown', file: one?.file.name ?? '' },
      { subject: { kind: 'file', path: one?.file.path ?? root } },
    );
  }
}

const isScript = (file: FileEntry, text: string): boolean =>
  text.startsWith('#!') || /^\/etc\/(init\.d|rc\w*\.d)\/|\.sh$/.test(file.name);

const JOURNAL = ['/lib/systemd/systemd-journald', '/usr/lib/systemd/systemd-journald'];

/** A log that surely runs; one that hangs on a condition, or on a boot that is not known, leaves it open. */
export function tellLogging(
  { starts, entry }: Pick<Followed, 'starts' | 'entry'>,
  root: RootFileSystem,
  context: AnalyzerContext,
): void {
  const logs = starts.filter((start) => daemonOf(start.program)?.kind === 'syslog' && !/klogd$/.test(start.program));
  const log = logs.find(({ condition }) => condition === undefined) ?? logs[0];
  const journal = journalOf(starts, root, context);
  const isSure = log !== undefined && log.condition === undefined;
  const program = isSure ? log.program : (journal ?? log?.program);
  const none = entry && log === undefined ? false : 'unknown';
  context.emit(
    serviceLogging,
    {
      started: isSure || journal !== undefined ? true : none,
      ...(program === undefined ? {} : { program }),
      remote: log?.words.includes('-R') ?? false,
    },
    { subject: { kind: 'file', path: log?.path ?? root.path } },
  );
}

/** systemd's own log, which every boot of it starts. */
const journalOf = (starts: readonly Start[], root: RootFileSystem, { tree }: AnalyzerContext): string | undefined =>
  starts.some(({ manager }) => manager === 'systemd')
    ? JOURNAL.find((name) => tree.resolve(root, name)?.type === 'file')
    : undefined;
