/** Facts about the other protocols: FTP, Telnet, MQTT, CoAP, SNMP, RTSP, DNS, NTP, TFTP, mDNS, VNC, ADB, gdbserver, TR-069, raw shells. */

import { defineFact } from '../core/model/fact.ts';
import { count, list, maybe, object, oneOf, text, whole, yes } from '../lib/schema.ts';

export const ftpAccess = defineFact({
  name: 'ftp.access',
  title: 'What an FTP server allows before login',
  over: 'tcp',
  schema: object({
    anonymous: yes('Login as anonymous was taken.'),
    authTls: yes('AUTH TLS is supported.'),
    tlsRequired: maybe(yes('USER without TLS is refused.')),
    banner: text(),
  }),
});
export const telnetSession = defineFact({
  name: 'telnet.session',
  title: 'What a Telnet server shows',
  over: 'tcp',
  schema: object({
    negotiates: yes(),
    asksLogin: yes(),
    shellWithoutLogin: yes(),
    banner: text(),
    encryption: maybe(yes()),
  }),
});
export const mqttAccess = defineFact({
  name: 'mqtt.access',
  title: 'Whether an MQTT broker takes clients without credentials',
  over: 'tcp',
  schema: object({
    anonymous: yes(),
    code: whole('Return or reason code of CONNACK.'),
    tls: yes(),
    versions: list(oneOf(['3.1.1', '5'])),
    clientCertificate: maybe(yes()),
  }),
});
export const mqttSubscription = defineFact({
  name: 'mqtt.subscription',
  title: 'Whether an anonymous MQTT client may subscribe',
  over: 'tcp',
  schema: object({ filter: text(), granted: yes(), messages: count('Retained messages received.') }),
});
export const coapResource = defineFact({
  name: 'coap.resource',
  title: 'A CoAP resource and whether it is served without credentials',
  over: 'udp',
  schema: object({ path: text(), served: yes(), code: text(), amplification: maybe(whole()) }),
});
export const snmpAccess = defineFact({
  name: 'snmp.access',
  title: 'Whether an SNMP agent answers to a community or user',
  over: 'udp',
  schema: object({
    version: oneOf(['1', '2c', '3']),
    community: maybe(text('Of our public list.')),
    accepted: yes(),
    security: maybe(oneOf(['noAuthNoPriv', 'authNoPriv', 'authPriv'])),
    description: maybe(text()),
  }),
});
export const rtspAccess = defineFact({
  name: 'rtsp.access',
  title: 'Whether an RTSP server describes a stream without login',
  over: 'tcp',
  schema: object({
    path: text(),
    status: whole(),
    open: yes('DESCRIBE gave an SDP without login.'),
    scheme: oneOf(['none', 'basic', 'digest', 'other']),
    tls: yes(),
  }),
});
export const dnsResolver = defineFact({
  name: 'dns.resolver',
  title: 'Whether a DNS server resolves names of third parties',
  over: 'udp',
  schema: object({ recursive: yes(), version: maybe(text('version.bind')) }),
});
export const ntpMode = defineFact({
  name: 'ntp.mode',
  title: 'Whether an NTP server answers control or private queries',
  over: 'udp',
  schema: object({ mode: oneOf(['3', '6', '7']), answers: yes(), amplification: whole() }),
});
export const tftpFile = defineFact({
  name: 'tftp.file',
  title: 'Whether a TFTP server gives a well-known name',
  over: 'udp',
  schema: object({ name: text(), given: yes() }),
});
export const mdnsService = defineFact({
  name: 'mdns.service',
  title: 'A service that mDNS announces, and what it reveals',
  over: 'udp',
  schema: object({
    service: text(),
    instance: maybe(text()),
    reveals: list(oneOf(['serial', 'mac', 'key', 'user', 'firmware-version'])),
  }),
});
export const ssdpAnswer = defineFact({
  name: 'ssdp.answer',
  title: 'Whether SSDP answers a unicast search',
  over: 'udp',
  schema: object({ server: maybe(text()), location: maybe(text()), targets: list(text()) }),
});
export const vncSecurity = defineFact({
  name: 'vnc.security',
  title: 'The security types of a VNC server',
  over: 'tcp',
  schema: object({ types: list(text()), none: yes(), version: text() }),
});
export const debugAccess = defineFact({
  name: 'debug.access',
  title: 'A debug interface on the network and whether it asks for anything',
  over: 'tcp',
  schema: object({
    interface: oneOf(['adb', 'gdb', 'shell', 'openocd']),
    open: yes('It can be used without authentication.'),
    how: text(),
  }),
});
export const cwmpAccess = defineFact({
  name: 'cwmp.access',
  title: 'Whether a TR-069 connection-request port asks for a login',
  over: 'tcp',
  schema: object({ authenticated: yes(), status: whole(), scheme: maybe(text()) }),
});
