/** How configurations of MQTT, FTP, SNMP and file servers and of access points are read. */
import { hostapdLines, plainLines, sambaLines } from '../../../codecs/formats/config-lines.ts';
import { type About, ask, type Found, is, isAtLeast, isNot, type Line, type Rule } from './setting-lines.ts';

const NEAR = /^\S+\s+(127\.[\d.]+|::1|localhost|\/\S+)\s*$/;

const mosquittoAsks = ask([
  {
    keys: ['require_certificate'],
    setting: 'client-certificate',
    why: 'clients show a certificate',
    weak: () => false,
  },
  {
    keys: ['tls_version'],
    setting: 'tls-floor',
    why: 'TLS 1.2 or newer',
    holds: 'each',
    weak: is('tlsv1', 'tlsv1.1', 'tlsv1.0'),
  },
]);

/** mosquitto.conf(5): listeners one after the other, each with the lines behind it. */
const mosquitto: Rule = {
  daemon: 'mosquitto',
  file: /\/mosquitto[\w.-]*\.conf$|^\/etc\/mosquitto\/conf\.d\/[^/]+\.conf$/,
  programs: ['mosquitto'],
  grammar: plainLines,
  option: ['-c', '--config-file'],
  needsNone: true,
  include: /^include_dir$/,
  version: /\0(\d+)\.(\d+)\.(\d+)\0/,
  read: (lines, about) => [...anonymousOf(lines, about), ...mosquittoAsks(lines, about), ...mosquittoTls(lines, about)],
};

const isListener = ({ key }: Line): boolean => key === 'listener' || key === 'port';

/** Whether clients without credentials are let in: by the last line, or by each listener's own. */
function anonymousOf(lines: readonly Line[], about: About): readonly Found[] {
  const separate = lines.some(({ key, value }) => key === 'per_listener_settings' && is('true', '1')(value));
  const own = lines.filter(({ key }) => key === 'allow_anonymous');
  const unseen = lines.find((line) => line.unseen !== undefined);
  const row = (value: string, weak: boolean | 'unknown', why: string, line?: Line): Found => ({
    setting: 'anonymous',
    value,
    weak,
    why,
    byDefault: line === undefined,
    ...(line === undefined ? {} : { line }),
  });
  const why = 'clients need credentials';
  const told = separate ? own : own.slice(-1);
  const rows = told.map((line) => row(line.value, is('true', '1')(line.value), why, line));
  if (unseen !== undefined && !rows.some(({ weak }) => weak === true))
    return [row('not seen', 'unknown', unseen.unseen ?? '', unseen)];
  if (rows.length > 0) return rows;
  // Releases before 2.0 let everybody in unless told otherwise; later ones where no listener is named, and then near clients only.
  const isNew = isAtLeast(about, 2, 0);
  if (isNew === true) return [row('false', false, why)];
  if (isNew === false) return [row('true', true, why)];
  return [
    row('not set', 'unknown', 'mosquitto before 2.0 lets everybody in unless told otherwise; its version is not known'),
  ];
}

/** Listeners that have a certificate; undefined for the one that `port` names, to which all before the first other belongs. */
function securedOf(lines: readonly Line[]): ReadonlySet<Line | undefined> {
  const secured = new Set<Line | undefined>();
  let listener: Line | undefined;
  for (const line of lines) {
    if (line.key === 'listener') listener = line;
    if (line.key === 'certfile' || line.key === 'psk_hint') secured.add(listener);
  }
  return secured;
}

function mosquittoTls(lines: readonly Line[], about: About): readonly Found[] {
  const bound = lines.some(({ key, value }) => key === 'bind_address' && NEAR.test(`0 ${value}`));
  const starts = lines.filter(isListener);
  const unseen = lines.find((line) => line.unseen !== undefined);
  const why = 'listeners have a certificate';
  if (starts.length === 0 && unseen === undefined)
    // Without a listener of its own it listens where everybody comes, before 2.0.
    return isAtLeast(about, 2, 0) === false && !bound
      ? [{ setting: 'tls', value: 'off', weak: true, why, byDefault: true }]
      : [];
  if (starts.length === 0 && unseen !== undefined) return [openTls(unseen, unseen)];
  const isNear = ({ key, value }: Line): boolean => NEAR.test(value) || (key === 'port' && bound);
  const secured = securedOf(lines);
  return starts.flatMap((line): readonly Found[] => {
    if (isNear(line)) return [];
    const has = secured.has(line.key === 'port' ? undefined : line);
    if (!has && unseen !== undefined) return [openTls(unseen, line)];
    return [{ setting: 'tls', value: has ? 'on' : 'off', weak: !has, why, byDefault: !has, line }];
  });
}

const openTls = ({ unseen = '' }: Line, line: Line): Found => ({
  setting: 'tls',
  value: 'not seen',
  weak: 'unknown',
  why: unseen,
  byDefault: false,
  line,
});

