/** Handshakes with one endpoint: over TCP, after AUTH TLS or STARTTLS, or over datagrams; refused and unseen told apart. */
import type { Duplex } from 'node:stream';
import { startTls, UPGRADABLE } from '../../../codecs/protocols/starttls.ts';
import { greetDatagram } from '../../../codecs/protocols/tls-datagram.ts';
import { type Flight, greet } from '../../../codecs/protocols/tls-flight.ts';
import {
  clientHello,
  EXTENSION,
  type HelloParts,
  keyShares,
  RENEGOTIATION_SCSV,
  usualExtensions,
} from '../../../codecs/protocols/tls-hello.ts';
import { greetThirteen, type ThirteenFlight } from '../../../codecs/protocols/tls-thirteen.ts';
import { type Extension, VERSIONS, type VersionName } from '../../../codecs/protocols/tls-wire.ts';
import { endpointsOf, type Fact, type FactView, factsAt } from '../../../core/model/fact.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { Dialer } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { netService, tlsCipher, tlsProtocol } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';

type Endpoint = SubjectOf<'endpoint'>;
type Mode = 'direct' | 'upgraded' | 'datagram';

export const STREAM_VERSIONS = ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export const DATAGRAM_VERSIONS = ['DTLSv1', 'DTLSv1.2'] as const;

/** Milliseconds for one hello and its answer; in which a server that is quick answers. */
const EXCHANGE = 8000;
const QUICK = 1000;

/** Endpoints that speak TLS at once, DTLS, or perhaps TLS once they are asked for it. */
export const tlsEndpoints = (facts: FactView): readonly Endpoint[] =>
  endpointsOf(
    facts
      .of(netService)
      .filter(({ data }) => data.tls || data.protocol === 'dtls' || UPGRADABLE.includes(data.protocol)),
  );

export interface Offer {
  readonly version: VersionName;
  readonly suites: readonly number[];
  /** Take the place of the usual extensions of the same type. */
  readonly extensions?: readonly Extension[];
  /** Types left out of the usual extensions. */
  readonly without?: readonly number[];
  readonly compression?: readonly number[];
  readonly sessionId?: Uint8Array;
  readonly until?: 'hello' | 'done';
}

export class Handshakes {
  readonly at: Endpoint;
  readonly mode: Mode;
  readonly #context: ProbeContext;
  /** What is spoken before TLS is asked for. */
  readonly #protocol: string;
  /** A hello that was answered. */
  #taken: Offer | undefined;
  constructor(at: Endpoint, context: ProbeContext) {
    this.at = at;
    this.#context = context;
    const services = factsAt(context.facts.of(netService), at);
    const direct = services.some(({ data }) => data.tls);
    this.#protocol = services.find(({ data }) => UPGRADABLE.includes(data.protocol))?.data.protocol ?? '';
    this.mode = at.transport === 'udp' ? 'datagram' : direct ? 'direct' : 'upgraded';
    const [newest] = acceptedAt(context.facts, at);
    this.#taken = newest === undefined ? undefined : { version: newest.version, suites: newest.suites.slice(0, 1) };
  }

