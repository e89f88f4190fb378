/** How the configuration of each daemon is read: SSH, web, MQTT. Which lines mean what, which values are weak and why, what holds when nothing is set. */
import { lighttpdLines, nginxLines, sshdLines } from '../../../codecs/formats/config-lines.ts';
import {
  type About,
  ask,
  type Found,
  is,
  isAtLeast,
  isNot,
  type Line,
  oldAlgorithms,
  type Rule,
  weakCiphers,
} from './setting-lines.ts';
import { FILE_RULES } from './setting-rules-files.ts';
import { OPENWRT_RULES } from './setting-rules-openwrt.ts';
import { VENDOR_RULES } from './setting-rules-vendor.ts';

const UNKNOWN_VERSION = 'hangs on the version, which is not known';

/** `-o Key=value` of a start line comes before all files. */
function sshdWords(words: readonly string[]): readonly Line[] {
  return words.flatMap((word, index) => {
    const setting = words[index - 1] === '-o' ? word : /^-o(\w.*)$/.exec(word)?.[1];
    return setting === undefined ? [] : sshdLines(setting.replace(/^["']|["']$/g, ''));
  });
}

const sshdAsks = ask([
  {
    keys: ['permitrootlogin'],
    setting: 'root-login',
    why: 'prohibit-password or no',
    weak: (value) => (value === UNKNOWN_VERSION ? 'unknown' : /^yes\b/i.test(value)),
    // Releases before 7.0 let root in.
    default: (about) =>
      ({ true: 'prohibit-password', false: 'yes' })[String(isAtLeast(about, 7, 0))] ?? UNKNOWN_VERSION,
  },
  { keys: ['passwordauthentication'], setting: 'password-login', why: 'keys only', weak: is('yes'), default: 'yes' },
  {
    keys: ['permitemptypasswords'],
    setting: 'empty-passwords',
    why: 'no empty passwords',
    weak: is('yes'),
    default: 'no',
  },
  { keys: ['protocol'], setting: 'protocol', why: 'protocol 2 only', weak: (value) => value.includes('1') },
  {
    keys: ['strictmodes'],
    setting: 'strict-modes',
    why: 'modes of key files are checked',
    weak: is('no'),
    default: 'yes',
  },
  {
    keys: ['permituserenvironment'],
    setting: 'user-environment',
    why: 'no environment from users',
    weak: isNot('no'),
    default: 'no',
  },
  {
    keys: ['hostbasedauthentication'],
    setting: 'host-based-login',
    why: 'no login by host name',
    weak: is('yes'),
    default: 'no',
  },
  {
    keys: ['maxauthtries'],
    setting: 'tries',
    why: 'at most 6 tries',
    weak: (value) => Number(value) > 6,
    default: '6',
  },
  {
    keys: [
      'kexalgorithms',
      'ciphers',
      'macs',
      'hostkeyalgorithms',
      'pubkeyacceptedalgorithms',
      'pubkeyacceptedkeytypes',
    ],
    setting: 'weak-ciphers',
    why: 'no broken algorithm is named',
    weak: oldAlgorithms,
  },
]);

const sshd: Rule = {
  daemon: 'sshd',
  file: /\/sshd_config(\.d\/[^/]+\.conf)?$/,
  programs: ['sshd'],
  grammar: sshdLines,
  usual: ['/etc/ssh/sshd_config', '/etc/sshd_config', '/usr/local/etc/ssh/sshd_config', '/usr/local/etc/sshd_config'],
  option: ['-f'],
  include: /^include$/,
  base: '/etc/ssh',
  version: /OpenSSH_(\d+)\.(\d+)/,
  byWords: sshdWords,
  read(lines, about) {
    const found = sshdAsks(lines, about);
    return [...found.map((row) => keysOnly(row, lines)), ...throughPam(lines), ...oldDefaults(lines, about)];
  },
};

const topValue = (lines: readonly Line[], ...keys: readonly string[]): string | undefined =>
  lines.find((line) => keys.includes(line.key) && line.within.length === 0)?.value.toLowerCase();
const allSay = (lines: readonly Line[], key: string, value: string): boolean =>
  lines.every((line) => line.unseen === undefined && (line.key !== key || line.value.toLowerCase() === value)) &&
  lines.some((line) => line.key === key && line.within.length === 0);

const takesPasswordsByPam = (lines: readonly Line[]): boolean =>
  lines.some((line) => line.key === 'usepam' && line.value.toLowerCase() === 'yes') &&
  topValue(lines, 'kbdinteractiveauthentication', 'challengeresponseauthentication') !== 'no' &&
  !/^publickey(,publickey)*$/.test(topValue(lines, 'authenticationmethods') ?? '');

/** Where nobody may give a password, root may come with a key only. */
function keysOnly(row: Found, lines: readonly Line[]): Found {
  const none = allSay(lines, 'passwordauthentication', 'no') && !takesPasswordsByPam(lines);
  return row.setting === 'root-login' && row.weak === true && none
    ? { ...row, weak: false, value: `${row.value}, and no passwords` }
    : row;
}

/** PAM asks for a password though `PasswordAuthentication` says no. */
function throughPam(lines: readonly Line[]): readonly Found[] {
  if (topValue(lines, 'passwordauthentication') !== 'no' || !takesPasswordsByPam(lines)) return [];
  const line = lines.find(({ key }) => key === 'usepam');
  return [
    {
      setting: 'password-login',
      value: 'UsePAM yes without KbdInteractiveAuthentication no',
      weak: true,
      why: 'keys only',
      byDefault: false,
      ...(line === undefined ? {} : { line }),
    },
  ];
}

/** Releases before 7.0 offer what is broken unless they are told otherwise. */
function oldDefaults(lines: readonly Line[], about: About): readonly Found[] {
  const isOld = isAtLeast(about, 7, 0) === false;
  const unset = ['kexalgorithms', 'ciphers', 'macs'].filter(
    (key) => !lines.some((line) => line.key === key || line.unseen !== undefined),
  );
  if (!isOld || unset.length === 0) return [];
  const why = `OpenSSH before 7.0 offers broken algorithms where ${unset.join(', ')} are not set`;
  return [{ setting: 'weak-ciphers', value: 'its own', weak: true, why, byDefault: true }];
}

/** `Protocol => ALL, -SSLv3`: what stands behind the name up to a comma. */
const takesOldTls = (value: string): boolean =>
  value.split(',').some((part) => {
    const at = part.search(/\bProtocol => /i);
    return at >= 0 && /(?<![-\w])(ALL|SSLv3|TLSv1(\.1)?)(?![\w.])/i.test(part.slice(at));
  });

const lighttpdAsks = ask([
  { keys: ['ssl.engine'], setting: 'tls', why: 'TLS is on', weak: () => false },
  {
    keys: ['ssl.use-sslv2', 'ssl.use-sslv3'],
    setting: 'tls-floor',
    why: 'no SSL 2 or 3',
    holds: 'each',
    weak: is('enable'),
  },
  {
    keys: ['ssl.openssl.ssl-conf-cmd'],
    setting: 'tls-floor',
    why: 'TLS 1.2 or newer',
    holds: 'each',
    weak: (value) =>
      /\bMinProtocol => (SSLv3|TLSv1(\.1)?|None)(?![\w.])/i.test(value) ||
      (takesOldTls(value) && !/-TLSv1\.1/i.test(value)),
  },
  {
    keys: ['ssl.cipher-list'],
    setting: 'weak-ciphers',
    why: 'no broken cipher is named',
    holds: 'each',
    weak: weakCiphers,
  },
  {
    keys: ['dir-listing.activate', 'server.dir-listing'],
    setting: 'directory-listing',
    why: 'no listing of folders',
    holds: 'each',
    weak: is('enable'),
    default: 'disable',
  },
  { keys: ['server.username'], setting: 'user', why: 'a user of its own', weak: is('root', ''), default: 'root' },
]);

const lighttpd: Rule = {
  daemon: 'lighttpd',
  file: /\/lighttpd[\w.-]*\.conf$|^\/etc\/lighttpd\/(conf\.d|conf-enabled)\/[^/]+\.conf$/,
  programs: ['lighttpd', 'lighttpd-angel'],
  grammar: lighttpdLines,
  usual: ['/etc/lighttpd/lighttpd.conf', '/etc/lighttpd.conf'],
  option: ['-f'],
  include: /^include(_shell)?$/,
  read(lines, about) {
    const known = lines.map((line) => ({ ...line, value: resolved(line.value, lines) }));
    const found = lighttpdAsks(known, about).filter(({ setting }) => setting !== 'tls');
    return [...lighttpdTls(lines), ...found];
  },
};

/** `server.username = var.user` */
const resolved = (value: string, lines: readonly Line[]): string =>
  /^var\.[\w.-]+$/.test(value) ? (lines.find(({ key }) => key === value)?.value ?? value) : value;

/** TLS on every socket: one that has it in a block of its own leaves the main one as it is. */
function lighttpdTls(lines: readonly Line[]): readonly Found[] {
  const engines = lines.filter(({ key }) => key === 'ssl.engine');
  const unseen = lines.find((line) => line.unseen !== undefined);
  const [first] = engines;
  if (first === undefined) return unseen === undefined ? [] : [tlsRow('unknown', 'not seen', unseen, unseen.unseen)];
  const on = engines.filter(({ value }) => value === 'enable');
  const [one] = on;
  if (one === undefined) return [tlsRow(true, first.value, first)];
  const isOnAt = (block: string): boolean => on.some(({ within }) => within.includes(block));
  const off = engines.find(({ value, within }) => value !== 'enable' && within.length > 0 && !within.some(isOnAt));
  if (off !== undefined) return [tlsRow(true, `${off.value} (${off.within[0] ?? ''})`, off)];
  if (on.some(({ within }) => within.length === 0) || isNearOrLeads(lines)) return [tlsRow(false, 'enable', one)];
  if (unseen !== undefined) return [tlsRow('unknown', 'not seen', unseen, unseen.unseen)];
  return [tlsRow(true, 'on, but not on the main socket', one)];
}

/** The main socket leads to the other one, or only the machine itself comes to it. */
const isNearOrLeads = (lines: readonly Line[]): boolean =>
  lines.some(
    ({ key, value, within }) =>
      (/^url\.redirect/.test(key) && value.includes('https')) ||
      (key === 'server.bind' && within.length === 0 && /^(127\.|localhost|::1|\/)/.test(value)),
  );

const tlsRow = (weak: boolean | 'unknown', value: string, line: Line, why = 'TLS is on'): Found => ({
  setting: 'tls',
  value,
  weak,
  why,
  byDefault: false,
  line,
});

const nginxAsks = ask([
  {
    keys: ['ssl_protocols'],
    setting: 'tls-floor',
    why: 'TLS 1.2 or newer',
    holds: 'each',
    weak: (value) => /SSLv|TLSv1(?!\.[23])(\s|$)|TLSv1\.1/i.test(value),
  },
  {
    keys: ['ssl_ciphers'],
    setting: 'weak-ciphers',
    why: 'no broken cipher is named',
    holds: 'each',
    weak: weakCiphers,
  },
  { keys: ['autoindex'], setting: 'directory-listing', why: 'no listing of folders', holds: 'each', weak: is('on') },
  { keys: ['user'], setting: 'user', why: 'a user of its own', weak: (value) => /^root\b/.test(value) },
]);

const nginx: Rule = {
  daemon: 'nginx',
  file: /^\/etc\/nginx\/(.*\.conf|sites-enabled\/.*)$|\/nginx\/(conf\/)?nginx\.conf$/,
  programs: ['nginx'],
  grammar: nginxLines,
  usual: [
    '/etc/nginx/nginx.conf',
    '/usr/local/nginx/conf/nginx.conf',
    '/usr/local/etc/nginx/nginx.conf',
    '/opt/nginx/conf/nginx.conf',
  ],
  option: ['-c'],
  include: /^include$/,
  version: /nginx\/(\d+)\.(\d+)\.(\d+)/,
  byWords: (words) => words.flatMap((word, index) => (words[index - 1] === '-g' ? nginxLines(`${word};`) : [])),
  read(lines, about) {
    // Inside `http` is the same as outside: what every server has.
    const found = nginxAsks(lines, about).map((row) => ({ ...row, value: row.line?.value ?? row.value }));
    return [...found, ...nginxFloor(lines, about)];
  },
};

/** Releases before 1.27.3 take TLS 1.0 by default, which the library may refuse. */
function nginxFloor(lines: readonly Line[], about: About): readonly Found[] {
  const served = lines.find(
    ({ key, value }) => (key === 'listen' && /\bssl\b/.test(value)) || (key === 'ssl' && value === 'on'),
  );
  const isSet = lines.some(
    ({ key, within, unseen }) =>
      unseen !== undefined ||
      (key === 'ssl_protocols' &&
        (within.length < 2 ||
          within.some((block) => served?.within.includes(block) === true && block.startsWith('server')))),
  );
  if (served === undefined || isSet || isAtLeast(about, 1, 27, 3) === true) return [];
  const why = 'nginx before 1.27.3 takes TLS 1.0 unless ssl_protocols says otherwise or OpenSSL refuses it';
  return [{ setting: 'tls-floor', value: 'its own', weak: 'unknown', why, byDefault: true, line: served }];
}

export const RULES: readonly Rule[] = [sshd, lighttpd, nginx, ...FILE_RULES, ...OPENWRT_RULES, ...VENDOR_RULES];
