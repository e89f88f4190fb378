/** Tells which versions of TLS an endpoint takes and every cipher suite of each, by hellos of our own. */
import { type Flight, readSsl2Hello } from '../../../codecs/protocols/tls-flight.ts';
import { ssl2Hello } from '../../../codecs/protocols/tls-hello.ts';
import {
  CLASSIC_SUITES,
  hasSmallBlocks,
  SSL2_KINDS,
  type Suite,
  suiteName,
  suiteOf,
  THIRTEEN_SUITES,
} from '../../../codecs/protocols/tls-suites.ts';
import { VERSIONS, type VersionName, versionName } from '../../../codecs/protocols/tls-wire.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { netService, tlsCipher, tlsProtocol, tlsVulnerability } from '../../../facts/index.ts';
import { type Fault, FaultError } from '../../../lib/fault.ts';
import { DATAGRAM_VERSIONS, Handshakes, STREAM_VERSIONS, tlsEndpoints } from './handshakes.ts';

export const tlsProtocols: Probe = {
  id: 'tls/protocols',
  title: 'TLS versions and every cipher suite of each',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService],
  produces: [tlsProtocol, tlsCipher, tlsVulnerability],
  subjects: tlsEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const handshakes = new Handshakes(subject, context);
    if (!(await handshakes.offersTls())) return;
    const seen: Look[] = [];
    if (handshakes.mode === 'datagram') seen.push(...(await lookOverDatagrams(handshakes)));
    else
      seen.push(
        ...(await Promise.all([lookAtTwo(handshakes), ...STREAM_VERSIONS.map((one) => lookAt(handshakes, one))])),
      );
    if (!seen.some(({ suites }) => suites.length > 0)) throw nothingTaken(seen);
    for (const look of seen) tell(look, context);
    if (seen.every(({ fault }) => fault === undefined)) tellVulnerabilities(seen, context);
  },
};

/** What one version showed. `fault`: it was not seen to its end. */
interface Look {
  readonly version: VersionName;
  readonly suites: readonly Suite[];
  readonly refusal?: string;
  readonly fault?: Fault;
}

/**
 * Suites that servers have in common come in the first hello; the rest in smaller ones beside it, since old stacks choke on
 * long lists. A hello that is refused costs one connection for each.
 */
const COMMON =
  /^TLS_(ECDHE|DHE|RSA)_(RSA|ECDSA|WITH).*(AES_\d+_(GCM|CBC)|CHACHA20|3DES|RC4_128)|^TLS_RSA_WITH_(AES|3DES|RC4)/;
const CHUNK = 100;

let classicChunks: readonly (readonly number[])[] | undefined;

function chunksFor(version: VersionName): readonly (readonly number[])[] {
  if (version === 'TLSv1.3') return [THIRTEEN_SUITES];
  classicChunks ??= splitClassic();
  return classicChunks;
}

/**
 * Finite-field Diffie-Hellman comes last: a server that goes by the client's order and has no parameters for it (dovecot
 * without `ssl_dh`) hangs up at it, and whatever stands behind it would not be seen.
 */
function splitClassic(): readonly (readonly number[])[] {
  const isCommon = (code: number): boolean => COMMON.test(suiteName(code));
  const isFiniteField = (code: number): boolean => /^TLS_DHE?_/.test(suiteName(code));
  const ordered = [...CLASSIC_SUITES.filter((code) => !isFiniteField(code)), ...CLASSIC_SUITES.filter(isFiniteField)];
  const common = ordered.filter(isCommon);
  const rest = ordered.filter((code) => !isCommon(code));
  const chunks = [common];
  for (let at = 0; at < rest.length; at += CHUNK) chunks.push(rest.slice(at, at + CHUNK));
  return chunks;
}

async function lookAt(handshakes: Handshakes, version: VersionName): Promise<Look> {
  const chunks = chunksFor(version);
  return lookOf(version, await Promise.all(chunks.map((chunk) => enumerate(handshakes, version, chunk))));
}

/** The suites of one version that were offered together, and what came of it. */
interface Asked {
  readonly version: VersionName;
  readonly chunk: readonly number[];
  chain: Chain;
  /** It was silent before anything was taken: that may have been a refusal. */
  readonly blind: boolean;
}

/** One hello after the other, for small servers talk to one client at a time; newest version first, as it is taken most often. */
async function lookOverDatagrams(handshakes: Handshakes): Promise<readonly Look[]> {
  const versions = DATAGRAM_VERSIONS.toReversed();
  const asked: Asked[] = [];
  for (const version of versions)
    for (const chunk of chunksFor(version)) asked.push(await ask(handshakes, version, chunk, asked));
  // Whether silence is a refusal shows beside a hello that is taken.
  for (const one of asked)
    if (one.blind && handshakes.takesSome) one.chain = await enumerate(handshakes, one.version, one.chunk);
  return versions.map((version) => {
    const chains = asked.filter((one) => one.version === version).map(({ chain }) => chain);
    return lookOf(version, chains);
  });
}

