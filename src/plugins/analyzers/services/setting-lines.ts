/** What is asked of the lines of a daemon's configuration, and what is told of each. */
import type { ConfigLine, Grammar } from '../../../codecs/formats/config-lines.ts';
import type { FileEntry } from '../../../core/model/files.ts';

export type Daemon =
  | 'sshd'
  | 'dropbear'
  | 'telnetd'
  | 'lighttpd'
  | 'nginx'
  | 'uhttpd'
  | 'boa'
  | 'goahead'
  | 'mini-httpd'
  | 'apache'
  | 'mosquitto'
  | 'vsftpd'
  | 'proftpd'
  | 'samba'
  | 'snmpd'
  | 'miniupnpd'
  | 'dnsmasq'
  | 'hostapd'
  | 'cwmp'
  | 'firewall'
  | 'syslog';

/** A line with the file that it stands in; of the start line where there is none. */
export interface Line extends ConfigLine {
  readonly file?: FileEntry;
  /** Here lines may stand that were not seen, and why. */
  readonly unseen?: string;
}

export interface Found {
  readonly setting: string;
  readonly value: string;
  readonly weak: boolean | 'unknown';
  readonly why?: string;
  readonly byDefault: boolean;
  /** What it rests on. */
  readonly line?: Line;
}

/** What is known of the daemon beside its configuration. */
export interface About {
  /** By its program, as a number: 2.1 before 2.10. */
  readonly version: readonly number[] | undefined;
}

export interface Rule {
  readonly daemon: Daemon;
  /** Where such configurations lie. */
  readonly file: RegExp;
  readonly programs: readonly string[];
  readonly grammar: Grammar;
  read(lines: readonly Line[], about: About): readonly Found[];
  /** The file that it reads unless its start line names another; the first that is there. */
  readonly usual?: readonly string[];
  /** Options that name the file; `''`: an argument without option does. */
  readonly option?: readonly string[];
  /** Options that stand before another word, which is no file. */
  readonly valued?: readonly string[];
  /** Keys that take in another file or folder, and what a relative name is relative to (the file's own folder unless said). */
  readonly include?: RegExp;
  readonly base?: string;
  /** It runs with its own defaults where there is no file at all. */
  readonly needsNone?: true;
  /** Lines that the words of a start line stand for. */
  byWords?(words: readonly string[]): readonly Line[];
  /** Where the program tells its version. */
  readonly version?: RegExp;
}

/** One setting under its keys, and what the daemon does by default. */
export interface Ask {
  readonly keys: readonly string[];
  readonly setting: string;
  readonly why: string;
  /** Which line of a key holds where several do: the first (unless said), the last, or each in its place. */
  readonly holds?: 'first' | 'last' | 'each';
  weak(value: string): boolean | 'unknown';
  /** The daemon's own default; absent: nothing is told when no line sets it. */
  readonly default?: string | ((about: About) => string);
}

/** Of one setting so many lines are told. */
const TOLD = 64;

export function ask(asks: readonly Ask[]): (lines: readonly Line[], about: About) => readonly Found[] {
  return (lines, about) => asks.flatMap((one) => worstOf(answer(one, lines, about)));
}

const RANKS = [true, 'unknown', false] as const;
/** Of many lines those that are told first that are weak, then those that are open. */
const worstOf = (found: readonly Found[]): readonly Found[] =>
  found.length <= TOLD ? found : RANKS.flatMap((rank) => found.filter(({ weak }) => weak === rank)).slice(0, TOLD);

function answer(one: Ask, lines: readonly Line[], about: About): readonly Found[] {
  const own = lines.filter((line) => one.keys.includes(line.key));
  const unseen = lines.find((line) => line.unseen !== undefined);
  const inBlocks = own.filter(({ within }) => within.length > 0);
  const atTop = one.keys.flatMap((key) => holding(one, key, lines));
  const told = worstOf([...atTop, ...inBlocks].map((line) => valued(one, line)));
  const found = unseen === undefined ? told : told.map((row) => openedBy(row, one, unseen, lines));
  if (atTop.length > 0) return found;
  if (unseen !== undefined) return [...found, notSeen(one, unseen)];
  const usual = typeof one.default === 'function' ? one.default(about) : one.default;
  if (usual === undefined) return found;
  return [{ setting: one.setting, value: usual, weak: one.weak(usual), why: one.why, byDefault: true }, ...found];
}

