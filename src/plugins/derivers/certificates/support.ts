/** Whether served certificates last as long as the maker says that the product is supported. */
import type { Deriver } from '../../../core/model/gatherer.ts';
import { certificateSupport, declaredSupport, tlsCertificate } from '../../../facts/index.ts';

export const certificatesSupport: Deriver = {
  id: 'certificates/support',
  title: 'Served certificates and the support period',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredSupport, tlsCertificate],
  produces: [certificateSupport],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, { facts, emit }) {
    const support = facts.of(declaredSupport)[0];
    const end = Date.parse(support?.data.until ?? '');
    if (support === undefined || !Number.isFinite(end)) return Promise.resolve();
    for (const fact of facts.of(tlsCertificate)) {
      const { position, subject, spki, notAfter } = fact.data;
      const ends = Date.parse(notAfter);
      if (position !== 'leaf' || !Number.isFinite(ends)) continue;
      emit(
        certificateSupport,
        { subject, spki, outlives: ends >= end, ends: notAfter, until: support.data.until },
        { subject: fact.subject, derivedFrom: [fact, support] },
      );
    }
    return Promise.resolve();
  },
};
