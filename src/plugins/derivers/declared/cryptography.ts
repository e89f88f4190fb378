/** Whether the TLS versions, suites, groups and SSH algorithms that endpoints take are among those that the maker declares. */
import type { DataOf, Fact } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import {
  agreementCryptography,
  declaredCryptography,
  sshAlgorithm,
  tlsCipher,
  tlsGroup,
  tlsProtocol,
} from '../../../facts/index.ts';

type Channel = Fact<DataOf<typeof declaredCryptography>>;
type Topic = DataOf<typeof agreementCryptography>['topic'];

export const declaredCryptographies: Deriver = {
  id: 'declared/cryptography',
  title: 'Cryptography, declared and observed',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredCryptography, sshAlgorithm, tlsCipher, tlsGroup, tlsProtocol],
  produces: [agreementCryptography],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    const { facts } = context;
    for (const seen of facts.of(tlsProtocol)) {
      const { version, accepted } = seen.data;
      if (accepted) compare(context, seen, 'tls-version', familyOf(version), version, versionsOf);
    }
    for (const seen of facts.of(tlsCipher)) {
      const { version, suite } = seen.data;
      compare(context, seen, 'tls-suite', familyOf(version), suite, ({ data }) => data.suites);
    }
    for (const seen of facts.of(tlsGroup))
      compare(context, seen, 'tls-group', 'TLS', seen.data.group, ({ data }) => data.groups);
    for (const seen of facts.of(sshAlgorithm)) {
      const { kind, name } = seen.data;
      if (kind !== 'compression')
        compare(context, seen, 'ssh-algorithm', 'SSH', name, ({ data }) => data[SSH_MEMBERS[kind]]);
    }
    return Promise.resolve();
  },
};

const SSH_MEMBERS = { kex: 'kex', 'host-key': 'hostKeys', cipher: 'ciphers', mac: 'macs' } as const;
const familyOf = (version: string): 'TLS' | 'DTLS' => (version.startsWith('DTLS') ? 'DTLS' : 'TLS');

/** All versions of a protocol, oldest first: a floor allows itself and what is newer. */
const ORDER: { readonly [family: string]: readonly string[] } = {
  TLS: ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  DTLS: ['DTLSv1', 'DTLSv1.2'],
};

function versionsOf({ data }: Channel): readonly string[] | undefined {
  if (data.versions !== undefined) return data.versions;
  const order = ORDER[data.protocol] ?? [];
  const floor = data.floor === undefined ? -1 : order.indexOf(data.floor);
  return floor < 0 ? undefined : order.slice(floor);
}

/** The channels that speak of an endpoint: those that name its port, else those of its protocol that name none. */
function channelsAt(
  context: GatherContext,
  protocol: string,
  { port, transport }: SubjectOf<'endpoint'>,
): readonly Channel[] {
  const all = context.facts.of(declaredCryptography).filter(({ data }) => data.protocol === protocol);
  const named = all.filter(({ data }) => data.ports?.includes(`${port}/${transport}`) === true);
  return named.length > 0 ? named : all.filter(({ data }) => data.ports === undefined);
}

/** A value is declared where some channel lists it; where one does not say, nothing is contradicted. */
function compare(
  context: GatherContext,
  seen: Fact,
  topic: Topic,
  protocol: string,
  value: string,
  listOf: (channel: Channel) => readonly string[] | undefined,
): void {
  if (seen.subject.kind !== 'endpoint') return;
  const channels = channelsAt(context, protocol, seen.subject);
  const lists = channels.map(listOf);
  if (lists.length === 0 || lists.includes(undefined)) return;
  const allowed = new Set(lists.flatMap((list) => list ?? []));
  context.emit(
    agreementCryptography,
    { topic, agrees: allowed.has(value), declared: [...allowed].join(', '), observed: value },
    { subject: seen.subject, derivedFrom: [...channels, seen] },
  );
}
