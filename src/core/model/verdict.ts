/** Outcomes, reasons, and how they roll up. */

export const OUTCOMES = ['pass', 'fail', 'inconclusive', 'not-applicable', 'waived', 'error'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const REASONS = ['gap', 'not-given', 'unattested', 'unrefuted'] as const;
export type Reason = (typeof REASONS)[number];

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const MARKS = ['decide', 'refute', 'person'] as const;
/** What a unit's checks can do for it: give pass and fail, only fail it, or nothing without a person. */
export type Mark = (typeof MARKS)[number];

export const OBLIGATIONS = ['mandatory', 'recommended', 'advisory'] as const;
export type Obligation = (typeof OBLIGATIONS)[number];

/** Gravest first: a fail outweighs what could not be seen, that outweighs what was accepted, that outweighs good. */
const GRAVITY: readonly Outcome[] = ['fail', 'error', 'inconclusive', 'waived', 'pass', 'not-applicable'];

/** The gravest of some outcomes; nothing at all is not-applicable, the neutral element. Associative, commutative, idempotent. */
export function gravest(outcomes: readonly Outcome[]): Outcome {
  return GRAVITY.find((outcome) => outcomes.includes(outcome)) ?? 'not-applicable';
}

/** Reasons without repetition, in their fixed order. */
export const uniteReasons = (lists: readonly (readonly Reason[])[]): readonly Reason[] =>
  REASONS.filter((reason) => lists.some((list) => list.includes(reason)));
