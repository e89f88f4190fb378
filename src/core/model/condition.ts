/** A compiled condition: pure, synchronous, and honest about what it could not see. */
import type { Fact, FactView, Gap } from './fact.ts';
import type { Area, Subject } from './target.ts';
import type { Truth } from './ternary.ts';

/** What a top-level `every` or `none` says of one subject. */
export interface SubjectJudgement {
  readonly subject: Subject;
  readonly truth: Truth;
  readonly because: readonly Fact[];
  readonly gaps: readonly Gap[];
  /** Of a failed fact: which member did not satisfy, in words (`version is TLSv1, expected at least TLSv1.2`). */
  readonly why?: string;
}

export interface Judgement {
  readonly truth: Truth;
  /** Facts that decided it. */
  readonly because: readonly Fact[];
  /** Gaps that left it open, or that stand beside what was seen. */
  readonly gaps: readonly Gap[];
  /** True of nothing: no fact was selected though all was seen. */
  readonly vacuous: boolean;
  /** Of a top-level `every` or `none`: one judgement for each subject. Absent for every other form. */
  readonly subjects?: readonly SubjectJudgement[];
}

export interface JudgeContext {
  readonly facts: FactView;
  /** What the check speaks of; undefined: each fact type's own area. */
  readonly over?: Area;
  /** Date of judgement, ISO 8601: for keywords such as `withinDays`. */
  readonly at: string;
}

export interface Condition {
  /** Fact names it reads: what the planner needs to know. */
  readonly reads: ReadonlySet<string>;
  /** Members that it looks at, as `fact.member`, for lint. */
  readonly members: ReadonlySet<string>;
  judge(context: JudgeContext): Judgement;
}
