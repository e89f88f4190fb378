/** Tells what every open TCP port speaks, by behaviour and never by its number. */
import { printable } from '../../../codecs/protocols/stream-reader.ts';
import { type EvidenceRef, endpointsOf } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { netAccess, netPort, netService } from '../../../facts/index.ts';
import { FaultError, faultOf } from '../../../lib/fault.ts';
import { productOf } from './fingerprint.ts';
import { type Door, type Recognised, recognise, type Unrecognised } from './recognise.ts';

export const netServices: Probe = {
  id: 'net/services',
  title: 'What open TCP ports speak',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netPort],
  produces: [netService, netAccess],
  subjects: (facts) => endpointsOf(facts.of(netPort).filter(({ data }) => data.transport === 'tcp')),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const plain = doorOf(subject, context, false);
    const outside = await recognise(plain);
    if (outside.protocol !== 'tls') {
      tell(subject, outside, false, context);
      return;
    }
    try {
      const inside = await recognise(doorOf(subject, context, true));
      if (inside.protocol !== undefined) {
        tell(subject, inside, true, context);
        return;
      }
      context.gap({ kind: 'unrecognised', message: 'nothing inside TLS was recognised' }, { area: 'tcp' });
    } catch (thrown) {
      if (!(thrown instanceof FaultError)) throw thrown;
      context.gap(
        { ...faultOf(thrown), message: `what is spoken inside TLS was not seen: ${thrown.message}` },
        { area: 'tcp' },
      );
    }
    context.emit(netService, { protocol: 'tls', transport: 'tcp', tls: true });
  },
};

function doorOf(at: SubjectOf<'endpoint'>, { dial, signal }: ProbeContext, secure: boolean): Door {
  return {
    host: at.host,
    port: at.port,
    secure,
    async open() {
      const stream = await dial.tcp(at.host, at.port, { signal });
      return secure ? (await dial.tls(stream, { signal, servername: at.host, timeout: 5000 })).stream : stream;
    },
  };
}

function tell(at: SubjectOf<'endpoint'>, seen: Recognised | Unrecognised, tls: boolean, context: ProbeContext): void {
  const evidence = seen.said.length > 0 ? [context.keep(seen.said, 'application/octet-stream')] : [];
  if (seen.protocol === undefined) {
    tellUnknown(at, seen, tls, evidence, context);
    return;
  }
  const told = seen.told ?? {};
  const banner = told.banner ?? bannerOf(seen);
  const product = productOf(context.knowledge('service-fingerprints'), seen.protocol, banner);
  context.emit(
    netService,
    {
      protocol: seen.protocol === 'http' && isCwmp(at.port, seen.said) ? 'cwmp' : seen.protocol,
      transport: 'tcp',
      tls,
      ...(tls || told.inClear === undefined ? {} : { inClear: told.inClear }),
      ...(banner === '' ? {} : { banner }),
      ...product,
    },
    { evidence, where: 'bytes received' },
  );
  tellAccess(at, seen, tls, evidence, context);
}

function tellUnknown(
  { port }: SubjectOf<'endpoint'>,
  { said, closes }: Unrecognised,
  tls: boolean,
  evidence: readonly EvidenceRef[],
  { emit, gap }: ProbeContext,
): void {
  const banner = printable(said);
  const how = closes ? 'closes every connection at once' : 'says nothing that is known here';
  gap({ kind: 'unrecognised', message: `port ${port} is open and ${how}` }, { area: 'tcp' });
  emit(netService, { protocol: 'unknown', transport: 'tcp', tls, ...(banner === '' ? {} : { banner }) }, { evidence });
}

/** What may serve without a login, or demand one: silence about that is not a login. */
const GUARDED: readonly string[] = ['redis', 'mysql', 'postgresql', 'ldap', 'smb', 'amqp', 'mpd'];

function tellAccess(
  { port }: SubjectOf<'endpoint'>,
  { protocol, told = {} }: Recognised,
  tls: boolean,
  evidence: readonly EvidenceRef[],
  { emit, gap }: ProbeContext,
): void {
  if (told.open !== undefined) emit(netAccess, { protocol, open: true, how: told.open }, { evidence });
  else if (GUARDED.includes(protocol) && told.asks !== true) {
    const message = `whether ${protocol} on port ${port} serves whoever connects was not looked at`;
    gap({ kind: 'unsupported', message }, { facts: [netAccess] });
  }
  if (told.unsettled === undefined || tls) return;
  const message = `port ${port} speaks ${protocol}; ${told.unsettled} was not looked at`;
  gap({ kind: 'unsupported', message }, { area: 'tcp' });
}

/** Of HTTP and RTSP the Server header, of binary protocols nothing, of all others the first words. */
function bannerOf({ protocol, said }: Recognised): string {
  if (protocol === 'http' || protocol === 'rtsp')
    return printable(/^server[ \t]*:([^\r\n]*)/im.exec(said.toString('latin1'))?.[1] ?? '');
  // Some SSH servers send their first binary packet along with the line.
  if (protocol === 'ssh') return printable(/^SSH-[^\r\n]*/m.exec(said.toString('latin1'))?.[0] ?? '');
  return SPEAKS_WORDS.includes(protocol) ? printable(withoutNegotiation(said)) : '';
}

const SPEAKS_WORDS: readonly string[] = ['ftp', 'smtp', 'pop3', 'imap', 'vnc', 'telnet', 'shell', 'mpd'];

/** Text of a Telnet server: option negotiation (IAC, verb, option) left out. */
function withoutNegotiation(said: Buffer): Buffer {
  const kept: number[] = [];
  for (let at = 0; at < said.length; at += 1) {
    const byte = said[at] ?? 0;
    if (byte === 0xff) at += 2;
    else kept.push(byte);
  }
  return Buffer.from(kept);
}

/** The connection-request server of TR-069: port 7547 by IANA, or it says so. */
const isCwmp = (port: number, said: Buffer): boolean =>
  port === 7547 ||
  /^(server|www-authenticate):[^\r\n]*(tr-?069|cwmp|huaweihomegateway)/im.test(said.toString('latin1'));
