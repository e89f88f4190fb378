/** A phrase: what a fact says, in the words of an engineer, for messages of checks. */
import type { FactType } from '../../core/model/fact.ts';

/** How facts of one type are told. The words hold text of targets: renderers escape it. */
export interface Phrase {
  readonly type: string;
  tell(data: unknown): string;
}

export const phrase = <T>(type: FactType<T>, tell: (data: T) => string): Phrase => ({
  type: type.name,
  tell: (data) => tell(data as T),
});

/** Items told before the rest is counted. */
const NAMED = 6;

/** `a, b and 3 more`; `nothing` for none. */
export function some(items: readonly string[], nothing = 'none'): string {
  if (items.length === 0) return nothing;
  const rest = items.length - NAMED;
  return rest > 0 ? `${items.slice(0, NAMED).join(', ')} and ${rest} more` : items.join(', ');
}

/** Parts that are there, joined; what is false or absent falls out. */
export const parts = (...all: readonly (string | false | undefined)[]): string =>
  all.filter((one) => one !== undefined && one !== false && one !== '').join(', ');

/** The day of an ISO 8601 instant. */
export const day = (instant: string): string => instant.slice(0, 10);