async function ask(
  handshakes: Handshakes,
  version: VersionName,
  chunk: readonly number[],
  before: readonly Asked[],
): Promise<Asked> {
  // What was taken before is not taken any more: the rest is not asked for.
  const gone = handshakes.takesSome
    ? before.find(({ chain, blind }) => chain.fault !== undefined && !blind)
    : undefined;
  if (gone !== undefined) return { version, chunk, chain: { accepted: [], fault: gone.chain.fault }, blind: false };
  const chain = await enumerate(handshakes, version, chunk);
  return { version, chunk, chain, blind: chain.fault?.kind === 'timeout' && !handshakes.takesSome };
}

function lookOf(version: VersionName, chains: readonly Chain[]): Look {
  const codes = chains.flatMap(({ accepted }) => accepted);
  const fault = chains.find((chain) => chain.fault !== undefined)?.fault;
  const refusal = chains.find((chain) => chain.refusal !== undefined)?.refusal;
  return {
    version,
    suites: codes.map(suiteOf),
    ...(refusal === undefined ? {} : { refusal }),
    ...(fault === undefined ? {} : { fault }),
  };
}

interface Chain {
  readonly accepted: readonly number[];
  readonly refusal?: string;
  readonly fault?: Fault | undefined;
}

const refusalOf = ({ alert, end }: Flight): string =>
  alert?.name ?? (end === 'timeout' ? 'no answer after its cookie' : 'closed without an alert');

/** Offers the suites again and again, less the one that was picked, until none is picked. */
async function enumerate(handshakes: Handshakes, version: VersionName, suites: readonly number[]): Promise<Chain> {
  const accepted: number[] = [];
  const left = new Set(suites);
  try {
    while (left.size > 0) {
      const flight = await handshakes.greet({ version, suites: [...left] });
      const { hello } = flight;
      if (hello === undefined) return { accepted, refusal: refusalOf(flight) };
      if (hello.version !== VERSIONS[version]) return { accepted, refusal: `answered with ${nameOf(hello.version)}` };
      if (!left.delete(hello.suite))
        throw new FaultError(
          'malformed',
          `the server picked suite ${suiteOf(hello.suite).suite}, which was not offered`,
        );
      accepted.push(hello.suite);
    }
    return { accepted };
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
    return { accepted, fault: thrown.fault };
  }
}

const nameOf = (wire: number): string => versionName(wire) ?? `version 0x${wire.toString(16)}`;

async function lookAtTwo(handshakes: Handshakes): Promise<Look> {
  const version = 'SSLv2';
  try {
    const stream = await handshakes.open();
    try {
      const hello = await readSsl2Hello(stream, ssl2Hello(SSL2_KINDS.keys()), 5000);
      return { version, suites: (hello?.kinds ?? []).map(suiteOf), refusal: 'no SSLv2 SERVER-HELLO' };
    } finally {
      stream.destroy();
    }
  } catch (thrown) {
    if (!(thrown instanceof FaultError)) throw thrown;
    // Many servers wait for the rest of what they take for a longer record: silence to an SSLv2 hello is their refusal.
    if (thrown.fault.kind === 'timeout') return { version, suites: [], refusal: 'no answer to an SSLv2 hello' };
    return { version, suites: [], fault: thrown.fault };
  }
}

function nothingTaken(seen: readonly Look[]): FaultError {
  const fault = seen.find((look) => look.fault !== undefined)?.fault;
  if (fault !== undefined) return new FaultError(fault.kind, fault.message);
  const refusals = [...new Set(seen.map(({ refusal }) => refusal))].join(', ');
  return new FaultError('unrecognised', `no version of TLS was taken (${refusals})`);
}

function tell({ version, suites, refusal, fault }: Look, { emit, gap }: ProbeContext): void {
  if (suites.length > 0) emit(tlsProtocol, { version, accepted: true }, { where: 'ServerHello' });
  else if (fault === undefined)
    emit(tlsProtocol, { version, accepted: false, ...(refusal === undefined ? {} : { alert: refusal }) });
  for (const suite of suites) emit(tlsCipher, { version, ...suite }, { where: 'ServerHello' });
  if (fault !== undefined) gap({ ...fault, message: `${version} was not seen in full: ${fault.message}` });
}

/** By offer alone: what a hello shows, without trying it. */
function tellVulnerabilities(seen: readonly Look[], { emit }: ProbeContext): void {
  const at = (...versions: readonly VersionName[]): readonly Suite[] =>
    seen.filter(({ version }) => versions.includes(version)).flatMap(({ suites }) => suites);
  const all = seen.flatMap(({ suites }) => suites);
  const cbc = ({ weaknesses }: Suite): boolean => weaknesses.includes('cbc');
  const freak = all.find(({ suite }) => suite.startsWith('TLS_RSA_EXPORT'));
  const told: readonly (readonly ['poodle' | 'beast' | 'sweet32' | 'freak' | 'drown', Suite | undefined, string])[] = [
    ['poodle', at('SSLv3').find(cbc), 'SSLv3 with'],
    ['beast', at('SSLv3', 'TLSv1').find(cbc), 'TLS 1.0 or older with'],
    ['sweet32', all.find(hasSmallBlocks), 'offers'],
    ['freak', freak, 'offers'],
    ['drown', at('SSLv2')[0], 'SSLv2 with'],
  ];
  for (const [name, suite, how] of told) {
    const vulnerable = suite !== undefined;
    emit(tlsVulnerability, { name, vulnerable, how: vulnerable ? `${how} ${suite.suite}` : 'not offered' });
  }
}
