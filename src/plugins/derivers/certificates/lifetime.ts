/** How long served certificates still last, against the date of judgement. */
import type { Deriver } from '../../../core/model/gatherer.ts';
import { certificateLifetime, tlsCertificate } from '../../../facts/index.ts';

const DAY = 86_400_000;

export const certificatesLifetime: Deriver = {
  id: 'certificates/lifetime',
  title: 'Lifetime of served certificates',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [tlsCertificate],
  produces: [certificateLifetime],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, { facts, emit, settings }) {
    for (const fact of facts.of(tlsCertificate)) {
      if (fact.data.position !== 'leaf') continue;
      const daysLeft = Math.floor((Date.parse(fact.data.notAfter) - Date.parse(settings.now)) / DAY);
      if (!Number.isFinite(daysLeft)) continue;
      emit(
        certificateLifetime,
        { subject: fact.data.subject, spki: fact.data.spki, daysLeft },
        { subject: fact.subject, derivedFrom: [fact] },
      );
    }
    return Promise.resolve();
  },
};
