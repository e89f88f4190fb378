/** How each daemon's configuration is read: which lines mean what, which values are weak and why, what holds when nothing is set. */
import { ask, is, isNot, linesOf, OLD_ALGORITHMS, type Rule, weakCiphers } from './setting-lines.ts';
import { VENDOR_RULES } from './setting-rules-vendor.ts';

const sshd: Rule = {
  daemon: 'sshd',
  file: /^\/etc\/(ssh\/)?sshd_config$/,
  programs: ['sshd'],
  read: ask([
    {
      keys: ['permitrootlogin'],
      setting: 'root-login',
      why: 'prohibit-password or no',
      weak: is('yes'),
      default: 'prohibit-password',
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
      weak: is('yes'),
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
      keys: ['kexalgorithms', 'ciphers', 'macs'],
      setting: 'weak-ciphers',
      why: 'no broken algorithm is named',
      weak: (value) => OLD_ALGORITHMS.test(value),
    },
  ]),
};

const lighttpd: Rule = {
  daemon: 'lighttpd',
  file: /\/lighttpd[\w.-]*\.conf$|^\/etc\/lighttpd\/(conf\.d|conf-enabled)\/[^/]+\.conf$/,
  programs: ['lighttpd'],
  read: ask([
    { keys: ['ssl.engine'], setting: 'tls', why: 'TLS is on', weak: isNot('enable') },
    { keys: ['ssl.use-sslv2', 'ssl.use-sslv3'], setting: 'tls-floor', why: 'no SSL 2 or 3', weak: is('enable') },
    {
      keys: ['ssl.cipher-list'],
      setting: 'weak-ciphers',
      why: 'no broken cipher is named',
      weak: weakCiphers,
    },
    {
      keys: ['dir-listing.activate', 'server.dir-listing'],
      setting: 'directory-listing',
      why: 'no listing of folders',
      weak: is('enable'),
      default: 'disable',
    },
    { keys: ['server.username'], setting: 'user', why: 'a user of its own', weak: is('root', ''), default: 'root' },
  ]),
};

const nginx: Rule = {
  daemon: 'nginx',
  file: /^\/etc\/nginx\/(.*\.conf|sites-enabled\/.*)$/,
  programs: ['nginx'],
  read: ask([
    {
      keys: ['ssl_protocols'],
      setting: 'tls-floor',
      why: 'TLS 1.2 or newer',
      weak: (value) => /SSLv|TLSv1(?!\.[23])(\s|;|$)|TLSv1\.1/.test(value),
    },
    {
      keys: ['ssl_ciphers'],
      setting: 'weak-ciphers',
      why: 'no broken cipher is named',
      weak: weakCiphers,
    },
    { keys: ['autoindex'], setting: 'directory-listing', why: 'no listing of folders', weak: is('on') },
    { keys: ['user'], setting: 'user', why: 'a user of its own', weak: (value) => value.startsWith('root') },
  ]),
};

const NEAR = /\s(127\.[\d.]+|::1|localhost|\/\S+)\s*$/;
const mosquitto: Rule = {
  daemon: 'mosquitto',
  file: /\/mosquitto[\w.-]*\.conf$/,
  programs: ['mosquitto'],
  read(text) {
    const found = ask([
      { keys: ['allow_anonymous'], setting: 'anonymous', why: 'clients need credentials', weak: is('true') },
      {
        keys: ['require_certificate'],
        setting: 'client-certificate',
        why: 'clients show a certificate',
        weak: () => false,
      },
      { keys: ['tls_version'], setting: 'tls-floor', why: 'TLS 1.2 or newer', weak: is('tlsv1', 'tlsv1.1') },
    ])(text);
    const lines = linesOf(text);
    const listener = lines.find((line) => line.key === 'listener' || line.key === 'port');
    const certificate = lines.find((line) => line.key === 'certfile');
    if (listener === undefined) return found;
    // What only the machine itself reaches needs no certificate: a loopback address, or a socket in a file.
    const near = lines.filter(({ key }) => key === 'listener' || key === 'port').every(({ value }) => NEAR.test(value));
    if (near || lines.some(({ key, value }) => key === 'bind_address' && NEAR.test(` ${value}`))) return found;
    return [
      ...found,
      {
        setting: 'tls',
        value: certificate === undefined ? 'off' : 'on',
        weak: certificate === undefined,
        why: 'listeners have a certificate',
        byDefault: certificate === undefined,
        line: listener.line,
      },
    ];
  },
};

