/** Tells the extensions and behaviours of a TLS endpoint, by what its hellos show. */

import type { Flight, ServerHello } from '../../../codecs/protocols/tls-flight.ts';
import {
  alpn,
  bare,
  EXTENSION,
  FALLBACK_SCSV,
  keyShares,
  renegotiationInfo,
  statusRequest,
} from '../../../codecs/protocols/tls-hello.ts';
import { suiteOf } from '../../../codecs/protocols/tls-suites.ts';
import type { ThirteenFlight } from '../../../codecs/protocols/tls-thirteen.ts';
import { Cursor, VERSIONS } from '../../../codecs/protocols/tls-wire.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { tlsCipher, tlsConfiguration, tlsProtocol, tlsVulnerability } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Accepted, acceptedAt, Handshakes } from './handshakes.ts';
import { type Configuration, clientsAndSessions, type Look, newestClassic } from './sessions.ts';

export const tlsConfigurationProbe: Probe = {
  id: 'tls/configuration',
  title: 'Extensions and behaviours of TLS endpoints',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [tlsProtocol, tlsCipher],
  produces: [tlsConfiguration, tlsVulnerability],
  subjects: (facts) => endpointsOf(facts.of(tlsProtocol).filter(({ data }) => data.accepted)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const handshakes = new Handshakes(subject, context);
    const accepted = acceptedAt(context.facts, subject);
    const looks = LOOKS.map((look) => look(handshakes, accepted, context));
    const seen = await Promise.allSettled(looks);
    const configuration: Configuration = {};
    for (const one of seen) {
      if (one.status === 'fulfilled') Object.assign(configuration, one.value);
      else if (one.reason instanceof FaultError) context.gap(one.reason.fault);
      else throw one.reason;
    }
    context.emit(tlsConfiguration, configuration, { where: 'ServerHello' });
    const vulnerable = configuration.compression === true;
    if (configuration.compression !== undefined || accepted.every(({ version }) => version === 'TLSv1.3'))
      context.emit(tlsVulnerability, {
        name: 'crime',
        vulnerable,
        how: vulnerable ? 'DEFLATE is taken' : 'no compression is taken',
      });
  },
};

/** One rich hello up to TLS 1.2, and what its answer holds. */
const classicExtensions: Look = async (handshakes, accepted) => {
  const classic = newestClassic(accepted);
  if (classic === undefined) return {};
  const extensions = [
    renegotiationInfo(),
    bare(EXTENSION.extendedMasterSecret),
    bare(EXTENSION.sessionTicket),
    bare(EXTENSION.signedTimestamp),
    statusRequest(),
    alpn(PROTOCOLS),
  ];
  const flight = await handshakes.greet({ ...classic, extensions, until: 'done' });
  const { hello } = flight;
  if (hello === undefined)
    throw new FaultError('refused', `a hello with usual extensions was refused (${flight.alert?.name ?? 'closed'})`);
  const has = (type: number): boolean => hello.extensions.has(type);
  const thirteen = accepted.some(({ version }) => version === 'TLSv1.3');
  const request = flight.done ? clientCertificate(flight) : undefined;
  return {
    secureRenegotiation: has(EXTENSION.renegotiationInfo),
    extendedMasterSecret: has(EXTENSION.extendedMasterSecret),
    tickets: has(EXTENSION.sessionTicket),
    sct: has(EXTENSION.signedTimestamp),
    ocspStapling: (flight.staple?.length ?? 0) > 0,
    sessionIds: hello.sessionId.length > 0,
    ...(request === undefined ? {} : { clientCertificate: request }),
    ...alpnOf(hello),
    ...(thirteen && classic.version !== 'DTLSv1.2' ? { downgradeSentinel: hasSentinel(hello) } : {}),
  };
};

const PROTOCOLS = ['h2', 'http/1.1', 'http/1.0', 'mqtt', 'coap'];

/** Whether a certificate is asked for; whether it is demanded shows in `clientsAndSessions`. */
const clientCertificate = (flight: Flight): 'none' | 'requested' =>
  flight.certificateRequest === undefined ? 'none' : 'requested';

function alpnOf(hello: ServerHello, encrypted?: ReadonlyMap<number, Uint8Array>): Configuration {
  const body = (encrypted ?? hello.extensions).get(EXTENSION.alpn);
  if (body === undefined) return {};
  const list = new Cursor(new Cursor(body).vector(2));
  return list.left === 0 ? {} : { alpn: [Buffer.from(list.vector(1)).toString('latin1').slice(0, 64)] };
}

/** The last bytes of the random when TLS 1.3 was possible and not used, RFC 8446 §4.1.3. */
function hasSentinel(hello: ServerHello): boolean {
  const tail = Buffer.from(hello.random.subarray(24)).toString('latin1');
  return tail === 'DOWNGRD\x01' || tail === 'DOWNGRD\x00';
}

/** Seconds by which the clock in the random is ahead of ours; undefined where there is none within ten years. */
function skewOf(hello: ServerHello): number | undefined {
  const skew = Math.round(Buffer.from(hello.random).readUInt32BE(0) - Date.now() / 1000);
  return Math.abs(skew) < 315_360_000 ? skew : undefined;
}