  /** A stream on which the next bytes are those of TLS. */
  async open(): Promise<Duplex> {
    const { dial, signal } = this.#context;
    const stream = await dial.tcp(this.at.host, this.at.port, { signal });
    if (this.mode !== 'upgraded') return stream;
    try {
      await startTls(stream, this.#protocol);
      return stream;
    } catch (thrown) {
      stream.destroy();
      throw thrown;
    }
  }

  /** Whether TLS is spoken there at all: an FTP or mail server may offer none. Throws FaultError where that was not seen. */
  async offersTls(): Promise<boolean> {
    if (this.mode !== 'upgraded') return true;
    try {
      (await this.open()).destroy();
      return true;
    } catch (thrown) {
      if (thrown instanceof FaultError && thrown.fault.kind === 'unsupported') return false;
      throw thrown;
    }
  }

  /**
   * The server's answer to a hello; a close without an alert is tried once more. Throws FaultError `timeout` when nothing
   * comes, `malformed` when it is no TLS: both are unseen, not refused.
   */
  async greet(offer: Offer): Promise<Flight> {
    const first = await this.#once(offer);
    const flight = first.end === 'closed' && first.hello === undefined ? await this.#once(offer) : first;
    if (flight.hello !== undefined) {
      this.#taken ??= { version: offer.version, suites: [flight.hello.suite] };
      return flight;
    }
    if (flight.end === 'timeout' && flight.verified === true && (await this.#answersOthers())) return flight;
    const unseen = unseenIn(flight, offer.version, this.mode);
    if (unseen !== undefined) throw unseen;
    return flight;
  }

  /** Whether the endpoint was seen to take a hello. */
  get takesSome(): boolean {
    return this.#taken !== undefined;
  }

  /**
   * DTLS may leave alerts out (RFC 6347 §4.1.2.7), as gnutls-serv does, but a device may be gone, or need long for its keys.
   * Who answers at once to a hello that was taken before has refused the one that it left unanswered.
   */
  async #answersOthers(): Promise<boolean> {
    if (this.#taken === undefined) return false;
    const started = Date.now();
    return (await this.#once(this.#taken)).hello !== undefined && Date.now() - started < QUICK;
  }

  async #once(offer: Offer): Promise<Flight> {
    const parts = this.#parts(offer);
    const until = offer.until ?? 'hello';
    if (this.mode === 'datagram') return inTurn(this.#context.dial, this.at, () => this.#datagram(parts, until));
    const stream = await this.open();
    try {
      return await greet(stream, clientHello(parts), { until, timeout: EXCHANGE });
    } finally {
      stream.destroy();
    }
  }

  async #datagram(parts: HelloParts, until: 'hello' | 'done'): Promise<Flight> {
    const { dial, signal } = this.#context;
    const port = await dial.udp(this.at.host, this.at.port, { signal });
    try {
      return await greetDatagram(port, parts, { until, timeout: EXCHANGE / 2 });
    } finally {
      port.close();
    }
  }

  /** A TLS 1.3 handshake read to its end, with a share of `group`, or of the group that the server asks for instead. */
  async thirteen(offer: Offer, group = 29): Promise<ThirteenFlight> {
    const stream = await this.open();
    let flight: ThirteenFlight;
    try {
      flight = await greetThirteen(
        stream,
        this.#parts({ ...offer, without: [...(offer.without ?? []), EXTENSION.keyShare] }),
        group,
        EXCHANGE,
      );
    } finally {
      stream.destroy();
    }
    if (flight.hello === undefined && flight.end === 'timeout')
      throw new FaultError('timeout', 'no answer to a hello of TLSv1.3');
    const wanted = flight.group;
    return flight.hello?.retry === true && wanted !== undefined && wanted !== group && [23, 24, 25, 29].includes(wanted)
      ? this.thirteen(offer, wanted)
      : flight;
  }

  #parts({ version, suites, extensions = [], without = [], compression, sessionId }: Offer): HelloParts {
    const wire = VERSIONS[version];
    const like = version === 'DTLSv1' ? VERSIONS['TLSv1.1'] : version === 'DTLSv1.2' ? VERSIONS['TLSv1.2'] : wire;
    // Any 32 bytes are a point of X25519: enough to be answered, and no key has to be made.
    const share = keyShares([{ group: 29, key: Buffer.alloc(32, 9) }]);
    const usual = [...usualExtensions(like, this.at.host), ...(version === 'TLSv1.3' ? [share] : [])];
    const own = new Set([...extensions.map(({ type }) => type), ...without]);
    const secure = version === 'TLSv1.3' || own.has(EXTENSION.renegotiationInfo) ? [] : [RENEGOTIATION_SCSV];
    return {
      version: wire,
      suites: [...suites, ...secure],
      extensions: [...usual.filter(({ type }) => !own.has(type)), ...extensions],
      ...(compression === undefined ? {} : { compression }),
      ...(sessionId === undefined ? {} : { sessionId }),
    };
  }
}

/** Why an answer without a hello shows no refusal. */
function unseenIn({ end, verified }: Flight, version: VersionName, mode: Mode): FaultError | undefined {
  switch (end) {
    case 'closed':
      // Of datagrams, a closed port says nothing of what a server would have refused.
      return mode === 'datagram'
        ? new FaultError('closed', `the port closed before a hello of ${version} was answered`)
        : undefined;
    case 'timeout':
      return new FaultError(
        'timeout',
        `no answer to a hello of ${version}${verified === true ? ', after its cookie was asked for' : ''}`,
      );
    case 'malformed':
      return new FaultError('malformed', `the answer to a hello of ${version} is not TLS`);
    default:
      return undefined;
  }
}

const TURNS = new WeakMap<Dialer, Map<string, Promise<unknown>>>();

/** Small DTLS servers talk to one client at a time: so do the probes of one run that ask the same endpoint. */
function inTurn<T>(dial: Dialer, { host, port }: Endpoint, use: () => Promise<T>): Promise<T> {
  const places = TURNS.get(dial) ?? new Map<string, Promise<unknown>>();
  TURNS.set(dial, places);
  const key = `${host} ${port}`;
  const turn = (places.get(key) ?? Promise.resolve()).then(use, use);
  places.set(key, turn);
  return turn;
}

export interface Accepted {
  readonly version: VersionName;
  readonly suites: readonly number[];
}

/** What earlier probes saw accepted at an endpoint, newest version first; SSLv2 left out. */
export function acceptedAt(facts: FactView, at: Endpoint): readonly Accepted[] {
  const protocols = factsAt(facts.of(tlsProtocol), at).filter(({ data }) => data.accepted && data.version !== 'SSLv2');
  const ciphers = factsAt(facts.of(tlsCipher), at);
  return protocols
    .map(({ data: { version } }) => ({ version, suites: codesOf(ciphers, version) }))
    .sort((a, b) => ORDER.indexOf(b.version) - ORDER.indexOf(a.version));
}

const ORDER: readonly VersionName[] = [...DATAGRAM_VERSIONS, ...STREAM_VERSIONS];
type CipherFact = Fact<{ readonly version: VersionName; readonly code: number }>;
const codesOf = (ciphers: readonly CipherFact[], version: VersionName): readonly number[] =>
  ciphers.filter(({ data }) => data.version === version).map(({ data }) => data.code);
