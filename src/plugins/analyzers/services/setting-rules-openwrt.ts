/** How OpenWrt's own settings (UCI) of servers are read: each section by itself, words for on and off as its scripts read them. */
import { uciLines } from '../../../codecs/formats/config-lines.ts';
import { isOff, isOn } from '../../../codecs/formats/uci.ts';
import { ask, type Found, type Line, type Rule } from './setting-lines.ts';

interface Section {
  readonly type: string;
  readonly head: Line;
  readonly lines: readonly Line[];
}

/** Sections that are not switched off. */
function sectionsOf(lines: readonly Line[]): readonly Section[] {
  const sections = new Map<string, Line[]>();
  for (const line of lines) {
    const name = `${line.file?.path ?? ''} ${line.within.join(' ')}`;
    const own = sections.get(name);
    if (own === undefined) sections.set(name, [line]);
    else own.push(line);
  }
  return [...sections.values()].flatMap((own) => {
    const [head] = own;
    const off = own.some(({ key, value }) =>
      key === 'enable' || key === 'enabled' ? isOff(value) : key === 'disabled' && isOn(value),
    );
    return head === undefined || off
      ? []
      : [{ type: head.key, head, lines: own.map((line) => ({ ...line, within: [] })) }];
  });
}

/** What is not said in one of two ways is as by default. */
const yes = (value: string, otherwise: boolean): boolean => isOn(value) || (otherwise && !isOff(value));

const ofSections =
  (types: readonly string[], asks: ReturnType<typeof ask>): Rule['read'] =>
  (lines, about) =>
    sectionsOf(lines)
      .filter(({ type }) => types.includes(type))
      .flatMap((section) =>
        asks(section.lines, about).map((row): Found => ({ ...row, line: row.line ?? section.head })),
      );

const dropbear: Rule = {
  daemon: 'dropbear',
  file: /^\/etc\/config\/dropbear$/,
  programs: ['dropbear'],
  grammar: uciLines,
  usual: ['/etc/config/dropbear'],
  needsNone: true,
  read(lines, about) {
    const rows = ofSections(
      ['<dropbear>'],
      ask([
        {
          keys: ['passwordauth'],
          setting: 'password-login',
          why: 'keys only',
          weak: (value) => yes(value, true),
          default: 'on',
        },
        {
          keys: ['rootpasswordauth'],
          setting: 'root-login',
          why: 'no root password',
          weak: (value) => yes(value, true),
          default: 'on',
        },
      ]),
    )(lines, about);
    const out = withoutRoot(lines);
    return rows.map((row) =>
      row.setting === 'root-login' && out.has(placeOf(row.line)) ? { ...row, weak: false } : row,
    );
  },
};

const placeOf = (line: Line | undefined): string => `${line?.file?.path ?? ''} ${line?.line ?? ''}`;

/** Lines of the sections of which root stays out by `RootLogin`, or with everybody else by `PasswordAuth`. */
function withoutRoot(lines: readonly Line[]): ReadonlySet<string> {
  const sectionOf = ({ file, within }: Line): string => `${file?.path ?? ''} ${within.join(' ')}`;
  const closed = new Set(
    lines
      .filter(({ key, value }) => (key === 'rootlogin' || key === 'passwordauth') && isOff(value))
      .map((line) => sectionOf(line)),
  );
  return new Set(lines.filter((line) => closed.has(sectionOf(line))).map(placeOf));
}

const uhttpd: Rule = {
  daemon: 'uhttpd',
  file: /^\/etc\/config\/uhttpd$/,
  programs: ['uhttpd'],
  grammar: uciLines,
  usual: ['/etc/config/uhttpd'],
  needsNone: true,
  read: ofSections(
    ['<uhttpd>'],
    ask([
      { keys: ['redirect_https'], setting: 'tls', why: 'HTTP leads to HTTPS', weak: (value) => !yes(value, false) },
      { keys: ['rfc1918_filter'], setting: 'rebinding-protection', why: 'private addresses are filtered', weak: isOff },
      {
        keys: ['no_dirlists'],
        setting: 'directory-listing',
        why: 'no listing of folders',
        weak: (value) => !yes(value, false),
        default: '0',
      },
    ]),
  ),
};