/** By chance a random looks like a clock now and then: two hellos must agree. */
const clock: Look = async (handshakes, accepted) => {
  const classic = newestClassic(accepted);
  if (classic === undefined) return {};
  const skews: (number | undefined)[] = [];
  for (let round = 0; round < 2; round += 1) {
    const { hello } = await handshakes.greet(classic);
    skews.push(hello === undefined ? undefined : skewOf(hello));
  }
  const [first, second] = skews;
  return first === undefined || second === undefined || Math.abs(first - second) > 5 ? {} : { clockSkew: first };
};

const encryptThenMac: Look = async (handshakes, accepted) => {
  for (const { version, suites } of accepted) {
    const cbc = suites.filter((code) => suiteOf(code).weaknesses.includes('cbc'));
    if (cbc.length === 0 || version === 'SSLv3') continue;
    const { hello } = await handshakes.greet({ version, suites: cbc, extensions: [bare(EXTENSION.encryptThenMac)] });
    if (hello !== undefined) return { encryptThenMac: hello.extensions.has(EXTENSION.encryptThenMac) };
  }
  return {};
};

const compression: Look = async (handshakes, accepted) => {
  const classic = accepted.find(({ version }) => version !== 'TLSv1.3');
  if (classic === undefined) return {};
  const { hello } = await handshakes.greet({ ...classic, compression: [1, 0] });
  return hello === undefined ? {} : { compression: hello.compression !== 0 };
};

/** A hello of an older version than the best, marked as a second try, must be refused (RFC 7507). */
const fallback: Look = async (handshakes, accepted) => {
  const older = accepted.filter(({ version }) => version !== 'TLSv1.3').at(accepted[0]?.version === 'TLSv1.3' ? 0 : 1);
  if (accepted.length < 2 || older === undefined) return {};
  const { hello, alert } = await handshakes.greet({ ...older, suites: [...older.suites, FALLBACK_SCSV] });
  if (hello !== undefined) return { fallbackScsv: false };
  return alert?.code === 86 ? { fallbackScsv: true } : {};
};

const preference: Look = async (handshakes, accepted) => {
  const choice = accepted.find(({ suites, version }) => suites.length > 1 && version !== 'TLSv1.3');
  if (choice === undefined) return {};
  const first = await handshakes.greet(choice);
  const second = await handshakes.greet({ ...choice, suites: [...choice.suites].reverse() });
  if (first.hello === undefined || second.hello === undefined) return {};
  return { serverPreference: first.hello.suite === second.hello.suite };
};

const thirteen: Look = async (handshakes, accepted) => {
  const found = accepted.find(({ version }) => version === 'TLSv1.3');
  if (found === undefined) return {};
  const usable = found.suites.filter((code) => code >= 0x1301 && code <= 0x1305);
  if (usable.length === 0) return {};
  const extensions = [alpn(PROTOCOLS), statusRequest(), bare(EXTENSION.signedTimestamp)];
  const flight: ThirteenFlight = await handshakes.thirteen({ version: 'TLSv1.3', suites: usable, extensions });
  if (flight.hello === undefined || flight.encrypted === undefined) return {};
  return {
    ...alpnOf(flight.hello, flight.encrypted),
    ocspStapling: (flight.staple?.length ?? 0) > 0,
    sct: flight.timestamps === true,
    ...(flight.done ? { clientCertificate: clientCertificate(flight) } : {}),
  };
};

/** A hello with values that no one assigned (RFC 8701) must be answered as the same hello without them. */
const intolerance: Look = async (handshakes, accepted) => {
  const classic = newestClassic(accepted);
  if (handshakes.mode === 'datagram') return {};
  const intolerant: string[] = [];
  if (classic !== undefined) {
    const grease = { ...classic, suites: [0x5a5a, ...classic.suites], extensions: [bare(0x5a5a)] };
    if ((await handshakes.greet(grease)).hello === undefined) intolerant.push('unknown extension or suite');
    const long = { ...classic, extensions: [{ type: 21, body: Buffer.alloc(700) }] };
    if ((await handshakes.greet(long)).hello === undefined) intolerant.push('hello of more than 512 bytes');
  }
  const best = accepted[0];
  if (best !== undefined && best.version !== 'TLSv1.3') {
    const modern = { version: 'TLSv1.3', suites: [0x1301, 0x1302, 0x1303, ...best.suites] } as const;
    const versions = { type: EXTENSION.supportedVersions, body: versionList(best.version) };
    const { hello } = await handshakes.greet({ ...modern, extensions: [versions, keyShares([])] });
    if (hello === undefined) intolerant.push('hello of TLS 1.3');
  }
  return classic === undefined ? {} : { intolerant };
};

/** supported_versions of a client that prefers TLS 1.3 and knows everything below. */
function versionList(best: Accepted['version']): Buffer {
  const known = [VERSIONS['TLSv1.3'], VERSIONS['TLSv1.2'], VERSIONS['TLSv1.1'], VERSIONS.TLSv1, VERSIONS[best]];
  const list = Buffer.alloc(1 + known.length * 2, known.length * 2);
  known.forEach((version, index) => {
    list.writeUInt16BE(version, 1 + index * 2);
  });
  return list;
}

const LOOKS: readonly Look[] = [
  classicExtensions,
  thirteen,
  encryptThenMac,
  compression,
  fallback,
  preference,
  intolerance,
  clock,
  clientsAndSessions,
];
