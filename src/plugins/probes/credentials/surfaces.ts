/** Gathers from what other probes saw where a device asks for credentials, and which services take anybody. */
import { type DataOf, endpointsOf, type Fact, type FactView, factsAt } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import type { Subject, SubjectOf } from '../../../core/model/target.ts';
import {
  httpAuthentication,
  loginDefault,
  loginOpen,
  loginSurface,
  loginThrottling,
  mqttAccess,
  netAccess,
  netService,
  rtspAccess,
  snmpAccess,
  sshAuthentication,
  telnetSession,
  vncSecurity,
} from '../../../facts/index.ts';
import type { LoginProtocol } from './door.ts';

interface Seen {
  readonly protocol: LoginProtocol;
  readonly encrypted: boolean;
  readonly path?: string;
  /** It takes anybody: how that showed. */
  readonly open?: string;
}

const SOURCES = [
  httpAuthentication,
  sshAuthentication,
  telnetSession,
  mqttAccess,
  snmpAccess,
  rtspAccess,
  vncSecurity,
] as const;

export const credentialsSurfaces: Probe = {
  id: 'credentials/surfaces',
  title: 'Where the device asks for credentials',
  method: 'TEST',
  intrusion: 'passive',
  wide: true,
  consumes: [...SOURCES, netService, netAccess],
  produces: [loginSurface, loginOpen],
  subjects: (facts) =>
    endpointsOf([
      ...SOURCES.flatMap((type) => facts.named(type.name)),
      ...ftpServices(facts),
      ...untriedServices(facts),
    ]),
  observe(subject, context) {
    if (subject.kind !== 'endpoint') return Promise.resolve();
    const tls = factsAt(context.facts.of(netService), subject).some((fact) => fact.data.tls);
    tellUntried(subject, context);
    for (const seen of surfacesAt(subject, context.facts, tls)) tell(seen, context);
    return Promise.resolve();
  },
};

/** Every FTP server knows logins; whether it takes anonymous ones, which can take seconds, is not waited for. */
const ftpServices = (facts: FactView): readonly Fact[] =>
  facts.of(netService).filter(({ data }) => data.protocol === 'ftp');

function tell({ protocol, encrypted, path, open }: Seen, { emit, settings }: ProbeContext): void {
  if (open === undefined) emit(loginSurface, { protocol, encrypted, ...(path === undefined ? {} : { path }) });
  else emit(loginOpen, { protocol, open: true, how: 'no-credentials', state: settings.state }, { where: open });
}

/** Services that know logins, which assay does not try. */
const UNTRIED: readonly string[] = [
  'smtp',
  'imap',
  'pop3',
  'redis',
  'mysql',
  'postgresql',
  'ldap',
  'smb',
  'rdp',
  'sip',
  'stun',
  'amqp',
  'xmpp',
  'mpd',
];

/** One that serves whoever connects is told as that: no login is left to try. */
const untriedServices = (facts: FactView): readonly Fact<DataOf<typeof netService>>[] =>
  facts.of(netService).filter(({ data, subject }) => UNTRIED.includes(data.protocol) && !isOpen(facts, subject));

const isOpen = (facts: FactView, at: Subject): boolean =>
  at.kind === 'endpoint' && factsAt(facts.of(netAccess), at).some(({ data }) => data.open);

/** A login is asked for in a way that assay does not speak: NTLM, a token, a form that a program of the page sends. */
function tellUntried(at: SubjectOf<'endpoint'>, { facts, gap }: ProbeContext): void {
  const untried = factsAt(untriedServices(facts), at)[0];
  if (untried !== undefined) {
    const message = `logins of ${untried.data.protocol} on port ${at.port} are not tried`;
    gap({ kind: 'unsupported', message }, { facts: [loginSurface, loginDefault, loginOpen, loginThrottling] });
  }
  const asked = factsAt(facts.of(httpAuthentication), at).find(
    ({ data: { scheme } }) => scheme === 'other' || scheme === 'bearer',
  );
  if (asked === undefined) return;
  const message = `${asked.data.path} asks for a login in a way that is not tried`;
  gap({ kind: 'unsupported', message }, { facts: [loginSurface, loginDefault, loginOpen, loginThrottling] });
}

function surfacesAt(at: SubjectOf<'endpoint'>, facts: FactView, tls: boolean): readonly Seen[] {
  return [...httpAt(at, facts), ...shellsAt(at, facts, tls), ...othersAt(at, facts, tls)];
}

function httpAt(at: SubjectOf<'endpoint'>, facts: FactView): readonly Seen[] {
  return factsAt(facts.of(httpAuthentication), at).flatMap(({ data }): readonly Seen[] => {
    const { scheme, path, encrypted } = data;
    if (scheme !== 'basic' && scheme !== 'digest' && scheme !== 'form') return [];
    return [{ protocol: `http-${scheme}`, encrypted, path }];
  });
}

function shellsAt(at: SubjectOf<'endpoint'>, facts: FactView, tls: boolean): readonly Seen[] {
  const seen: Seen[] = [];
  for (const { data } of factsAt(facts.of(sshAuthentication), at)) {
    if (data.noneAccepted) seen.push({ protocol: 'ssh', encrypted: true, open: 'the none method was accepted' });
    else if (data.password) seen.push({ protocol: 'ssh', encrypted: true });
  }
  for (const { data } of factsAt(facts.of(telnetSession), at)) {
    if (data.shellWithoutLogin) seen.push({ protocol: 'telnet', encrypted: tls, open: 'a shell without login' });
    else if (data.asksLogin) seen.push({ protocol: 'telnet', encrypted: tls });
  }
  return seen;
}

function othersAt(at: SubjectOf<'endpoint'>, facts: FactView, tls: boolean): readonly Seen[] {
  const seen: Seen[] = [];
  if (factsAt(ftpServices(facts), at).length > 0) seen.push({ protocol: 'ftp', encrypted: tls });
  for (const { data } of factsAt(facts.of(mqttAccess), at)) {
    if (data.anonymous) seen.push({ protocol: 'mqtt', encrypted: tls, open: 'CONNACK code 0 without credentials' });
    else seen.push({ protocol: 'mqtt', encrypted: tls });
  }
  return [...seen, ...streamsAt(at, facts, tls), ...screensAt(at, facts, tls)];
}

function streamsAt(at: SubjectOf<'endpoint'>, facts: FactView, tls: boolean): readonly Seen[] {
  const streams = factsAt(facts.of(rtspAccess), at);
  const asked = streams.find(({ data }) => data.scheme === 'basic' || data.scheme === 'digest');
  const open = streams.find(({ data }) => data.open);
  if (open !== undefined)
    return [{ protocol: 'rtsp', encrypted: tls, open: `DESCRIBE ${open.data.path} without login` }];
  return asked === undefined ? [] : [{ protocol: 'rtsp', encrypted: tls, path: asked.data.path }];
}

function screensAt(at: SubjectOf<'endpoint'>, facts: FactView, tls: boolean): readonly Seen[] {
  const seen: Seen[] = [];
  if (factsAt(facts.of(snmpAccess), at).some(({ data }) => data.version !== '3'))
    seen.push({ protocol: 'snmp', encrypted: false });
  for (const { data } of factsAt(facts.of(vncSecurity), at)) {
    if (data.none) seen.push({ protocol: 'vnc', encrypted: tls, open: 'security type none' });
    else if (data.types.includes('vnc')) seen.push({ protocol: 'vnc', encrypted: tls });
  }
  return seen;
}
