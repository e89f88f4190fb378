/** What facts of the smaller protocols say. */
import {
  coapResource,
  cwmpAccess,
  debugAccess,
  dnsResolver,
  ftpAccess,
  mdnsService,
  mqttAccess,
  mqttSubscription,
  ntpMode,
  rtspAccess,
  snmpAccess,
  ssdpAnswer,
  telnetSession,
  tftpFile,
  vncSecurity,
} from '../protocol.ts';
import { type Phrase, parts, phrase, some } from './phrase.ts';

export const PROTOCOL_PHRASES: readonly Phrase[] = [
  phrase(ftpAccess, ({ anonymous, authTls, tlsRequired }) =>
    parts(
      `anonymous login is ${anonymous ? 'taken' : 'refused'}`,
      authTls ? 'AUTH TLS is supported' : 'no AUTH TLS',
      authTls && tlsRequired === false && 'logins in clear are taken too',
    ),
  ),
  phrase(telnetSession, ({ shellWithoutLogin, asksLogin, banner }) =>
    parts(
      shellWithoutLogin ? 'a shell without login' : asksLogin ? 'it asks for a login' : 'it asks for nothing',
      banner.trim() !== '' && `"${banner.trim().slice(0, 60)}"`,
    ),
  ),
  phrase(mqttAccess, ({ anonymous, tls, code }) =>
    parts(
      `clients without credentials are ${anonymous ? 'taken' : 'refused'} (CONNACK ${code})`,
      tls ? 'inside TLS' : 'in clear',
    ),
  ),
  phrase(mqttSubscription, ({ filter, granted, messages }) =>
    granted
      ? parts(`anybody may subscribe to ${filter}`, messages > 0 && `${messages} retained messages came`)
      : `a subscription to ${filter} is refused`,
  ),
  phrase(
    coapResource,
    ({ path, served, code }) => `${path} is ${served ? 'served without credentials' : 'refused'} (${code})`,
  ),
  phrase(
    snmpAccess,
    ({ version, community, accepted, security }) =>
      `SNMP ${version}${community === undefined ? '' : ` community "${community}"`}${security === undefined ? '' : ` ${security}`} is ${accepted ? 'taken' : 'refused'}`,
  ),
  phrase(rtspAccess, ({ path, status, open, tls }) =>
    parts(`${path} is ${open ? 'described without login' : `refused (${status})`}`, !tls && 'in clear'),
  ),
  phrase(dnsResolver, ({ recursive }) =>
    recursive ? 'it resolves names of third parties' : 'it refuses names of third parties',
  ),
  phrase(ntpMode, ({ mode, answers, amplification }) =>
    answers ? `mode ${mode} is answered, ${amplification} times the question` : `mode ${mode} is not answered`,
  ),
  phrase(tftpFile, ({ name, given }) => `${name} is ${given ? 'given to anybody' : 'refused'}`),
  phrase(mdnsService, ({ service, instance, reveals }) =>
    parts(
      `${service}${instance === undefined ? '' : ` "${instance}"`}`,
      reveals.length > 0 && `reveals ${some(reveals)}`,
    ),
  ),
  phrase(ssdpAnswer, ({ server, location }) => parts('SSDP answers', server, location)),
  phrase(vncSecurity, ({ types, none }) => parts(`security types ${some(types)}`, none && 'no password is asked for')),
  phrase(
    debugAccess,
    ({ interface: door, open, how }) => `${door} ${open ? 'lets anybody in' : 'asks for authentication'}: ${how}`,
  ),
  phrase(cwmpAccess, ({ authenticated, status, scheme }) =>
    authenticated
      ? `the connection request asks for a login (${scheme ?? status})`
      : `the connection request is taken without login (${status})`,
  ),
];
