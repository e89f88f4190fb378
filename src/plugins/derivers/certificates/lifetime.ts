/** How long served certificates still last, against the date of judgement and the support period. */
import type { Deriver } from '../../../core/model/gatherer.ts';
import { certificateLifetime, declaredSupport, tlsCertificate } from '../../../facts/index.ts';

const DAY = 86_400_000;

export const certificatesLifetime: Deriver = {
  id: 'certificates/lifetime',
  title: 'Lifetime of served certificates',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredSupport, tlsCertificate],
  produces: [certificateLifetime],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, { facts, emit, settings }) {
    const support = facts.of(declaredSupport)[0];
    for (const fact of facts.of(tlsCertificate)) {
      if (fact.data.position !== 'leaf') continue;
      const daysLeft = Math.floor((Date.parse(fact.data.notAfter) - Date.parse(settings.now)) / DAY);
      if (!Number.isFinite(daysLeft)) continue;
      const outlives =
        support === undefined
          ? 'unknown'
          : Date.parse(fact.data.notAfter) >= Date.parse(support.data.until)
            ? 'yes'
            : 'no';
      emit(
        certificateLifetime,
        { subject: fact.data.subject, spki: fact.data.spki, daysLeft, outlivesSupport: outlives },
        { subject: fact.subject, derivedFrom: support === undefined ? [fact] : [fact, support] },
      );
    }
    return Promise.resolve();
  },
};