function holding(one: Ask, key: string, lines: readonly Line[]): readonly Line[] {
  const own = lines.filter((line) => line.key === key && line.within.length === 0);
  if (one.holds === 'each') return own;
  const line = one.holds === 'last' ? own.at(-1) : own[0];
  return line === undefined ? [] : [line];
}

const valued = (one: Ask, line: Line): Found => ({
  setting: one.setting,
  value: line.within[0] === undefined ? line.value : `${line.value} (${line.within[0]})`,
  weak: one.weak(line.value),
  why: one.why,
  byDefault: false,
  line,
});

const notSeen = ({ setting }: Ask, unseen: Line): Found => ({
  setting,
  value: 'not seen',
  weak: 'unknown',
  why: unseen.unseen ?? '',
  byDefault: false,
  line: unseen,
});

/** A line that lines which were not seen may undo is open; the first of a key that stands before them, or the last behind them, is not. */
function openedBy(row: Found, one: Ask, unseen: Line, lines: readonly Line[]): Found {
  const at = row.line === undefined ? -1 : lines.indexOf(row.line);
  const stands =
    one.holds === 'last'
      ? lines.findLastIndex((line) => line.unseen !== undefined) < at
      : one.holds === 'each' || (row.line?.within.length ?? 0) > 0
        ? row.weak === true
        : at < lines.indexOf(unseen);
  return stands ? row : notSeen(one, unseen);
}

export const is =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    values.includes(value.toLowerCase());
export const isNot =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    !values.includes(value.toLowerCase());

/** Whether a version is at least another; undefined where it is not known. */
export function isAtLeast({ version }: About, ...wanted: readonly number[]): boolean | undefined {
  if (version === undefined) return undefined;
  for (const [index, part] of wanted.entries()) {
    const own = version[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

const OLD_ALGORITHMS =
  /\b(diffie-hellman-group1-sha1|3des-cbc|arcfour|blowfish-cbc|cast128-cbc|hmac-md5|hmac-sha1(-96)?(?!-etm)|ssh-dss|des-cbc)\b/;
/** Whether a list of algorithms as sshd takes it names an old one; one that begins with `-` takes out. */
export const oldAlgorithms = (value: string): boolean => !value.startsWith('-') && OLD_ALGORITHMS.test(value);

const WEAK_CIPHER = /\b(RC2|RC4|DES|3DES|EXPORT(40|56)?|EXP|NULL|aNULL|eNULL|MD5|LOW|ADH|AECDH|SSLv2)\b|DES-CBC/;
/** Whether a list of ciphers as OpenSSL takes it names a broken one; `!` and `-` take out, and `ALL` has those without a certificate (ciphers(1)). */
export function weakCiphers(value: string): boolean {
  const words = value.split(/[:,\s"'()]+/);
  const named = words.filter((one) => !/^[!-]/.test(one));
  return (
    named.some((one) => WEAK_CIPHER.test(one)) ||
    (named.includes('ALL') && !words.some((one) => /^[!-](aNULL|ADH)$/.test(one)))
  );
}

const BELOW = ['sslv3', 'tlsv1', 'tlsv1.1'];
/** Versions as mod_ssl and ProFTPD list them: `all -SSLv3`, `TLSv1.2 TLSv1.3`; whether one below TLS 1.2 is left. */
export function allowsOldTls(value: string): boolean {
  const old = new Set<string>();
  for (const word of value.toLowerCase().split(/[\s,]+/)) {
    const [, sign = '', name = ''] = /^([+-]?)(\S*)$/.exec(word) ?? [];
    const named = /^(all|sslv23)$/.test(name) ? BELOW : [name].filter((one) => /^(sslv[23]|tlsv1(\.[01])?)$/.test(one));
    for (const one of named) old[sign === '-' ? 'delete' : 'add'](one);
  }
  return old.size > 0;
}
