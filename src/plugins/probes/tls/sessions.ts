/** What shows only in a whole handshake: client certificates, renegotiation, tickets, resumption, early data. */
import type { Duplex } from 'node:stream';
import { strangerCertificate } from '../../../codecs/formats/x509-write.ts';
import { StreamReader } from '../../../codecs/protocols/stream-reader.ts';
import { bare, EXTENSION } from '../../../codecs/protocols/tls-hello.ts';
import { suiteOf } from '../../../codecs/protocols/tls-suites.ts';
import { type DataOf, factsAt } from '../../../core/model/fact.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { SecureChannel, SecureOptions, TlsTicket } from '../../../core/model/network.ts';
import { netService, type tlsConfiguration } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import type { Accepted, Handshakes } from './handshakes.ts';

export type Configuration = {
  -readonly [K in keyof DataOf<typeof tlsConfiguration>]: DataOf<typeof tlsConfiguration>[K];
};
export type Look = (
  handshakes: Handshakes,
  accepted: readonly Accepted[],
  context: ProbeContext,
) => Promise<Configuration>;

export const newestClassic = (accepted: readonly Accepted[]): Accepted | undefined =>
  accepted.find(({ version }) => version !== 'TLSv1.3' && version !== 'SSLv3');

/** Sessions are looked at where a handshake without a certificate is finished: elsewhere nobody has one. */
export const clientsAndSessions: Look = async (handshakes, accepted, context) => {
  if (handshakes.mode === 'datagram') return {};
  const classic = newestClassic(accepted);
  const asked = await asks(handshakes, accepted);
  if (!asked && !accepted.some(({ suites }) => suites.some(byCertificate))) return {};
  const demanded = asked ? await demand(handshakes, context) : {};
  if (demanded.clientCertificate === 'required')
    return { ...demanded, ...(await stranger(handshakes, classic, context)) };
  const parts: readonly Configuration[] = await Promise.all([
    accepted.some(({ version }) => version === 'TLSv1.3') ? modernTicket(handshakes, context) : {},
    classic === undefined ? {} : classicSessions(handshakes, classic, context),
    classic === undefined ? {} : renegotiation(handshakes, context),
  ]);
  const told: Configuration = { ...demanded };
  for (const part of parts) Object.assign(told, part);
  const lifetimes = parts.flatMap(({ ticketLifetime }) => ticketLifetime ?? []);
  return lifetimes.length === 0 ? told : { ...told, ticketLifetime: Math.max(...lifetimes) };
};

const byCertificate = (code: number): boolean => !['anon', 'PSK'].includes(suiteOf(code).authentication);

async function asks(handshakes: Handshakes, accepted: readonly Accepted[]): Promise<boolean> {
  const classic = newestClassic(accepted);
  if (classic !== undefined) {
    const signed = classic.suites.filter(byCertificate);
    if (signed.length === 0) return false;
    return (await handshakes.greet({ ...classic, suites: signed, until: 'done' })).certificateRequest !== undefined;
  }
  const suites = (accepted[0]?.suites ?? []).filter((code) => code >= 0x1301 && code <= 0x1305);
  return (
    suites.length > 0 && (await handshakes.thirteen({ version: 'TLSv1.3', suites })).certificateRequest !== undefined
  );
}

/** A whole handshake by Node. Throws FaultError. */
async function shake<T>(
  handshakes: Handshakes,
  { dial, signal }: ProbeContext,
  options: SecureOptions,
  use: (channel: SecureChannel) => Promise<T> | T,
): Promise<T> {
  const stream = await handshakes.open();
  try {
    const channel = await dial.tls(stream, { signal, timeout: 5000, servername: handshakes.at.host, ...options });
    const told = await use(channel);
    await ended(channel.stream);
    return told;
  } finally {
    stream.destroy();
  }
}

/** A close_notify is sent: OpenSSL forgets a session whose connection broke off without one (RFC 5246 §7.2.1). */
function ended(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 300);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (stream.destroyed) done();
    else stream.once('close', done).end(done);
  });
}

const isRefusal = (thrown: unknown): boolean =>
  thrown instanceof FaultError && ['closed', 'malformed'].includes(thrown.fault.kind);

/** A handshake without a certificate where one was asked for: whether it is finished all the same. */
async function demand(handshakes: Handshakes, context: ProbeContext): Promise<Configuration> {
  try {
    return await shake(handshakes, context, {}, async ({ stream }) => {
      const refused = (await hungUp(stream, 400)) || (await refusesInside(handshakes, stream, context)) === true;
      return { clientCertificate: refused ? 'required' : 'requested' };
    });
  } catch (thrown) {
    if (isRefusal(thrown)) return { clientCertificate: 'required' };
    throw thrown;
  }
}

/** In TLS 1.3 a refusal comes after the client is done (RFC 8446 §4.4.2.4). */
function hungUp(stream: Duplex, wait: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(stream.destroyed), wait);
    const end = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    stream.once('close', end).once('error', end);
  });
}

/**
 * nginx finishes every handshake and refuses in HTTP, with 400 and a page that names the certificate. True: it refused so;
 * false: it served; undefined: it is no HTTP, or its answer says neither.
 */
