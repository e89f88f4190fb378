/** How every, some, none and count judge facts of one type: three-valued, with one judgement a subject. */
import type { Judgement, SubjectJudgement } from '../model/condition.ts';
import type { Coverage, Fact, Gap } from '../model/fact.ts';
import { nameOf, type Subject } from '../model/target.ts';
import { allThree, notThree, type Truth } from '../model/ternary.ts';
import type { MatchContext, Matcher } from './matcher.ts';

export interface Sight {
  readonly facts: readonly Fact[];
  readonly coverage: Coverage;
}

export function judgeSome({ facts, coverage }: Sight, where: Matcher, match: MatchContext): Judgement {
  const found = facts.filter((fact) => where.matches(fact.data, match));
  const absent: Truth = coverage.complete ? false : 'unknown';
  return {
    truth: found.length > 0 ? true : absent,
    because: found.length > 0 ? found : facts,
    gaps: coverage.gaps,
    vacuous: false,
  };
}

export function judgeNone(sight: Sight, where: Matcher, match: MatchContext): Judgement {
  const some = judgeSome(sight, where, match);
  const judged = sight.facts.map((fact) => ({ fact, holds: !where.matches(fact.data, match) }));
  return {
    ...some,
    truth: notThree(some.truth),
    subjects: bySubject(judged, sight.coverage, (fact) => where.says(fact.data)),
  };
}

export function judgeEvery(
  { facts, coverage }: Sight,
  where: Matcher,
  satisfies: Matcher,
  match: MatchContext,
): Judgement {
  const selected = facts.filter((fact) => where.matches(fact.data, match));
  const judged = selected.map((fact) => ({ fact, holds: satisfies.matches(fact.data, match) }));
  const failing = judged.filter((one) => !one.holds).map((one) => one.fact);
  const fine: Truth = coverage.complete ? true : 'unknown';
  return {
    truth: failing.length > 0 ? false : fine,
    because: failing.length > 0 ? failing : selected,
    gaps: coverage.gaps,
    vacuous: judged.length === 0 && coverage.complete,
    subjects: bySubject(judged, coverage, (fact) => satisfies.why(fact.data, match)),
  };
}

export function judgeCount(
  { facts, coverage }: Sight,
  where: Matcher,
  match: MatchContext,
  bounds: { readonly min: number; readonly max: number },
): Judgement {
  const found = facts.filter((fact) => where.matches(fact.data, match));
  const short: Truth = coverage.complete ? false : 'unknown';
  const enough: Truth = found.length >= bounds.min ? true : short;
  const bounded: Truth = coverage.complete || bounds.max === Number.POSITIVE_INFINITY ? true : 'unknown';
  const few: Truth = found.length > bounds.max ? false : bounded;
  return { truth: allThree([enough, few]), because: found, gaps: coverage.gaps, vacuous: false };
}

interface Judged {
  readonly fact: Fact;
  readonly holds: boolean;
}
type Why = (fact: Fact) => string | undefined;

/** One judgement a subject: false by one fact, open by a gap on that very subject, else true. Other gaps are open judgements of their own. */
function bySubject(judged: readonly Judged[], coverage: Coverage, why: Why): readonly SubjectJudgement[] {
  const groups = gather(judged, (one) => nameOf(one.fact.subject));
  const gaps = gather(coverage.gaps, (gap) => nameOf(gap.scope));
  const seen = [...groups].map(([name, group]) => subjectJudgement(group, gaps.get(name) ?? [], why));
  const hidden = [...gaps].filter(([name]) => !groups.has(name));
  // Nobody looked and no gap says why: the target as a whole is open, never silently fine.
  const unheard = !coverage.complete && coverage.gaps.length === 0 ? [openJudgement([])] : [];
  return [...seen, ...hidden.map(([, list]) => openJudgement(list)), ...unheard];
}

function gather<T>(items: readonly T[], name: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(name(item));
    if (group === undefined) groups.set(name(item), [item]);
    else group.push(item);
  }
  return groups;
}

function openJudgement(gaps: readonly Gap[]): SubjectJudgement {
  const subject: Subject = gaps[0]?.scope ?? { kind: 'target' };
  return { subject, truth: 'unknown', because: [], gaps };
}

function subjectJudgement(judged: readonly Judged[], gaps: readonly Gap[], why: Why): SubjectJudgement {
  const subject: Subject = judged[0]?.fact.subject ?? { kind: 'target' };
  const failing = judged.filter((one) => !one.holds).map((one) => one.fact);
  const [first] = failing;
  if (first === undefined)
    return { subject, truth: gaps.length > 0 ? 'unknown' : true, because: judged.map((one) => one.fact), gaps };
  const words = why(first);
  return { subject, truth: false, because: failing, gaps, ...(words === undefined ? {} : { why: words }) };
}
