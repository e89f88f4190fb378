/** More daemons' configurations, those of small web and FTP servers, dnsmasq and TR-069 clients that vendors' images carry. */
import { apacheLines, commentedLines, type Grammar, plainLines } from '../../../codecs/formats/config-lines.ts';
import { isMarkup, settingGroups } from '../../../codecs/formats/markup-settings.ts';
import { serversOf } from '../../../codecs/formats/router-settings.ts';
import { allowsOldTls, ask, type Found, is, isNot, type Line, type Rule, weakCiphers } from './setting-lines.ts';

/** ProFTPD (proftpd.org/docs/directives): directives without regard to case; an `<Anonymous>` section lets everybody in. */
const proftpdAsks = ask([
  { keys: ['tlsengine'], setting: 'tls', why: 'TLS is on', weak: isNot('on'), default: 'off', holds: 'last' },
  { keys: ['tlsprotocol'], setting: 'tls-floor', why: 'TLS 1.2 or newer', holds: 'last', weak: allowsOldTls },
  {
    keys: ['tlsciphersuite'],
    setting: 'weak-ciphers',
    why: 'no broken cipher is named',
    holds: 'last',
    weak: weakCiphers,
  },
  {
    keys: ['rootlogin'],
    setting: 'root-login',
    why: 'root is refused',
    weak: is('on', 'yes', 'true', '1'),
    default: 'off',
    holds: 'last',
  },
  { keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root'), holds: 'last' },
]);
const proftpd: Rule = {
  daemon: 'proftpd',
  file: /\/proftpd[\w.-]*\.conf$|^\/etc\/proftpd\/.*\.conf$/,
  programs: ['proftpd'],
  grammar: apacheLines,
  usual: ['/etc/proftpd/proftpd.conf', '/etc/proftpd.conf', '/usr/local/etc/proftpd.conf'],
  option: ['-c', '--config'],
  include: /^include$/,
  read(lines, about) {
    // What stands in `<IfModule>` and `<Global>` is as good as outside.
    const found = proftpdAsks(
      lines.map((line) => outOf(line, /^<(IfModule|IfDefine|Global)\b/i)),
      about,
    );
    const line = lines.find(({ key }) => key === '<anonymous>');
    if (line === undefined) return found;
    return [
      ...found,
      { setting: 'anonymous', value: '<Anonymous>', weak: true, why: 'no anonymous login', byDefault: false, line },
    ];
  },
};

const outOf = (line: Line, blocks: RegExp): Line => ({
  ...line,
  within: line.within.filter((one) => !blocks.test(one)),
});

/** dnsmasq(8). */
const dnsmasq: Rule = {
  daemon: 'dnsmasq',
  file: /^\/etc\/dnsmasq[\w.-]*\.conf$|^\/etc\/dnsmasq\.d\/[^/]+$/,
  programs: ['dnsmasq'],
  grammar: commentedLines,
  usual: ['/etc/dnsmasq.conf'],
  option: ['-C', '--conf-file'],
  needsNone: true,
  include: /^conf-(file|dir)$/,
  byWords: (words) =>
    words.flatMap((word, index) => {
      if (word === '-u') return plainLines(`user=${words[index + 1] ?? ''}`);
      return word.startsWith('--') && !word.startsWith('--conf') ? plainLines(word.slice(2)) : [];
    }),
  read(lines, about) {
    const tftp = lines.find(({ key }) => key === 'enable-tftp');
    const user = ask([{ keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root') }])(lines, about);
    const unseen = lines.find((line) => line.unseen !== undefined);
    if (tftp !== undefined)
      return [
        ...user,
        { setting: 'tftp', value: 'on', weak: true, why: 'no files over TFTP', byDefault: false, line: tftp },
      ];
    if (unseen === undefined) return user;
    return [
      ...user,
      { setting: 'tftp', value: 'not seen', weak: 'unknown', why: unseen.unseen ?? '', byDefault: false, line: unseen },
    ];
  },
};

/** Several settings may stand on a line of mini_httpd and thttpd, a comment behind them. */
const wordLines: Grammar = (text) =>
  text.split('\n').flatMap((row, index) =>
    row
      .replace(/#.*$/s, '')
      .split(/\s+/)
      .filter((word) => word !== '')
      .flatMap((word) => plainLines(word))
      .map((line) => ({ ...line, line: index + 1 })),
  );

/** mini_httpd(8) and thttpd(8). */
const miniHttpd: Rule = {
  daemon: 'mini-httpd',
  file: /\/(mini_httpd|thttpd)[\w.-]*\.conf$/,
  programs: ['mini_httpd', 'thttpd'],
  grammar: wordLines,
  option: ['-C'],
  needsNone: true,
  byWords: (words) => words.flatMap((word, index) => (words[index - 1] === '-u' ? plainLines(`user=${word}`) : [])),
  read: ask([
    { keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root', '0') },
    { keys: ['cipher'], setting: 'weak-ciphers', why: 'no broken cipher is named', weak: weakCiphers },
  ]),
};

const WIDTH = 4096;

/** Each line as it stands, one that is long in pieces that begin with an element. */
const whole: Grammar = (text) =>
  text.split('\n').flatMap((row, index) =>
    (row.length > WIDTH ? row.split(/(?=<)/) : [row]).map((value) => ({
      key: '',
      value: value.slice(0, WIDTH),
      line: index + 1,
      within: [],
    })),
  );

/** GoAhead's route.txt: `route uri=/ auth=basic` asks on each request with a password in clear. */
const goahead: Rule = {
  daemon: 'goahead',
  file: /\/(route|routes)\.txt$/,
  programs: ['goahead', 'webs'],
  grammar: whole,
  needsNone: true,
  read: (lines) =>
    lines.flatMap((line) => {
      const how = /^\s*route\b.*\bauth=(\w+)/.exec(line.value)?.[1];
      if (how === undefined) return [];
      return [
        { setting: 'login', value: how, weak: how === 'basic', why: 'no password in clear', byDefault: false, line },
      ];
    }),
};

/** Clients of TR-069: where their server is, and how they come to it. */
const cwmp: Rule = {
  daemon: 'cwmp',
  file: /^\/etc\/config\/(cwmp|easycwmp|icwmp|freecwmp|cwmpd|tr069)$|\/(cwmp|tr069|cpe|acs)[\w.-]*\.(conf|cfg|ini|xml)$/i,
  programs: ['cwmpd', 'cwmpc', 'tr069', 'tr069d', 'icwmpd', 'easycwmp', 'easycwmpd', 'freecwmp'],
  grammar: whole,
  needsNone: true,
  read: (lines) =>
    lines.flatMap((line) => {
      const { value } = line;
      if (/^\s*(#|;|\/\/|<!--)/.test(value)) return [];
      const url =
        /\b(?:acs_?url|url|ManagementServer\.URL|server_?url|acsurl)["']?\s*(?:[=:>\s])\s*["']?(https?):\/\/[\w.-]+/i.exec(
          value,
        )?.[1];
      const check = /\b(?:ssl_?verify|verify_?peer|check_?cert\w*|insecure_?enable)\b["']?\s*[=\s]\s*["']?(\w+)/i.exec(
        value,
      );
      const found: Found[] = [];
      if (url !== undefined)
        found.push({
          setting: 'tls',
          value: url,
          weak: url.toLowerCase() === 'http',
          why: 'its server is reached by https',
          byDefault: false,
          line,
        });
      if (check !== null) {
        const off = /insecure/i.test(check[0]) ? /^(1|yes|on|true)$/i : /^(0|no|off|false|disabled?)$/i;
        found.push({
          setting: 'certificate-check',
          value: check[1] ?? '',
          weak: off.test(check[1] ?? ''),
          why: 'its server shows a certificate',
          byDefault: false,
          line,
        });
      }
      return found;
    }),
};

/** Servers for remote management in a router's tree of settings. */
const managementLines: Grammar = (text) =>
  (isMarkup(text) ? serversOf(settingGroups(text)) : []).flatMap(({ url }) =>
    url === undefined ? [] : [{ key: 'url', value: url.value, line: url.line, within: [] }],
  );

const cwmpInMarkup: Rule = {
  daemon: 'cwmp',
  file: /\/[\w-]*(ctree|default|config|settings|db_\w{1,24}|rom\w{0,8})[\w-]*\.(xml|conf|cfg)$/i,
  programs: cwmp.programs,
  grammar: managementLines,
  read: (lines) =>
    lines.flatMap((line) => {
      const scheme = /^(https?):\/\//i.exec(line.value)?.[1]?.toLowerCase();
      if (scheme === undefined) return [];
      const why = 'its server is reached by https';
      return [{ setting: 'tls', value: scheme, weak: scheme === 'http', why, byDefault: false, line }];
    }),
};

const apacheAsks = ask([
  { keys: ['sslprotocol'], setting: 'tls-floor', why: 'TLS 1.2 or newer', weak: allowsOldTls, holds: 'last' },
  {
    keys: ['sslciphersuite'],
    setting: 'weak-ciphers',
    why: 'no broken cipher is named',
    weak: weakCiphers,
    holds: 'last',
  },
  { keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root', '#0'), holds: 'last' },
  {
    keys: ['options'],
    setting: 'directory-listing',
    why: 'no listing of folders',
    holds: 'each',
    weak: (value) => /(^|\s)\+?(Indexes|All)(\s|$)/i.test(value),
  },
]);
const apache: Rule = {
  daemon: 'apache',
  file: /^\/etc\/(apache2|httpd)\/.*\.conf$|\/conf\/httpd\.conf$/,
  programs: ['apache2', 'httpd'],
  grammar: apacheLines,
  usual: [
    '/etc/apache2/apache2.conf',
    '/etc/apache2/httpd.conf',
    '/etc/httpd/conf/httpd.conf',
    '/usr/local/apache2/conf/httpd.conf',
  ],
  option: ['-f'],
  // BusyBox' httpd bears the same name and reads another file.
  needsNone: true,
  include: /^include(optional)?$/,
  read: (lines, about) => [
    ...apacheAsks(
      lines.map((line) => outOf(line, /^<(IfModule|IfDefine|IfVersion)\b/i)),
      about,
    ),
    ...apacheFloor(lines),
  ],
};

/** mod_ssl takes TLS 1.0 where nothing is said, which the library may refuse. */
function apacheFloor(lines: readonly Line[]): readonly Found[] {
  const on = lines.find(({ key, value }) => key === 'sslengine' && /^on$/i.test(value));
  if (on === undefined || lines.some(({ key, unseen }) => key === 'sslprotocol' || unseen !== undefined)) return [];
  const why = 'mod_ssl takes TLS 1.0 unless SSLProtocol says otherwise or OpenSSL refuses it';
  return [{ setting: 'tls-floor', value: 'its own', weak: 'unknown', why, byDefault: true, line: on }];
}

const miniupnpd: Rule = {
  daemon: 'miniupnpd',
  file: /\/miniupnpd[\w.-]*\.conf$/,
  programs: ['miniupnpd', 'miniupnpd-igdv1', 'miniupnpd-igdv2', 'miniupnpd-nft'],
  grammar: plainLines,
  usual: ['/etc/miniupnpd/miniupnpd.conf', '/etc/miniupnpd.conf'],
  option: ['-f'],
  needsNone: true,
  read: ask([
    {
      keys: ['secure_mode'],
      setting: 'secure-mode',
      why: 'a host maps ports to itself only',
      weak: isNot('yes'),
      default: 'no',
      holds: 'last',
    },
    { keys: ['enable_natpmp'], setting: 'nat-pmp', why: 'NAT-PMP is off', weak: is('yes'), holds: 'last' },
  ]),
};

const boa: Rule = {
  daemon: 'boa',
  file: /\/boa[\w.-]*\.conf$/,
  programs: ['boa'],
  grammar: commentedLines,
  usual: ['/etc/boa/boa.conf', '/etc/boa.conf'],
  option: ['-f'],
  needsNone: true,
  read: ask([{ keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root', '0'), holds: 'last' }]),
};

export const VENDOR_RULES: readonly Rule[] = [
  proftpd,
  dnsmasq,
  miniHttpd,
  goahead,
  cwmp,
  cwmpInMarkup,
  apache,
  miniupnpd,
  boa,
];