const dnsmasq: Rule = {
  daemon: 'dnsmasq',
  file: /^\/etc\/config\/dhcp$/,
  programs: ['dnsmasq'],
  grammar: uciLines,
  usual: ['/etc/config/dhcp'],
  needsNone: true,
  read: ofSections(
    ['<dnsmasq>'],
    ask([{ keys: ['enable_tftp'], setting: 'tftp', why: 'no files over TFTP', weak: isOn }]),
  ),
};

const snmp: Rule = {
  daemon: 'snmpd',
  file: /^\/etc\/config\/(mini_)?snmpd$/,
  programs: ['snmpd', 'mini_snmpd'],
  grammar: uciLines,
  usual: ['/etc/config/snmpd', '/etc/config/mini_snmpd'],
  needsNone: true,
  read: ofSections(
    ['<com2sec>', '<com2sec6>', '<mini_snmpd>', '<access_default>'],
    ask([{ keys: ['community'], setting: 'community', why: 'SNMPv3 with authPriv', weak: () => true }]),
  ),
};

const upnp: Rule = {
  daemon: 'miniupnpd',
  file: /^\/etc\/config\/upnpd$/,
  programs: ['miniupnpd', 'miniupnpd-igdv1', 'miniupnpd-igdv2', 'miniupnpd-nft'],
  grammar: uciLines,
  usual: ['/etc/config/upnpd'],
  needsNone: true,
  read: ofSections(
    ['<upnpd>'],
    ask([
      {
        keys: ['secure_mode'],
        setting: 'secure-mode',
        why: 'a host maps ports to itself only',
        weak: (value) => !yes(value, true),
        default: '1',
      },
      { keys: ['enable_natpmp'], setting: 'nat-pmp', why: 'NAT-PMP is off', weak: isOn },
    ]),
  ),
};

/** Where the access points' own configuration is made at boot of `/etc/config/wireless`. */
const wireless: Rule = {
  daemon: 'hostapd',
  file: /^\/etc\/config\/wireless$/,
  programs: ['hostapd', 'wpad'],
  grammar: uciLines,
  usual: ['/etc/config/wireless'],
  needsNone: true,
  read: (lines, about) =>
    ofSections(
      ['<wifi-iface>'],
      ask([
        {
          keys: ['encryption'],
          setting: 'encryption',
          why: 'WPA2 or WPA3',
          weak: (value) => !/^(psk2|sae|wpa2|wpa3|owe|psk-mixed\+ccmp)/.test(value),
          default: 'none',
        },
        { keys: ['encryption'], setting: 'weak-ciphers', why: 'CCMP only', weak: (value) => /tkip/.test(value) },
        { keys: ['wps_pushbutton', 'wps_pin'], setting: 'wps', why: 'WPS is off', weak: (value) => !isOff(value) },
      ]),
    )(ownAccessPoints(lines), about),
};

/** Sections that are no client of somebody else's access point, of radios that are on. */
function ownAccessPoints(lines: readonly Line[]): readonly Line[] {
  const offRadios = new Set(
    lines
      .filter(
        ({ key, value, within }) =>
          key === 'disabled' && isOn(value) && within[0]?.startsWith('config wifi-device ') === true,
      )
      .map(({ within }) => within[0]?.slice('config wifi-device '.length)),
  );
  const other = new Set(
    lines
      .filter(({ key, value }) => (key === 'mode' && value !== 'ap') || (key === 'device' && offRadios.has(value)))
      .map(({ within }) => within.join()),
  );
  return lines.filter(({ within }) => !other.has(within.join()));
}

export const OPENWRT_RULES: readonly Rule[] = [dropbear, uhttpd, dnsmasq, snmp, upnp, wireless];