const vsftpd: Rule = {
  daemon: 'vsftpd',
  file: /\/vsftpd[\w.-]*\.conf$/,
  programs: ['vsftpd'],
  read: ask([
    {
      keys: ['anonymous_enable'],
      setting: 'anonymous',
      why: 'no anonymous login',
      weak: is('yes'),
      default: 'yes',
      last: true,
    },
    { keys: ['ssl_enable'], setting: 'tls', why: 'TLS is on', weak: isNot('yes'), default: 'no', last: true },
    {
      keys: ['anon_upload_enable', 'anon_mkdir_write_enable'],
      setting: 'anonymous-write',
      why: 'nothing is written by anybody',
      weak: is('yes'),
      last: true,
    },
    {
      keys: ['chroot_local_user'],
      setting: 'confined',
      why: 'users stay in their folder',
      weak: () => false,
      last: true,
    },
  ]),
};

const snmpd: Rule = {
  daemon: 'snmpd',
  file: /\/snmpd?[\w.-]*\.conf$/,
  programs: ['snmpd', 'mini_snmpd'],
  read: (text) =>
    linesOf(text)
      .filter((line) => /^(ro|rw)community6?$|^com2sec6?$/.test(line.key))
      .map((line) => ({
        setting: 'community',
        value: line.key,
        weak: true,
        why: 'SNMPv3 with authPriv',
        byDefault: false,
        line: line.line,
      })),
};

const samba: Rule = {
  daemon: 'samba',
  file: /\/smb[\w.-]*\.conf$/,
  programs: ['smbd'],
  read(text) {
    return text.split('\n').flatMap((raw, index) => {
      const [key = '', value = ''] = raw.split('=').map((part) => part.trim().toLowerCase());
      if (key === 'guest ok' || key === 'public')
        return [
          {
            setting: 'guest',
            value,
            weak: value === 'yes',
            why: 'guests are refused',
            byDefault: false,
            line: index + 1,
          },
        ];
      if (key === 'map to guest')
        return [
          {
            setting: 'guest',
            value,
            weak: value !== 'never',
            why: 'guests are refused',
            byDefault: false,
            line: index + 1,
          },
        ];
      return key === 'min protocol' || key === 'server min protocol'
        ? [
            {
              setting: 'protocol',
              value,
              weak: value === 'nt1' || value === 'lanman1' || value === 'core',
              why: 'SMB 2 or newer',
              byDefault: false,
              line: index + 1,
            },
          ]
        : [];
    });
  },
};

const hostapd: Rule = {
  daemon: 'hostapd',
  file: /\/hostapd[\w.-]*\.conf$/,
  programs: ['hostapd'],
  read: ask([
    { keys: ['wpa'], setting: 'encryption', why: 'WPA2 or WPA3', weak: isNot('2') },
    {
      keys: ['wpa_pairwise', 'rsn_pairwise'],
      setting: 'weak-ciphers',
      why: 'CCMP only',
      weak: (value) => /TKIP/.test(value),
    },
    { keys: ['wps_state'], setting: 'wps', why: 'WPS is off', weak: isNot('0') },
  ]),
};

const uhttpd: Rule = {
  daemon: 'uhttpd',
  file: /^\/etc\/config\/uhttpd$/,
  programs: ['uhttpd'],
  read: ask([
    { keys: ['redirect_https'], setting: 'tls', why: 'HTTP leads to HTTPS', weak: is('0') },
    { keys: ['rfc1918_filter'], setting: 'rebinding-protection', why: 'private addresses are filtered', weak: is('0') },
    { keys: ['no_dirlists'], setting: 'directory-listing', why: 'no listing of folders', weak: isNot('1') },
  ]),
};

const dropbearConfig: Rule = {
  daemon: 'dropbear',
  file: /^\/etc\/config\/dropbear$/,
  programs: ['dropbear'],
  read: ask([
    { keys: ['passwordauth'], setting: 'password-login', why: 'keys only', weak: is('on', '1', 'yes'), default: 'on' },
    {
      keys: ['rootpasswordauth'],
      setting: 'root-login',
      why: 'no root password',
      weak: is('on', '1', 'yes'),
      default: 'on',
    },
  ]),
};

const miniupnpd: Rule = {
  daemon: 'miniupnpd',
  file: /\/miniupnpd[\w.-]*\.conf$/,
  programs: ['miniupnpd', 'miniupnpd-igdv1', 'miniupnpd-igdv2'],
  read: ask([
    {
      keys: ['secure_mode'],
      setting: 'secure-mode',
      why: 'a host maps ports to itself only',
      weak: isNot('yes'),
      default: 'no',
    },
    { keys: ['enable_natpmp'], setting: 'nat-pmp', why: 'NAT-PMP is off', weak: is('yes') },
  ]),
};

const boa: Rule = {
  daemon: 'boa',
  file: /\/boa[\w.-]*\.conf$/,
  programs: ['boa'],
  read: ask([{ keys: ['user'], setting: 'user', why: 'a user of its own', weak: is('root', '0') }]),
};

export const RULES: readonly Rule[] = [
  sshd,
  lighttpd,
  nginx,
  mosquitto,
  vsftpd,
  snmpd,
  samba,
  hostapd,
  uhttpd,
  dropbearConfig,
  miniupnpd,
  boa,
  ...VENDOR_RULES,
];
