/** More daemons' configurations, those of small web and FTP servers, dnsmasq and TR-069 clients that vendors' images carry. */
import { ask, type Found, is, isNot, linesOf, type Rule, weakCiphers } from './setting-lines.ts';

/** ProFTPD (proftpd.org/docs/directives): directives without regard to case; an `<Anonymous>` section lets everybody in. */
const proftpd: Rule = {
  daemon: 'proftpd',
  file: /\/proftpd[\w.-]*\.conf$|^\/etc\/proftpd\/.*\.conf$/,
  programs: ['proftpd'],
  read(text) {
    const found = ask([
      { keys: ['tlsengine'], setting: 'tls', why: 'TLS is on', weak: isNot('on'), default: 'off', last: true },
      {
        keys: ['tlsprotocol'],
        setting: 'tls-floor',
        why: 'TLS 1.2 or newer',
        weak: (value) => /SSLv|TLSv1(\.1)?(\s|$)/i.test(value),
      },
      { keys: ['tlsciphersuite'], setting: 'weak-ciphers', why: 'no broken cipher is named', weak: weakCiphers },
      { keys: ['rootlogin'], setting: 'root-login', why: 'root is refused', weak: is('on'), default: 'off' },
      { keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root') },
    ])(text);
    const at = text.split('\n').findIndex((line) => /^\s*<Anonymous\b/i.test(line));
    if (at < 0) return found;
    const anonymous: Found = {
      setting: 'anonymous',
      value: '<Anonymous>',
      weak: true,
      why: 'no anonymous login',
      byDefault: false,
      line: at + 1,
    };
    return [...found, anonymous];
  },
};

/** dnsmasq(8). */
const dnsmasq: Rule = {
  daemon: 'dnsmasq',
  file: /^\/etc\/dnsmasq[\w.-]*\.conf$|^\/etc\/dnsmasq\.d\/[^/]+$/,
  programs: ['dnsmasq'],
  read(text) {
    const tftp = linesOf(text).find(({ key }) => key === 'enable-tftp');
    const user = ask([{ keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root') }])(text);
    if (tftp === undefined) return user;
    return [
      ...user,
      { setting: 'tftp', value: 'on', weak: true, why: 'no files over TFTP', byDefault: false, line: tftp.line },
    ];
  },
};

/** mini_httpd(8) and thttpd(8). */
const miniHttpd: Rule = {
  daemon: 'mini-httpd',
  file: /\/(mini_httpd|thttpd)[\w.-]*\.conf$/,
  programs: ['mini_httpd', 'thttpd'],
  read: ask([
    { keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root', '0') },
    { keys: ['cipher'], setting: 'weak-ciphers', why: 'no broken cipher is named', weak: weakCiphers },
  ]),
};

/** GoAhead's route.txt: `route uri=/ auth=basic` asks on each request with a password in clear. */
const goahead: Rule = {
  daemon: 'goahead',
  file: /\/(route|routes)\.txt$/,
  programs: ['goahead', 'webs'],
  read: (text) =>
    text.split('\n').flatMap((line, index) => {
      const how = /^\s*route\b.*\bauth=(\w+)/.exec(line)?.[1];
      if (how === undefined) return [];
      return [
        {
          setting: 'login',
          value: how,
          weak: how === 'basic',
          why: 'no password in clear',
          byDefault: false,
          line: index + 1,
        },
      ];
    }),
};

/** Clients of TR-069: where their server is, and how they come to it. */
const cwmp: Rule = {
  daemon: 'cwmp',
  file: /^\/etc\/config\/(cwmp|easycwmp|icwmp|freecwmp|cwmpd|tr069)$|\/(cwmp|tr069|cpe|acs)[\w.-]*\.(conf|cfg|ini|xml)$/i,
  programs: ['cwmpd', 'cwmpc', 'tr069', 'tr069d', 'icwmpd', 'easycwmp', 'easycwmpd', 'freecwmp'],
  read: (text) =>
    text.split('\n').flatMap((line, index) => {
      if (/^\s*(#|;|\/\/|<!--)/.test(line)) return [];
      const url =
        /\b(?:acs_?url|url|ManagementServer\.URL|server_?url|acsurl)["']?\s*(?:[=:>\s])\s*["']?(https?):\/\/[\w.-]+/i.exec(
          line,
        )?.[1];
      const check = /\b(?:ssl_?verify|verify_?peer|check_?cert\w*|insecure_?enable)\b["']?\s*[=\s]\s*["']?(\w+)/i.exec(
        line,
      );
      const found: Found[] = [];
      if (url !== undefined)
        found.push({
          setting: 'tls',
          value: url,
          weak: url.toLowerCase() === 'http',
          why: 'its server is reached by https',
          byDefault: false,
          line: index + 1,
        });
      if (check !== null) {
        const off = /insecure/i.test(check[0]) ? /^(1|yes|on|true)$/i : /^(0|no|off|false|disabled?)$/i;
        found.push({
          setting: 'certificate-check',
          value: check[1] ?? '',
          weak: off.test(check[1] ?? ''),
          why: 'its server shows a certificate',
          byDefault: false,
          line: index + 1,
        });
      }
      return found;
    }),
};

const apache: Rule = {
  daemon: 'apache',
  file: /^\/etc\/(apache2|httpd)\/.*\.conf$/,
  programs: ['apache2', 'httpd'],
  read: ask([
    {
      keys: ['sslprotocol'],
      setting: 'tls-floor',
      why: 'TLS 1.2 or newer',
      weak: (value) => /(^|\s)\+?(SSLv[23]|TLSv1(\.1)?)(\s|$)/i.test(value),
      last: true,
    },
    {
      keys: ['sslciphersuite'],
      setting: 'weak-ciphers',
      why: 'no broken cipher is named',
      weak: weakCiphers,
      last: true,
    },
    { keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root') },
  ]),
};

export const VENDOR_RULES: readonly Rule[] = [proftpd, dnsmasq, miniHttpd, goahead, cwmp, apache];
