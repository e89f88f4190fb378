/** Programs that serve, by base name: what kind of service each is and where it listens unless told otherwise. */

export type ServiceKind =
  | 'telnet'
  | 'ssh'
  | 'ftp'
  | 'tftp'
  | 'http'
  | 'mqtt'
  | 'snmp'
  | 'upnp'
  | 'dns'
  | 'dhcp'
  | 'smb'
  | 'cwmp'
  | 'adb'
  | 'debug'
  | 'remote-shell'
  | 'rtsp'
  | 'syslog'
  | 'ntp'
  | 'firewall'
  | 'update'
  | 'other';

interface Daemon {
  readonly kind: ServiceKind;
  readonly ports: readonly number[];
  /** Option that names the port. */
  readonly option?: string;
}

const row = (
  names: string,
  kind: ServiceKind,
  ports: readonly number[] = [],
  option?: string,
): readonly (readonly [string, Daemon])[] =>
  names.split(' ').map((name) => [name, { kind, ports, ...(option === undefined ? {} : { option }) }] as const);

const DAEMONS: ReadonlyMap<string, Daemon> = new Map([
  ...row('telnetd utelnetd in.telnetd', 'telnet', [23], '-p'),
  ...row('dropbear dropbearmulti sshd', 'ssh', [22], '-p'),
  ...row('ftpd vsftpd proftpd pure-ftpd bftpd stupid-ftpd in.ftpd', 'ftp', [21]),
  ...row('tftpd in.tftpd atftpd utftpd opentftp', 'tftp', [69]),
  ...row(
    'httpd uhttpd lighttpd nginx boa goahead goaheadd mini_httpd thttpd webs alphapd apache2 micro_httpd axhttpd mathopd appweb shttpd mongoose',
    'http',
    [80],
    '-p',
  ),
  ...row('mosquitto', 'mqtt', [1883], '-p'),
  ...row('snmpd mini_snmpd', 'snmp', [161]),
  ...row('miniupnpd minissdpd miniigd mini_igd upnpd upnp_igd wscd minidlna minidlnad ssdpd', 'upnp', [1900]),
  ...row('dnsmasq named dproxy dnrd', 'dns', [53]),
  ...row('udhcpd dhcpd odhcpd', 'dhcp', [67]),
  ...row('smbd nmbd samba ksmbd.mountd', 'smb', [445]),
  ...row('cwmpd cwmpc cwmpCPE cwmpClient tr69c tr069 tr069d icwmpd easycwmpd freecwmpd', 'cwmp', [7547]),
  ...row('adbd', 'adb', [5555]),
  // The last three are TP-Link's device debug protocol and the test daemons of Ralink's Wi-Fi.
  ...row('gdbserver openocd strace tddp ated ated_tp', 'debug'),
  ...row('rlogind rshd in.rshd rexecd nc netcat socat', 'remote-shell'),
  ...row('rtspd rtsp_server live555 v4l2rtspserver', 'rtsp', [554]),
  ...row('syslogd rsyslogd syslog-ng logd klogd', 'syslog'),
  ...row('ntpd chronyd ntpclient', 'ntp', [123]),
  ...row('iptables ip6tables nft firewall fw3 fw4', 'firewall'),
  ...row('swupdate rauc mender menderd opkg', 'update'),
  ...row('hostapd wpa_supplicant stunnel stunnel4 openvpn charon racoon pppd xl2tpd', 'other'),
]);

/** A maker's own server whose name says what it serves; where it listens nobody knows. */
const OWN_WEB = /^(web|http)[-_]?(server|srv|serv)$/;
const WEB: Daemon = { kind: 'http', ports: [] };

/** What a program is, by its base name. */
export function daemonOf(program: string): Daemon | undefined {
  const base = program.slice(program.lastIndexOf('/') + 1);
  return DAEMONS.get(base) ?? (OWN_WEB.test(base) ? WEB : undefined);
}

/** Kinds of which it is told that they are in the image though nothing starts them. */
export const WATCHED: ReadonlySet<ServiceKind> = new Set([
  'telnet',
  'ssh',
  'ftp',
  'tftp',
  'snmp',
  'adb',
  'debug',
  'remote-shell',
  'cwmp',
  'http',
  'mqtt',
]);

export const daemonNames = (): Iterable<string> => DAEMONS.keys();

/** The ports that a command line names (`-p 2323`, `-p 0.0.0.0:8080`), else the usual ones. */
export function portsOf(program: string, words: readonly string[]): readonly number[] {
  const daemon = daemonOf(program);
  if (daemon === undefined) return [];
  const found =
    daemon.option === undefined
      ? []
      : words.flatMap((word, index) => portAfter(word, words[index + 1], daemon.option ?? ''));
  return found.length > 0 ? found : daemon.ports;
}

function portAfter(word: string, next: string | undefined, option: string): readonly number[] {
  const value = word === option ? next : word.startsWith(option) ? word.slice(option.length) : undefined;
  const port = /(?:^|:)(\d{1,5})$/.exec(value ?? '')?.[1];
  return port === undefined || Number(port) > 65_535 ? [] : [Number(port)];
}
