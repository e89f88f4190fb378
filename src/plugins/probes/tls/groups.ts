/** Tells the key-exchange groups, Diffie-Hellman parameters and signature schemes of a TLS endpoint. */
import { createHash } from 'node:crypto';
import { type KeyExchange, keyExchangeOf } from '../../../codecs/protocols/tls-flight.ts';
import {
  CURVES,
  groupOf,
  SIGNATURE_SCHEMES,
  type SignatureScheme,
  schemeOf,
  THIRTEEN_GROUPS,
} from '../../../codecs/protocols/tls-groups.ts';
import { EXTENSION, keyShares, signatureAlgorithms, supportedGroups } from '../../../codecs/protocols/tls-hello.ts';
import { knownPrime } from '../../../codecs/protocols/tls-primes.ts';
import { suiteOf } from '../../../codecs/protocols/tls-suites.ts';
import { VERSIONS } from '../../../codecs/protocols/tls-wire.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import {
  tlsCipher,
  tlsDhParameters,
  tlsGroup,
  tlsProtocol,
  tlsSignatureAlgorithm,
  tlsVulnerability,
} from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Accepted, acceptedAt, Handshakes } from './handshakes.ts';

export const tlsGroups: Probe = {
  id: 'tls/groups',
  title: 'Key-exchange groups, DH parameters and signature schemes of TLS',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [tlsProtocol, tlsCipher],
  produces: [tlsGroup, tlsDhParameters, tlsSignatureAlgorithm, tlsVulnerability],
  subjects: (facts) => endpointsOf(facts.of(tlsProtocol).filter(({ data }) => data.accepted)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const handshakes = new Handshakes(subject, context);
    const accepted = acceptedAt(context.facts, subject);
    const [groups, schemes, parameters] = await Promise.all([
      groupsOf(handshakes, accepted),
      schemesOf(handshakes, accepted),
      parametersOf(handshakes, accepted),
    ]);
    for (const code of new Set(groups)) {
      const { group, bits, postQuantum } = groupOf(code);
      context.emit(tlsGroup, { group, bits, postQuantum });
    }
    for (const scheme of distinct(schemes)) {
      const { name, hash, weak } = scheme;
      context.emit(tlsSignatureAlgorithm, { name, hash, weak });
    }
    tellParameters(parameters, accepted, context);
  },
};

const distinct = (schemes: readonly SignatureScheme[]): readonly SignatureScheme[] => [
  ...new Map(schemes.map((scheme) => [scheme.code, scheme])).values(),
];

/** The newest version up to TLS 1.2 with suites of that key exchange, and those suites. */
function classic(accepted: readonly Accepted[], exchange: 'ECDHE' | 'DHE'): Accepted | undefined {
  const choices = accepted
    .filter(({ version }) => version !== 'TLSv1.3' && version !== 'SSLv3')
    .map(({ version, suites }) => ({
      version,
      suites: suites.filter((code) => suiteOf(code).keyExchange === exchange),
    }));
  return choices.find(({ suites }) => suites.length > 0);
}

async function groupsOf(handshakes: Handshakes, accepted: readonly Accepted[]): Promise<readonly number[]> {
  const thirteen = accepted.find(({ version }) => version === 'TLSv1.3');
  const ecdhe = classic(accepted, 'ECDHE');
  const found = await Promise.all([
    thirteen === undefined ? [] : thirteenGroups(handshakes, thirteen),
    ecdhe === undefined ? [] : curvesOf(handshakes, ecdhe),
  ]);
  return found.flat();
}

/** Without a key share the server asks for the group it likes best: offered again without that one, until it refuses. */
async function thirteenGroups(handshakes: Handshakes, { version, suites }: Accepted): Promise<readonly number[]> {
  const found: number[] = [];
  const left = new Set(THIRTEEN_GROUPS);
  while (left.size > 0) {
    const extensions = [supportedGroups([...left]), keyShares([])];
    const { hello } = await handshakes.greet({ version, suites, extensions });
    const chosen = hello?.extensions.get(EXTENSION.keyShare);
    if (chosen === undefined || chosen.length < 2) break;
    const group = ((chosen[0] ?? 0) << 8) | (chosen[1] ?? 0);
    if (!left.delete(group)) break;
    found.push(group);
  }
  return found;
}

async function curvesOf(handshakes: Handshakes, { version, suites }: Accepted): Promise<readonly number[]> {
  const found: number[] = [];
  const left = new Set(CURVES);
  while (left.size > 0) {
    const flight = await handshakes.greet({ version, suites, extensions: [supportedGroups([...left])], until: 'done' });
    if (flight.hello === undefined || flight.keyExchange === undefined) break;
    const exchange = readExchange(flight.keyExchange, flight.hello.suite, flight.hello.version);
    if (exchange?.curve === undefined) break;
    found.push(exchange.curve);
    // Servers before RFC 4492's extension take one curve whatever is offered.
    if (!left.delete(exchange.curve)) break;
  }
  return found;
}

function readExchange(bytes: Uint8Array, suite: number, version: number): KeyExchange | undefined {
  const { keyExchange, authentication } = suiteOf(suite);
  if (keyExchange !== 'ECDHE' && keyExchange !== 'DHE') return undefined;
  if (authentication === 'PSK') return undefined;
  const wire = version === VERSIONS['DTLSv1.2'] ? VERSIONS['TLSv1.2'] : version;
  return keyExchangeOf(bytes, keyExchange, wire, authentication !== 'anon');
}

