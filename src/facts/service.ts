/** Facts about what an image starts and how it is configured, and about its update client. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes, yesIfKnown } from '../lib/schema.ts';

export const serviceStart = defineFact({
  name: 'service.start',
  title: 'A program that an image starts at boot',
  over: 'root-file-system',
  schema: object({
    program: text('Base name: telnetd, dropbear, lighttpd …'),
    command: text(),
    kind: oneOf(
      [
        'telnet',
        'ssh',
        'ftp',
        'tftp',
        'http',
        'mqtt',
        'snmp',
        'upnp',
        'dns',
        'dhcp',
        'smb',
        'cwmp',
        'adb',
        'debug',
        'remote-shell',
        'rtsp',
        'syslog',
        'ntp',
        'firewall',
        'update',
        'other',
        'unknown',
      ],
      'unknown: it listens on the network, and its name says nothing; other: no known server.',
    ),
    started: oneOf(
      ['always', 'unknown', 'never'],
      'unknown: under a condition that `condition` tells; never: present in the image, and nothing starts it.',
    ),
    condition: maybe(text()),
    manager: oneOf(['sysv', 'inittab', 'procd', 'systemd', 'inetd', 'runit', 's6', 'android', 'script', 'none']),
    user: oneOf(['root', 'other', 'unknown']),
    account: maybe(text()),
    ports: list(whole('Ports it is told to listen on, or the usual one.')),
    loginless: yes('A shell without login (`-l /bin/sh`).'),
    file: text(),
    line: maybe(whole()),
  }),
});
export const serviceSetting = defineFact({
  name: 'service.setting',
  title: 'A setting of a daemon in an image that bears on security',
  over: 'root-file-system',
  schema: object({
    daemon: oneOf([
      'sshd',
      'dropbear',
      'telnetd',
      'lighttpd',
      'nginx',
      'uhttpd',
      'boa',
      'goahead',
      'mini-httpd',
      'apache',
      'mosquitto',
      'vsftpd',
      'proftpd',
      'samba',
      'snmpd',
      'miniupnpd',
      'dnsmasq',
      'hostapd',
      'cwmp',
      'firewall',
      'syslog',
    ]),
    setting: text(
      'In assay’s words, the same for every daemon: root-login, password-login, empty-passwords, anonymous, tls, tls-floor, weak-ciphers, directory-listing, user, community …',
    ),
    value: text(),
    weak: yesIfKnown('Weaker than the practice named by `why`; unknown: it was not seen, and `why` says what of it.'),
    why: maybe(text()),
    byDefault: yes('Nothing sets it: the daemon’s own default.'),
    active: oneOf(['yes', 'no', 'unknown'], 'The daemon is started by the image.'),
    file: text(),
    line: maybe(whole()),
  }),
});
export const serviceFirewall = defineFact({
  name: 'service.firewall',
  title: 'The firewall policy that an image sets',
  over: 'root-file-system',
  schema: object({ present: yes(), inputPolicy: oneOf(['accept', 'drop', 'reject', 'unknown']), file: text() }),
});
export const serviceLogging = defineFact({
  name: 'service.logging',
  title: 'Whether an image logs security events',
  over: 'root-file-system',
  schema: object({
    started: yesIfKnown('unknown: under a condition, or what starts at boot is not known.'),
    program: maybe(text()),
    remote: yes(),
  }),
});
export const serviceScript = defineFact({
  name: 'service.script',
  title: 'A risky habit in a script of an image',
  over: 'root-file-system',
  schema: object({
    kind: oneOf(['runs-from-removable', 'download-and-run', 'eval-of-request', 'debug-switch', 'secret-in-log']),
    file: text(),
    line: whole(),
    text: text('The line, redacted, at most 200 characters.'),
  }),
});
export const updateClient = defineFact({
  name: 'update.client',
  title: 'An update client or feed configured in an image',
  over: 'root-file-system',
  schema: object({
    tool: oneOf([
      'swupdate',
      'rauc',
      'mender',
      'opkg',
      'apt',
      'apk',
      'fwupd',
      'hawkbit',
      'ostree',
      'sysupgrade',
      'script',
      'vendor',
    ]),
    file: text(),
    line: maybe(whole()),
    url: maybe(text()),
    transport: oneOf(['https', 'http', 'ftp', 'tftp', 'other', 'none']),
    signatureCheck: oneOf(['on', 'off', 'unknown']),
  }),
});
export const updateClientSetting = defineFact({
  name: 'update.client-setting',
  title: 'A setting of an update client that changes what it asks of a signature',
  over: 'root-file-system',
  schema: object({
    tool: text(),
    setting: text(),
    value: text(),
    weakens: yes('It lets in what would stay out by default.'),
    why: text(),
    file: text(),
    line: whole(),
  }),
});
export const updateTlsSetting = defineFact({
  name: 'update.tls-verification',
  title: 'A place in an image where certificate verification is switched off',
  over: 'root-file-system',
  schema: object({
    file: text(),
    line: maybe(whole()),
    how: text('curl -k, --no-check-certificate, SSL_VERIFY_NONE …'),
    inUpdater: yes(),
  }),
});
export const updateTrustedKey = defineFact({
  name: 'update.trusted-key',
  title: 'A key in an image that its update client trusts',
  over: 'root-file-system',
  schema: object({
    tool: text(),
    file: text(),
    type: text(),
    bits: maybe(count()),
    fingerprint: text('Hex SHA-256 of the SPKI; of OpenPGP keys their own fingerprint.'),
    sampleKey: maybe(text()),
    privateInImage: yes('Its private half lies in the image.'),
    expires: maybe(text('ISO 8601.')),
    expired: maybe(yes('At the date of judgement; absent for keys without an end.')),
  }),
});
export const updateSlot = defineFact({
  name: 'update.slot',
  title: 'A second slot or recovery system in an image',
  over: 'image',
  schema: object({ kind: oneOf(['a-b', 'recovery', 'none']), detail: text() }),
});
export const updateRollback = defineFact({
  name: 'update.rollback-setting',
  title: 'Whether the update client in an image is set to refuse older versions',
  over: 'root-file-system',
  schema: object({ tool: text(), protected: yes(), file: text(), line: maybe(whole()) }),
});
export const serviceEndpointUrl = defineFact({
  name: 'service.endpoint-url',
  title: 'A clear-text address that an image talks to',
  over: 'root-file-system',
  schema: object({
    url: text(),
    scheme: oneOf(['http', 'ftp', 'mqtt', 'ws', 'telnet', 'tftp']),
    file: text(),
    line: maybe(whole()),
    purpose: oneOf(
      ['update', 'telemetry', 'cloud', 'other', 'unknown'],
      'other: a link or a name that nothing fetches.',
    ),
    example: yes(),
    hosts: maybe(list(text())),
  }),
});
