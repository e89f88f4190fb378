/** Reads the certificate chains that a TLS endpoint presents, and judges how they hold together. */

import { type Certificate, readCertificate } from '../../../codecs/formats/x509.ts';
import { type ChainJudgement, judgeChain } from '../../../codecs/formats/x509-chain.ts';
import { SIGNATURE_SCHEMES, schemeOf } from '../../../codecs/protocols/tls-groups.ts';
import { signatureAlgorithms } from '../../../codecs/protocols/tls-hello.ts';
import { suiteOf } from '../../../codecs/protocols/tls-suites.ts';
import { endpointsOf } from '../../../core/model/fact.ts';
import type { Probe, ProbeContext } from '../../../core/model/gatherer.ts';
import { tlsCertificate, tlsChain, tlsCipher, tlsKnownKey, tlsProtocol } from '../../../facts/index.ts';
import { FaultError } from '../../../lib/fault.ts';
import { type Accepted, acceptedAt, Handshakes } from './handshakes.ts';

export const tlsCertificateProbe: Probe = {
  id: 'tls/certificate',
  title: 'Certificates of TLS endpoints and how their chains hold together',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [tlsProtocol, tlsCipher],
  produces: [tlsCertificate, tlsChain, tlsKnownKey],
  subjects: (facts) => endpointsOf(facts.of(tlsProtocol).filter(({ data }) => data.accepted)),
  async observe(subject, context) {
    if (subject.kind !== 'endpoint') return;
    const handshakes = new Handshakes(subject, context);
    const accepted = acceptedAt(context.facts, subject);
    const chains = distinct(await chainsOf(handshakes, accepted));
    if (chains.length === 0) {
      if (accepted.every(({ suites }) => suites.every(isBare))) return;
      throw new FaultError('truncated', 'no certificate came in any handshake');
    }
    const given = context.settings.authorities.map((bytes) => readCertificate(bytes));
    const told = new Set<string>();
    for (const ders of chains) {
      const chain = ders.map((der) => readCertificate(der));
      chain.forEach((certificate, position) => {
        if (!told.has(certificate.sha256)) tell(certificate, position, context);
        told.add(certificate.sha256);
      });
      const question = {
        chain,
        host: subject.host,
        given,
        publicAuthorities: () => publicOnes(context),
        now: context.settings.now,
      };
      const judgement = judgeChain(question);
      if (judgement !== undefined) tellChain(chain, judgement, context);
    }
  },
};

/** Suites that need no certificate. */
const isBare = (code: number): boolean => ['anon', 'PSK'].includes(suiteOf(code).authentication);

let authorities: readonly Certificate[] | undefined;
/** Read once in a run: 140 certificates that never change. */
function publicOnes({ dial }: ProbeContext): readonly Certificate[] {
  authorities ??= (dial.authorities?.() ?? []).map((pem) => readCertificate(pem));
  return authorities;
}

function distinct(chains: readonly (readonly Uint8Array[])[]): readonly (readonly Uint8Array[])[] {
  const found = new Map<string, readonly Uint8Array[]>();
  for (const chain of chains) {
    if (chain.length > 0) found.set(Buffer.concat(chain).toString('base64'), chain);
  }
  return [...found.values()];
}

/** RSA keys and the others are asked for apart: a server may hold one of each. */
async function chainsOf(
  handshakes: Handshakes,
  accepted: readonly Accepted[],
): Promise<readonly (readonly Uint8Array[])[]> {
  const thirteen = accepted.find(({ version }) => version === 'TLSv1.3');
  const classic = accepted.find(({ version }) => version !== 'TLSv1.3');
  const rsa = SIGNATURE_SCHEMES.filter((code) => schemeOf(code).name.startsWith('rsa'));
  const others = SIGNATURE_SCHEMES.filter((code) => !rsa.includes(code));
  const isRsa = (code: number): boolean => suiteOf(code).authentication === 'RSA';
  const found = await Promise.all([
    ...(thirteen === undefined ? [] : [rsa, others].map((schemes) => thirteenChain(handshakes, thirteen, schemes))),
    ...(classic === undefined
      ? []
      : [
          classicChain(handshakes, classic, (code) => isRsa(code)),
          classicChain(handshakes, classic, (code) => !isRsa(code) && !isBare(code)),
        ]),
  ]);
  return found;
}

async function thirteenChain(
  handshakes: Handshakes,
  { version, suites }: Accepted,
  schemes: readonly number[],
): Promise<readonly Uint8Array[]> {
  const usable = suites.filter((code) => code >= 0x1301 && code <= 0x1305);
  return (await handshakes.thirteen({ version, suites: usable, extensions: [signatureAlgorithms(schemes)] }))
    .certificates;
}

async function classicChain(
  handshakes: Handshakes,
  { version, suites }: Accepted,
  wants: (code: number) => boolean,
): Promise<readonly Uint8Array[]> {
  const wanted = suites.filter(wants);
  if (wanted.length === 0) return [];
  const flight = await handshakes.greet({ version, suites: wanted, until: 'done' });
  return flight.certificates;
}

function tell(certificate: Certificate, position: number, { emit, keep }: ProbeContext): void {
  const { der, purposes: _purposes, x509: _x509, ...told } = certificate;
  const evidence = [keep(der, 'application/pkix-cert')];
  const role = position === 0 ? 'leaf' : certificate.selfSigned ? 'root' : 'intermediate';
  emit(
    tlsCertificate,
    { position: role, ...told, names: [...told.names] },
    { evidence, where: `certificate ${position + 1}` },
  );
}

function tellChain(chain: readonly Certificate[], judgement: ChainJudgement, { emit, knowledge }: ProbeContext): void {
  emit(tlsChain, judgement);
  const leaf = chain[0];
  if (leaf === undefined) return;
  const name = keyName(knowledge('known-keys'), leaf.spki);
  emit(tlsKnownKey, { spki: leaf.spki, known: name !== undefined, ...(name === undefined ? {} : { name }) });
}

/** Whose publicly known key has that SPKI, by the table `keys: {spki: name}`. */
function keyName(table: unknown, spki: string): string | undefined {
  const keys = (table as { readonly keys?: unknown } | null)?.keys;
  if (typeof keys !== 'object' || keys === null || !Object.hasOwn(keys, spki)) return undefined;
  return String((keys as { readonly [digest: string]: unknown })[spki]);
}