async function schemesOf(handshakes: Handshakes, accepted: readonly Accepted[]): Promise<readonly SignatureScheme[]> {
  const thirteen = accepted.find(({ version }) => version === 'TLSv1.3');
  const twelve = accepted.find(({ version }) => version === 'TLSv1.2' || version === 'DTLSv1.2');
  const found = await Promise.all([
    thirteen === undefined ? [] : chainOfSchemes((left) => schemeOfThirteen(handshakes, thirteen, left)),
    twelve === undefined ? [] : chainOfSchemes((left) => schemeOfTwelve(handshakes, twelve, left)),
  ]);
  return found.flat().map(schemeOf);
}

async function chainOfSchemes(
  pick: (left: readonly number[]) => Promise<number | undefined>,
): Promise<readonly number[]> {
  const found: number[] = [];
  const left = new Set(SIGNATURE_SCHEMES);
  while (left.size > 0) {
    const scheme = await pick([...left]);
    if (scheme === undefined) break;
    found.push(scheme);
    if (!left.delete(scheme)) break;
  }
  return found;
}

async function schemeOfThirteen(
  handshakes: Handshakes,
  { version, suites }: Accepted,
  left: readonly number[],
): Promise<number | undefined> {
  const usable = suites.filter((code) => code >= 0x1301 && code <= 0x1305);
  return (await handshakes.thirteen({ version, suites: usable, extensions: [signatureAlgorithms(left)] })).scheme;
}

async function schemeOfTwelve(
  handshakes: Handshakes,
  { version, suites }: Accepted,
  left: readonly number[],
): Promise<number | undefined> {
  const signed = suites.filter((code) => {
    const { keyExchange, authentication } = suiteOf(code);
    return (keyExchange === 'ECDHE' || keyExchange === 'DHE') && !['anon', 'PSK'].includes(authentication);
  });
  if (signed.length === 0) return undefined;
  const extensions = [signatureAlgorithms(left)];
  const flight = await handshakes.greet({ version, suites: signed, extensions, until: 'done' });
  if (flight.hello === undefined || flight.keyExchange === undefined) return undefined;
  return readExchange(flight.keyExchange, flight.hello.suite, flight.hello.version)?.scheme;
}

interface DhParameters {
  readonly bits: number;
  readonly prime: string;
  readonly reused: boolean;
}

const isExport = (code: number): boolean => suiteOf(code).weaknesses.includes('export');

/** Export suites have parameters of their own: looked at beside the others. */
async function parametersOf(handshakes: Handshakes, accepted: readonly Accepted[]): Promise<readonly DhParameters[]> {
  const found = new Map<string, DhParameters>();
  for (const { version, suites } of accepted.filter((one) => one.version !== 'TLSv1.3')) {
    const dhe = suites.filter((code) => suiteOf(code).keyExchange === 'DHE' && suiteOf(code).authentication !== 'PSK');
    for (const kind of [dhe.filter((code) => !isExport(code)), dhe.filter(isExport)]) {
      const told = kind.length === 0 ? undefined : await parametersAt(handshakes, version, kind);
      if (told !== undefined) found.set(told.digest, told);
    }
  }
  return [...found.values()];
}

async function parametersAt(
  handshakes: Handshakes,
  version: Accepted['version'],
  suites: readonly number[],
): Promise<(DhParameters & { readonly digest: string }) | undefined> {
  const first = await exchangeOf(handshakes, version, suites);
  if (first?.prime === undefined) return undefined;
  const second = await exchangeOf(handshakes, version, suites);
  const reused = second !== undefined && Buffer.compare(first.publicValue, second.publicValue) === 0;
  const digest = createHash('sha256').update(first.prime).digest('hex');
  return { bits: bitsOf(first.prime), prime: knownPrime(first.prime) ?? 'custom', reused, digest };
}

async function exchangeOf(
  handshakes: Handshakes,
  version: Accepted['version'],
  suites: readonly number[],
): Promise<KeyExchange | undefined> {
  const flight = await handshakes.greet({ version, suites, until: 'done' });
  if (flight.hello === undefined) return undefined;
  if (flight.keyExchange === undefined) throw new FaultError('truncated', 'no ServerKeyExchange came');
  return readExchange(flight.keyExchange, flight.hello.suite, flight.hello.version);
}

function bitsOf(prime: Uint8Array): number {
  const first = prime.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (prime.length - first) * 8 - Math.clz32(prime[first] ?? 0) + 24;
}

function tellParameters(
  parameters: readonly DhParameters[],
  accepted: readonly Accepted[],
  context: ProbeContext,
): void {
  for (const { bits, prime, reused } of parameters) context.emit(tlsDhParameters, { bits, prime, reused });
  const exported = accepted
    .flatMap(({ suites }) => suites)
    .map(suiteOf)
    .find(({ keyExchange, weaknesses }) => keyExchange === 'DHE' && weaknesses.includes('export'));
  const weak = parameters.find(({ bits, prime }) => bits <= 768 || (bits <= 1024 && prime !== 'custom'));
  const how =
    exported !== undefined
      ? `offers ${exported.suite}`
      : weak === undefined
        ? 'neither export suites nor a prime in reach'
        : `${weak.bits}-bit prime (${weak.prime})`;
  const vulnerable = exported !== undefined || weak !== undefined;
  context.emit(tlsVulnerability, { name: 'logjam', vulnerable, how });
}
