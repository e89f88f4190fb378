/** All safe TLS probes on one endpoint, as the engine would run them, and what they say in a form that can be compared. */
import type { Fact } from '../../src/core/model/fact.ts';
import type { Probe } from '../../src/core/model/gatherer.ts';
import { netService, tlsCipher, tlsProtocol } from '../../src/facts/index.ts';
import { tlsCertificateProbe } from '../../src/plugins/probes/tls/certificate.ts';
import { tlsConfigurationProbe } from '../../src/plugins/probes/tls/configuration.ts';
import { tlsGroups } from '../../src/plugins/probes/tls/groups.ts';
import { tlsProtocols } from '../../src/plugins/probes/tls/protocols.ts';
import { loopback } from './door.ts';
import { aFact, endpoint, type Run, runProbe } from './probe.ts';

interface Where {
  readonly transport?: 'tcp' | 'udp';
  readonly host?: string;
  /** What was seen of the endpoint before: that it speaks TLS, unless said. */
  readonly known?: readonly Fact[];
  readonly authorities?: readonly Uint8Array[];
}

export async function lookAtTls(
  port: number,
  { transport = 'tcp', host, known, authorities }: Where = {},
): Promise<Run> {
  const at = endpoint(port, transport, host);
  const before = known ?? [aFact(netService, at, { protocol: 'tls', transport, tls: true })];
  const dial = loopback();
  // A certificate that was made in this second is not valid before the next one.
  const settings = { now: new Date(Date.now() + 60_000).toISOString(), authorities: authorities ?? [] };
  const first = await runProbe(tlsProtocols, { known: before, dial, settings });
  const all = [...before, ...first.facts];
  const others: readonly Probe[] = [tlsGroups, tlsCertificateProbe, tlsConfigurationProbe];
  const rest = await Promise.all(others.map((probe) => runProbe(probe, { known: all, dial, settings })));
  const facts = [first, ...rest].flatMap((run) => run.facts);
  return {
    facts,
    gaps: [first, ...rest].flatMap((run) => run.gaps),
    of: (type) => facts.filter((fact) => fact.type === type.name).map((fact) => fact.data as never),
  };
}

/** `version suite`, sorted. */
export const suitesOf = (run: Run): readonly string[] =>
  run
    .of(tlsCipher)
    .map(({ version, suite }) => `${version} ${suite}`)
    .sort();

export const versionsOf = (run: Run): readonly string[] =>
  run
    .of(tlsProtocol)
    .flatMap(({ version, accepted }) => (accepted ? [version] : []))
    .sort();
