/** How every, some, none and count judge facts of one type: three-valued, with one judgement a subject. */
import type { Judgement, SubjectJudgement } from '../model/condition.ts';
import type { Coverage, Fact, Gap } from '../model/fact.ts';
import { type Area, nameOf, type Subject } from '../model/target.ts';
import { allThree, notThree, type Truth } from '../model/ternary.ts';
import type { Matcher } from './matcher.ts';
import type { MatchContext } from './value-test.ts';

export interface Sight {
  readonly facts: readonly Fact[];
  readonly coverage: Coverage;
  /** The fact type, and the area that the check speaks of. */
  readonly type: string;
  readonly area: Area;
}

/** A fact with what is said of it; `untold` names the members that left it open. */
interface Judged {
  readonly fact: Fact;
  readonly truth: Truth;
  readonly untold: readonly string[];
}

export function judgeSome(sight: Sight, where: Matcher, match: MatchContext): Judgement {
  const { facts, coverage } = sight;
  const judged = facts.map((fact) => judgeFact(fact, where, match));
  const found = judged.filter((one) => one.truth === true).map((one) => one.fact);
  const open = judged.filter((one) => one.truth === 'unknown');
  const absent: Truth = coverage.complete && open.length === 0 ? false : 'unknown';
  return {
    truth: found.length > 0 ? true : absent,
    because: found.length > 0 ? found : facts,
    gaps: [...coverage.gaps, ...untoldGaps(open, sight)],
    vacuous: false,
  };
}

export function judgeNone(sight: Sight, where: Matcher, match: MatchContext): Judgement {
  const some = judgeSome(sight, where, match);
  const judged = sight.facts.map((fact) => {
    const one = judgeFact(fact, where, match);
    return { ...one, truth: notThree(one.truth) };
  });
  return {
    ...some,
    truth: notThree(some.truth),
    subjects: bySubject(judged, sight, (fact) => where.says(fact.data)),
  };
}

export function judgeEvery(sight: Sight, where: Matcher, satisfies: Matcher, match: MatchContext): Judgement {
  const { facts, coverage } = sight;
  const judged = facts
    .map((fact) => judgeSelected(fact, where, satisfies, match))
    .filter((one): one is Judged => one !== undefined);
  const failing = judged.filter((one) => one.truth === false).map((one) => one.fact);
  const open = judged.filter((one) => one.truth === 'unknown');
  const fine: Truth = coverage.complete && open.length === 0 ? true : 'unknown';
  return {
    truth: failing.length > 0 ? false : fine,
    because: failing.length > 0 ? failing : judged.map((one) => one.fact),
    gaps: [...coverage.gaps, ...untoldGaps(open, sight)],
    vacuous: judged.length === 0 && coverage.complete,
    subjects: bySubject(judged, sight, (fact) => satisfies.why(fact.data, match)),
  };
}

export function judgeCount(
  sight: Sight,
  where: Matcher,
  match: MatchContext,
  bounds: { readonly min: number; readonly max: number },
): Judgement {
  const { facts, coverage } = sight;
  const judged = facts.map((fact) => judgeFact(fact, where, match));
  const found = judged.filter((one) => one.truth === true).map((one) => one.fact);
  const open = judged.filter((one) => one.truth === 'unknown');
  const most = coverage.complete ? found.length + open.length : Number.POSITIVE_INFINITY;
  return {
    truth: allThree([
      within(found.length >= bounds.min, most < bounds.min),
      within(most <= bounds.max, found.length > bounds.max),
    ]),
    because: found,
    gaps: [...coverage.gaps, ...untoldGaps(open, sight)],
    vacuous: false,
  };
}

/** True where it is sure to hold, false where it is sure not to. */
function within(sure: boolean, never: boolean): Truth {
  if (sure) return true;
  return never ? false : 'unknown';
}

function judgeFact(fact: Fact, where: Matcher, match: MatchContext): Judged {
  const truth = where.truth(fact.data, match);
  return { fact, truth, untold: truth === 'unknown' ? where.untold(fact.data, match) : [] };
}

/** A selected fact, or one of which nobody knows whether it is selected: open then, unless it satisfies anyway. */
function judgeSelected(fact: Fact, where: Matcher, satisfies: Matcher, match: MatchContext): Judged | undefined {
  const selected = where.truth(fact.data, match);
  if (selected === false) return undefined;
  const satisfied = judgeFact(fact, satisfies, match);
  if (selected === true || satisfied.truth === true) return satisfied;
  return { fact, truth: 'unknown', untold: [...where.untold(fact.data, match), ...satisfied.untold] };
}

/** A gap for each subject and member that could not be told, so that what is open always says why. */
function untoldGaps(open: readonly Judged[], { type, area }: Sight): readonly Gap[] {
  const gaps = new Map<string, Gap>();
  for (const { fact, untold } of open) {
    const message = `${untold.join(' and ')} could not be told`;
    gaps.set(`${nameOf(fact.subject)} ${message}`, {
      source: 'condition',
      scope: fact.subject,
      area,
      facts: [type],
      unseen: { kind: 'unrecognised', message },
    });
  }
  return [...gaps.values()];
}

type Why = (fact: Fact) => string | undefined;

/** One judgement a subject: false by one fact, open by a gap on that very subject, else true. Other gaps are open judgements of their own. */
function bySubject(judged: readonly Judged[], sight: Sight, why: Why): readonly SubjectJudgement[] {
  const { coverage } = sight;
  const groups = gather(judged, (one) => nameOf(one.fact.subject));
  const gaps = gather(coverage.gaps, (gap) => nameOf(gap.scope));
  const seen = [...groups].map(([name, group]) =>
    subjectJudgement(group, [...(gaps.get(name) ?? []), ...untoldOf(group, sight)], why),
  );
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

const untoldOf = (judged: readonly Judged[], sight: Sight): readonly Gap[] =>
  untoldGaps(
    judged.filter((one) => one.truth === 'unknown'),
    sight,
  );

function subjectJudgement(judged: readonly Judged[], gaps: readonly Gap[], why: Why): SubjectJudgement {
  const subject: Subject = judged[0]?.fact.subject ?? { kind: 'target' };
  const failing = judged.filter((one) => one.truth === false).map((one) => one.fact);
  const [first] = failing;
  if (first === undefined)
    return { subject, truth: gaps.length > 0 ? 'unknown' : true, because: judged.map((one) => one.fact), gaps };
  const words = why(first);
  return { subject, truth: false, because: failing, gaps, ...(words === undefined ? {} : { why: words }) };
}
