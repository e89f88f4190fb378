/** Facts about hosts, ports and the services behind them. */

import { defineFact } from '../core/model/fact.ts';
import { count, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const netHost = defineFact({
  name: 'net.host',
  title: 'Whether a host answered at all',
  over: 'endpoint',
  schema: object({ answers: yes(), address: text('The address that was looked at.') }),
});

export const netHealth = defineFact({
  name: 'net.health',
  title: 'Whether the device still answered after it was probed',
  over: 'endpoint',
  schema: object({ alive: yes(), after: text('What ran last before.'), restarted: maybe(yes()) }),
});

export const netIdentity = defineFact({
  name: 'net.identity',
  title: 'What tells one unit of a model from another',
  over: 'endpoint',
  schema: object({
    kind: oneOf(['mac', 'serial', 'udn'], 'mac: of the interface that answers on this link. udn: of the UPnP device.'),
    fingerprint: text('The first 16 hex digits of its SHA-256: equal where the identifiers are.'),
  }),
});

export const netSweep = defineFact({
  name: 'net.sweep',
  title: 'How the ports of a host answered, in numbers',
  over: 'tcp',
  schema: object({
    transport: oneOf(['tcp', 'udp']),
    ports: text('The ports tried, as ranges.'),
    open: count(),
    closed: count(),
    silent: count(),
    complete: yes('Every port of 1–65535 was open, closed or silent (tcp); every probe that assay has was made (udp).'),
  }),
});

export const netPort = defineFact({
  name: 'net.port',
  title: 'An open port',
  over: 'endpoint',
  schema: object({ transport: oneOf(['tcp', 'udp']), port: whole() }),
});

/** Protocol names as they are recognised by what is spoken. */
export const PROTOCOLS = [
  'http',
  'ssh',
  'ftp',
  'telnet',
  'mqtt',
  'coap',
  'snmp',
  'dns',
  'ntp',
  'tftp',
  'mdns',
  'ssdp',
  'rtsp',
  'vnc',
  'adb',
  'gdb',
  'shell',
  'smtp',
  'imap',
  'pop3',
  'dtls',
  'tls',
  'upnp',
  'cwmp',
  'modbus',
  'redis',
  'memcached',
  'mysql',
  'postgresql',
  'ldap',
  'smb',
  'rdp',
  'sip',
  'stun',
  'rpcbind',
  'amqp',
  'xmpp',
  'mpd',
  'echo',
  'chargen',
  'unknown',
] as const;

export const netService = defineFact({
  name: 'net.service',
  title: 'What an endpoint speaks, by behaviour',
  over: 'endpoint',
  schema: object({
    protocol: oneOf(PROTOCOLS, 'unknown: the port is open and nothing was recognised (a gap stands beside it).'),
    transport: oneOf(['tcp', 'udp']),
    tls: yes('The protocol is spoken inside TLS or DTLS.'),
    banner: maybe(text('What it said first, at most 256 characters.')),
    inClear: maybe(yes('It took a session outside TLS. Not told of protocols that are always in clear without TLS.')),
    product: maybe(text()),
    version: maybe(text()),
    cpe: maybe(text('CPE 2.3 candidate.')),
    /** HTTP only. */
    redirectsOnly: maybe(yes('Plain HTTP that answers nothing but a redirect to https on the same host.')),
    describesOnly: maybe(yes('HTTP that serves the UPnP device description and nothing else.')),
  }),
});

export const netDisclosure = defineFact({
  name: 'net.disclosure',
  title: 'A product and exact version told before any login',
  over: 'endpoint',
  schema: object({ software: text(), version: text(), where: text('banner, Server header, SNMP sysDescr …') }),
});

export const netAccess = defineFact({
  name: 'net.access',
  title: 'A service that serves whoever connects, without a login',
  over: 'endpoint',
  schema: object({ protocol: oneOf(PROTOCOLS), open: yes(), how: text() }),
});