async function refusesInside(
  handshakes: Handshakes,
  stream: Duplex,
  { facts }: ProbeContext,
): Promise<boolean | undefined> {
  const http = factsAt(facts.of(netService), handshakes.at).some(({ data }) => data.protocol === 'http');
  if (!http) return undefined;
  const reader = new StreamReader(stream, { lifetime: 5000 });
  stream.write(`GET / HTTP/1.0\r\nHost: ${handshakes.at.host}\r\n\r\n`);
  const answer = (await reader.burst(4000, 100, 16_384)).toString('latin1');
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? 0);
  if (status >= 400 && status < 500 && /certificate/i.test(answer)) return true;
  return status >= 200 && status < 400 ? false : undefined;
}

/** A certificate of nobody's where one is demanded. Only a proof that it was taken, or that it was not, is told. */
async function stranger(
  handshakes: Handshakes,
  classic: Accepted | undefined,
  context: ProbeContext,
): Promise<Configuration> {
  const identity = strangerCertificate(new Date(context.settings.now));
  const http = factsAt(context.facts.of(netService), handshakes.at).some(({ data }) => data.protocol === 'http');
  // Up to TLS 1.2 a finished handshake proves that the server took it; in TLS 1.3 a ticket does.
  const options = classic === undefined ? ({ session: 'ticket' } as const) : ({ newest: 'TLSv1.2' } as const);
  try {
    return await shake(handshakes, context, { ...options, identity }, async ({ stream, session }) => {
      if (await hungUp(stream, 400)) return { strangerAccepted: false };
      if (http) {
        const refused = await refusesInside(handshakes, stream, context);
        return refused === undefined ? {} : { strangerAccepted: !refused };
      }
      return classic !== undefined || session !== undefined ? { strangerAccepted: true } : {};
    });
  } catch (thrown) {
    if (isRefusal(thrown)) return { strangerAccepted: false };
    throw thrown;
  }
}

/** No ticket of TLS 1.3 says nothing: one may come later (RFC 8446 §4.6.1). */
const modernTicket = (handshakes: Handshakes, context: ProbeContext): Promise<Configuration> =>
  shake(handshakes, context, { session: 'ticket' }, ({ protocol, session }) =>
    protocol !== 'TLSv1.3' || session === undefined
      ? {}
      : { tickets: true, earlyData: session.earlyData > 0, ticketLifetime: session.lifetime },
  );

const renegotiation = (handshakes: Handshakes, context: ProbeContext): Promise<Configuration> =>
  shake(handshakes, context, { newest: 'TLSv1.2', renegotiate: true }, ({ renegotiated }) =>
    renegotiated === undefined ? {} : { clientRenegotiation: renegotiated },
  );

async function classicSessions(
  handshakes: Handshakes,
  classic: Accepted,
  context: ProbeContext,
): Promise<Configuration> {
  const [byTicket, byId] = await Promise.all([classicTicket(handshakes, context), serverSession(handshakes, context)]);
  const resumption: ('id' | 'ticket')[] = [];
  if (byId !== undefined && (await resumes(handshakes, classic, byId))) resumption.push('id');
  if (byTicket !== undefined && (await resumes(handshakes, classic, byTicket))) resumption.push('ticket');
  const lifetime = byTicket?.lifetime ?? 0;
  return { resumption, ...(lifetime === 0 ? {} : { ticketLifetime: lifetime }) };
}

/** A session of TLS 1.2 or older with a ticket; undefined where the server gives none. */
export const classicTicket = (handshakes: Handshakes, context: ProbeContext): Promise<TlsTicket | undefined> =>
  shake(handshakes, context, { newest: 'TLSv1.2', session: 'ticket' }, ({ session }) =>
    session?.ticket === undefined ? undefined : session,
  );

const serverSession = (handshakes: Handshakes, context: ProbeContext): Promise<TlsTicket | undefined> =>
  shake(handshakes, context, { newest: 'TLSv1.2', session: 'id' }, ({ session }) =>
    session === undefined || session.id === '' ? undefined : session,
  );

/** A server that takes a session up again answers with the id that it was given (RFC 5246 §7.4.1.3, RFC 5077 §3.4). */
async function resumes(handshakes: Handshakes, classic: Accepted, session: TlsTicket): Promise<boolean> {
  const sessionId = Buffer.from(session.id, 'hex');
  const answered = await resumed(handshakes, classic, session, sessionId);
  return answered !== undefined && sessionId.equals(answered);
}

/** The session id that a hello with this session is answered with; undefined when it is refused. */
export async function resumed(
  handshakes: Handshakes,
  { version, suites }: Accepted,
  session: TlsTicket,
  sessionId: Uint8Array,
): Promise<Uint8Array | undefined> {
  const extensions = [
    ...(session.extended ? [bare(EXTENSION.extendedMasterSecret)] : []),
    ...(session.ticket === undefined
      ? []
      : [{ type: EXTENSION.sessionTicket, body: Buffer.from(session.ticket, 'hex') }]),
  ];
  return (await handshakes.greet({ version, suites: [session.suite, ...suites], sessionId, extensions })).hello
    ?.sessionId;
}
