/** What is asked: baselines, controls, units and checks, compiled and ready to judge. */
import type { Place } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import type { Condition } from './condition.ts';
import type { Area } from './target.ts';
import type { Mark, Obligation, Severity } from './verdict.ts';

export type Parameters = { readonly [name: string]: Json };

/** A check with its parameters filled in: `key` is `id{name=value,…}` with names sorted, the id alone without parameters. */
export interface Check {
  readonly key: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly title: string;
  readonly severity: Severity;
  readonly over?: Area;
  /** Dropped (vacuous) where this is false; open where it is unknown. */
  readonly appliesWhen?: Condition;
  readonly expect: Condition;
  /** Two sentences for the report: what holds, what does not. `{parameter}` already filled in. */
  readonly message?: { readonly pass?: string; readonly fail?: string };
  readonly remediation: string;
  readonly references: readonly string[];
  readonly examples: readonly Example[];
  readonly at: Place;
}

/** A worked case inside a check: facts by type name, or `{type, subject, data}`, and the outcome that they must give. */
export interface Example {
  readonly outcome: 'pass' | 'fail' | 'inconclusive' | 'vacuous';
  readonly facts: readonly { readonly type: string; readonly subject?: string; readonly data: Json }[];
  readonly unseen: readonly string[];
  readonly at: Place;
}

/** One piece of a control's proof. The mark belongs to the unit's reference, never to the check. */
export interface Unit {
  readonly id: string;
  readonly title?: string;
  readonly mark: Mark;
  readonly checks: readonly Check[];
  /** What a person has to do; present for `person` and `refute`. */
  readonly work?: string;
}

/** A condition over features; three-valued. */
export type Applicability =
  | { readonly always: true }
  | { readonly feature: string }
  | { readonly all: readonly Applicability[] }
  | { readonly any: readonly Applicability[] }
  | { readonly not: Applicability };

export interface CrossReference {
  readonly standard: string;
  readonly ids: readonly string[];
  /** Whether the source itself names the link, or a catalogue judged it. */
  readonly judged: boolean;
}

export interface Control {
  readonly id: string;
  readonly title: string;
  /** What it asks, in our words. */
  readonly text: string;
  readonly section?: string;
  readonly obligation: Obligation;
  readonly levels?: readonly string[];
  /** The standard's own status, e.g. ETSI's `M C (3)`. */
  readonly status?: string;
  readonly applies: Applicability;
  readonly units: readonly Unit[];
  /** Passes if all of these controls (`baseline/control`) pass. */
  readonly deemedBy?: readonly string[];
  readonly draft?: boolean;
  readonly confidence?: string;
  readonly note?: string;
  readonly references: readonly CrossReference[];
  readonly at: Place;
}

/** One edition of one standard. */
export interface Baseline {
  readonly id: string;
  readonly version: string;
  readonly revision: string;
  readonly title: string;
  readonly publisher?: string;
  readonly licence?: string;
  readonly levels: readonly string[];
  readonly level?: string;
  readonly controls: readonly Control[];
  readonly excluded: readonly { readonly control: string; readonly reason: string }[];
  readonly sha256: string;
  readonly at: Place;
}

/** An accepted failure or gap, signed and dated. */
export interface Waiver {
  readonly control: string;
  readonly check?: string;
  readonly subject?: string;
  readonly kind: 'accepted-risk' | 'false-positive';
  readonly reason: string;
  readonly approvedBy: string;
  /** Last day on which it counts, YYYY-MM-DD. */
  readonly expires: string;
  readonly at: Place;
}

/** A person's word on a unit: `baseline/control/unit`. */
export interface Attestation {
  readonly unit: string;
  readonly verdict: 'pass' | 'fail';
  readonly by: string;
  readonly on: string;
  readonly evidence?: { readonly path: string; readonly sha256: string };
  readonly note?: string;
}

/** What the declaration says of one feature; absent needs a rationale. */
export interface FeatureStatement {
  readonly present: boolean;
  readonly rationale?: string;
}

/** What evaluation needs of the maker's declaration. */
export interface Statements {
  readonly attestations: readonly Attestation[];
  readonly features: { readonly [feature: string]: FeatureStatement };
}
