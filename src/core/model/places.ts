/** Where a word stands in the observed file, for analyzers that leave open what lies beyond the places that are kept. */
import type { AnalyzerContext, Places } from './gatherer.ts';

/** The places of a word, and a gap where there may be more; `what` names it there. */
export function placesOf(word: string, context: Pick<AnalyzerContext, 'places' | 'gap'>, what = word): Places['at'] {
  const { at, cut } = context.places(word);
  if (cut !== undefined) context.gap({ kind: 'over-budget', message: `${cut} of ${what}` });
  return at;
}
