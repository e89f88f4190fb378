/** Tells which services name their product and exact version before any login. */
import { endpointsOf, factsAt } from '../../../core/model/fact.ts';
import type { Probe } from '../../../core/model/gatherer.ts';
import { netDisclosure, netService } from '../../../facts/index.ts';

export const netDisclosureProbe: Probe = {
  id: 'net/disclosure',
  title: 'Versions told before login',
  method: 'TEST',
  intrusion: 'passive',
  consumes: [netService],
  produces: [netDisclosure],
  subjects: (facts) => endpointsOf(facts.of(netService)),
  async observe(subject, { facts, emit }) {
    if (subject.kind !== 'endpoint') return;
    for (const fact of factsAt(facts.of(netService), subject)) {
      const { product, version, protocol } = fact.data;
      if (product === undefined || version === undefined) continue;
      const where = protocol === 'http' || protocol === 'rtsp' || protocol === 'cwmp' ? 'Server header' : 'banner';
      emit(netDisclosure, { software: product, version, where }, { derivedFrom: [fact], evidence: fact.evidence });
    }
  },
};
