/** Whether a control applies: three-valued, over features that were observed, proven absent or declared. */
import type { Applicability, FeatureStatement, Statements } from '../model/baseline.ts';
import type { Fact } from '../model/fact.ts';
import { allThree, anyThree, notThree, type Truth } from '../model/ternary.ts';

/** What is known of one feature, and from where. */
export interface FeatureTruth {
  readonly truth: Truth;
  readonly basis: 'observed' | 'declared' | 'unknown';
  /** In words, for the report. */
  readonly because: string;
}
export type Features = (name: string) => FeatureTruth;

/**
 * True by observation or declaration; false only by a fact that proves it or by a declaration with its rationale. Seen
 * outweighs declared: what is declared absent and was observed applies.
 */
export function featuresOf(observed: readonly Fact[], statements: Statements): Features {
  const seen = new Map<string, boolean>();
  for (const { data } of observed) {
    const { name, present } = data as { readonly name?: unknown; readonly present?: unknown };
    if (typeof name === 'string' && typeof present === 'boolean') seen.set(name, present || seen.get(name) === true);
  }
  return (name) => {
    const said = Object.hasOwn(statements.features, name) ? statements.features[name] : undefined;
    const fact = seen.get(name);
    if (fact === true) {
      const against = said?.present === false ? ', though it is declared absent' : '';
      return { truth: true, basis: 'observed', because: `${name} was observed${against}` };
    }
    if (said?.present === true) return { truth: true, basis: 'declared', because: `${name} is declared` };
    if (fact === false) return { truth: false, basis: 'observed', because: `${name} is absent from the image` };
    return unobserved(name, said);
  };
}

function unobserved(name: string, said: FeatureStatement | undefined): FeatureTruth {
  if (said === undefined) return { truth: 'unknown', basis: 'unknown', because: `whether it has ${name} is unknown` };
  const rationale = said.rationale?.trim() ?? '';
  return rationale === ''
    ? { truth: 'unknown', basis: 'unknown', because: `${name} is declared absent without a rationale` }
    : { truth: false, basis: 'declared', because: `${name} is declared absent: ${rationale}` };
}

export interface Applies {
  readonly truth: Truth;
  readonly declared: boolean;
  /** Absent for what applies always. */
  readonly because?: string;
  /** Features that nobody knows of. */
  readonly unknown: readonly string[];
}

export function applies(applicability: Applicability, features: Features): Applies {
  if ('always' in applicability) return { truth: true, declared: false, unknown: [] };
  const named = [...new Set(featureNames(applicability))].map((name) => ({ name, ...features(name) }));
  const truth = judge(applicability, features);
  const telling = named.filter((one) => truth === 'unknown' || one.basis !== 'unknown');
  const reasons = (telling.length === 0 ? named : telling).map(({ because }) => because).join('; ');
  return {
    truth,
    declared: named.some(({ basis }) => basis === 'declared'),
    because: truth === 'unknown' ? `counts as applying: ${reasons}` : reasons,
    unknown: truth === 'unknown' ? named.filter((one) => one.basis === 'unknown').map(({ name }) => name) : [],
  };
}

function judge(applicability: Applicability, features: Features): Truth {
  if ('always' in applicability) return true;
  if ('feature' in applicability) return features(applicability.feature).truth;
  if ('all' in applicability) return allThree(applicability.all.map((one) => judge(one, features)));
  if ('any' in applicability) return anyThree(applicability.any.map((one) => judge(one, features)));
  return notThree(judge(applicability.not, features));
}

/** Every feature that an applicability names. */
export function featureNames(applicability: Applicability): readonly string[] {
  if ('always' in applicability) return [];
  if ('feature' in applicability) return [applicability.feature];
  if ('all' in applicability) return applicability.all.flatMap(featureNames);
  if ('any' in applicability) return applicability.any.flatMap(featureNames);
  return featureNames(applicability.not);
}
