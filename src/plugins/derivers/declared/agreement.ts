/** Whether the maker's statements agree with what was seen: listeners, TLS floor, features. From absence only where all was seen. */
import type { Fact, FactType } from '../../../core/model/fact.ts';
import type { Deriver, GatherContext } from '../../../core/model/gatherer.ts';
import {
  declaredAgreement,
  declaredCryptography,
  declaredFeature,
  declaredListener,
  featurePresent,
  netPort,
  netService,
  netSweep,
  tlsProtocol,
} from '../../../facts/index.ts';

export const declaredAgreements: Deriver = {
  id: 'declared/agreement',
  title: 'Declared and observed',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [
    declaredCryptography,
    declaredFeature,
    declaredListener,
    featurePresent,
    netPort,
    netService,
    netSweep,
    tlsProtocol,
  ],
  produces: [declaredAgreement],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, context) {
    compareListeners(context);
    compareTls(context);
    compareFeatures(context);
    return Promise.resolve();
  },
};

const known = (type: FactType, context: GatherContext): boolean =>
  context.facts.coverage(type.name, type.over).complete;
const nameOf = (port: { readonly port: number; readonly transport: string }): string =>
  `${port.port}/${port.transport}`;

function compareListeners(context: GatherContext): void {
  const { facts, emit } = context;
  if (!known(declaredListener, context)) return;
  const declared = facts.of(declaredListener);
  const names = new Set(declared.map((fact) => nameOf(fact.data)));
  for (const port of facts.of(netPort)) {
    const name = nameOf(port.data);
    const agrees = names.has(name);
    emit(
      declaredAgreement,
      { topic: 'listener-undeclared', agrees, declared: agrees ? name : 'not declared', observed: `${name} is open` },
      { subject: port.subject, derivedFrom: [port] },
    );
  }
  const complete = facts.of(netSweep).some((fact) => fact.data.transport === 'tcp' && fact.data.complete);
  const open = new Set(facts.of(netPort).map((fact) => nameOf(fact.data)));
  for (const fact of declared) {
    const seen = open.has(nameOf(fact.data));
    if (!seen && (!complete || fact.data.transport === 'udp')) continue;
    emit(
      declaredAgreement,
      { topic: 'listener-absent', agrees: seen, declared: nameOf(fact.data), observed: seen ? 'open' : 'not open' },
      { derivedFrom: [fact] },
    );
  }
}

const ORDER = ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** The lowest floor that the declaration names is what every endpoint must hold. */
function compareTls({ facts, emit }: GatherContext): void {
  const floors = facts
    .of(declaredCryptography)
    .flatMap((fact) => (fact.data.floor === undefined ? [] : [{ fact, floor: fact.data.floor }]));
  const lowest = floors.sort((a, b) => ORDER.indexOf(a.floor) - ORDER.indexOf(b.floor))[0];
  if (lowest === undefined) return;
  for (const seen of facts.of(tlsProtocol)) {
    if (!seen.data.accepted) continue;
    const agrees =
      ORDER.indexOf(seen.data.version) >= ORDER.indexOf(lowest.floor) || !ORDER.includes(seen.data.version);
    emit(
      declaredAgreement,
      { topic: 'tls-floor', agrees, declared: `${lowest.floor} or newer`, observed: seen.data.version },
      { subject: seen.subject, derivedFrom: [lowest.fact, seen] },
    );
  }
}

function compareFeatures({ facts, emit }: GatherContext): void {
  const observed = new Map<string, Fact>(
    facts
      .of(featurePresent)
      .filter((fact) => fact.data.present)
      .map((fact) => [fact.data.name, fact]),
  );
  for (const fact of facts.of(declaredFeature)) {
    const seen = observed.get(fact.data.name);
    if (seen === undefined) continue;
    emit(
      declaredAgreement,
      {
        topic: 'feature',
        agrees: fact.data.present,
        declared: `${fact.data.name}: ${fact.data.present ? 'present' : 'absent'}`,
        observed: 'present',
      },
      { derivedFrom: [fact, seen] },
    );
  }
}
