/** Whether what was observed of the product is what the maker says it has. */
import type { Fact } from '../../../core/model/fact.ts';
import type { Deriver } from '../../../core/model/gatherer.ts';
import { agreementFeature, declaredFeature, featurePresent } from '../../../facts/index.ts';

export const declaredFeatures: Deriver = {
  id: 'declared/features',
  title: 'Features, declared and observed',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [declaredFeature, featurePresent],
  produces: [agreementFeature],
  subjects: () => [{ kind: 'target' }],
  observe(_subject, { facts, emit }) {
    const observed = new Map<string, Fact>(
      facts
        .of(featurePresent)
        .filter((fact) => fact.data.present)
        .map((fact) => [fact.data.name, fact]),
    );
    for (const fact of facts.of(declaredFeature)) {
      const seen = observed.get(fact.data.name);
      // What was not observed contradicts nobody: a feature is absent by declaration only.
      if (seen === undefined) continue;
      const { name, present } = fact.data;
      const declared = `${name}: ${present ? 'present' : 'absent'}`;
      emit(
        agreementFeature,
        { topic: 'present', agrees: present, declared, observed: `${name}: present` },
        { derivedFrom: [fact, seen] },
      );
    }
    return Promise.resolve();
  },
};