/** vsftpd.conf(5): YES, TRUE and 1 are the same, in any case; the last line counts. */
const ON = ['yes', 'true', '1'];
const vsftpd: Rule = {
  daemon: 'vsftpd',
  file: /\/vsftpd[\w.-]*\.conf$/,
  programs: ['vsftpd'],
  grammar: plainLines,
  usual: ['/etc/vsftpd.conf', '/etc/vsftpd/vsftpd.conf'],
  option: [''],
  needsNone: true,
  byWords: (words) => words.flatMap((word) => (/^-o\w+=/.test(word) ? plainLines(word.slice(2)) : [])),
  read: ask([
    {
      keys: ['anonymous_enable'],
      setting: 'anonymous',
      why: 'no anonymous login',
      weak: is(...ON),
      default: 'yes',
      holds: 'last',
    },
    { keys: ['ssl_enable'], setting: 'tls', why: 'TLS is on', weak: isNot(...ON), default: 'no', holds: 'last' },
    {
      keys: ['force_local_logins_ssl', 'force_local_data_ssl'],
      setting: 'tls',
      why: 'TLS is demanded',
      weak: isNot(...ON),
      holds: 'last',
    },
    { keys: ['ssl_sslv2', 'ssl_sslv3'], setting: 'tls-floor', why: 'no SSL 2 or 3', weak: is(...ON), holds: 'last' },
    {
      keys: ['anon_upload_enable', 'anon_mkdir_write_enable', 'anon_other_write_enable'],
      setting: 'anonymous-write',
      why: 'nothing is written by anybody',
      weak: is(...ON),
      holds: 'last',
    },
    {
      keys: ['chroot_local_user'],
      setting: 'confined',
      why: 'users stay in their folder',
      weak: () => false,
      holds: 'last',
    },
  ]),
};

const COMMUNITY = /^(ro|rw)community6?$|^com2sec(6|unix)?$/;
const snmpd: Rule = {
  daemon: 'snmpd',
  file: /\/snmpd?[\w.-]*\.conf$/,
  programs: ['snmpd', 'mini_snmpd'],
  grammar: plainLines,
  usual: ['/etc/snmp/snmpd.conf', '/usr/local/etc/snmp/snmpd.conf', '/usr/share/snmp/snmpd.conf'],
  option: ['-c'],
  needsNone: true,
  include: /^include(file|dir)$/,
  read: (lines) =>
    lines
      .filter(({ key, unseen }) => COMMUNITY.test(key) || unseen !== undefined)
      .map((line) => ({
        setting: 'community',
        value: line.unseen === undefined ? line.key : 'not seen',
        weak: line.unseen === undefined ? true : 'unknown',
        why: line.unseen ?? 'SNMPv3 with authPriv',
        byDefault: false,
        line,
      })),
};

const NOT_SET = 'not set: Samba before 4.11 takes SMB 1';
const samba: Rule = {
  daemon: 'samba',
  file: /\/smb[\w.-]*\.conf(\.template)?$/,
  programs: ['smbd', 'samba'],
  grammar: sambaLines,
  usual: ['/etc/samba/smb.conf', '/etc/smb.conf', '/usr/local/etc/smb.conf', '/usr/local/samba/lib/smb.conf'],
  option: ['-s', '--configfile'],
  include: /^include$/,
  read: ask([
    {
      keys: ['guestok', 'public', 'guestonly', 'onlyguest'],
      setting: 'guest',
      why: 'guests are refused',
      holds: 'last',
      weak: is(...ON, 'on'),
    },
    { keys: ['maptoguest'], setting: 'guest', why: 'guests are refused', holds: 'last', weak: isNot('never') },
    {
      keys: ['nullpasswords'],
      setting: 'empty-passwords',
      why: 'no empty passwords',
      holds: 'last',
      weak: is(...ON, 'on'),
    },
    { keys: ['security'], setting: 'guest', why: 'a login for each user', holds: 'last', weak: is('share') },
    {
      keys: ['minprotocol', 'serverminprotocol'],
      setting: 'protocol',
      why: 'SMB 2 or newer',
      holds: 'last',
      weak: (value) => (value === NOT_SET ? 'unknown' : /^(nt1|lanman[12]?|core(plus)?)$/i.test(value)),
      default: NOT_SET,
    },
  ]),
};

/** hostapd: of several access points each by itself; without a line `wpa` it is open. */
const hostapdAsks = ask([
  { keys: ['wpa'], setting: 'encryption', why: 'WPA2 or WPA3', holds: 'last', weak: isNot('2'), default: '0' },
  {
    keys: ['wpa_pairwise', 'rsn_pairwise'],
    setting: 'weak-ciphers',
    why: 'CCMP only',
    holds: 'last',
    weak: (value) => /TKIP/i.test(value),
  },
  { keys: ['wps_state'], setting: 'wps', why: 'WPS is off', holds: 'last', weak: isNot('0') },
]);
const hostapd: Rule = {
  daemon: 'hostapd',
  file: /\/hostapd[\w.-]*\.conf$/,
  programs: ['hostapd'],
  grammar: hostapdLines,
  usual: [],
  option: [''],
  valued: ['-P', '-i', '-e', '-g', '-G', '-f'],
  read(lines, about) {
    const files = [...new Set(lines.map(({ file }) => file))];
    return files.flatMap((file) =>
      accessPoints(
        lines.filter((line) => line.file === file),
        about,
      ),
    );
  },
};

function accessPoints(lines: readonly Line[], about: About): readonly Found[] {
  const unseen = lines.filter((line) => line.unseen !== undefined);
  const points = new Map<string, Line[]>();
  for (const line of lines.filter((one) => one.unseen === undefined)) {
    const name = line.within[0] ?? '';
    const own = points.get(name);
    if (own === undefined) points.set(name, [line]);
    else own.push(line);
  }
  if (points.size === 0 && unseen.length > 0) points.set('', []);
  return [...points.values()].flatMap((own) =>
    hostapdAsks(
      [...own.map((line) => ({ ...line, within: [] })), ...unseen.map((line) => ({ ...line, within: [] }))],
      about,
    ),
  );
}

export const FILE_RULES: readonly Rule[] = [mosquitto, vsftpd, snmpd, samba, hostapd];
