/** One check over the facts: a result for each subject, and what they come to. */

import { safeText } from '../../lib/text.ts';
import type { Check } from '../model/baseline.ts';
import type { Judgement, SubjectJudgement } from '../model/condition.ts';
import type { Fact, FactView, Gap } from '../model/fact.ts';
import type { CheckReport, Result } from '../model/report.ts';
import { nameOf, type Subject, shownName } from '../model/target.ts';
import { gravest, type Outcome, type Reason, uniteReasons } from '../model/verdict.ts';
import { compare } from './facts.ts';

/** A check as judged, before any waiver. */
export interface JudgedCheck {
  readonly check: Check;
  readonly report: CheckReport;
  /** Whether it rests on what somebody states, on what was observed, or both. */
  readonly declared: boolean;
  readonly observed: boolean;
}

/** What a fact says in an engineer's words; undefined where its type has none of its own. */
export type Tell = (fact: Fact) => string | undefined;

const TARGET: Subject = { kind: 'target' };
/** Gaps named in one sentence before the rest is counted. */
const NAMED_GAPS = 2;
/** Facts told in one message before the rest is counted, and the length of what each says. */
const TOLD_FACTS = 4;
const TOLD_LENGTH = 300;

export function judgeCheck(check: Check, facts: FactView, at: string, tell: Tell): JudgedCheck {
  const context = { facts, at, ...(check.over === undefined ? {} : { over: check.over }) };
  const when = check.appliesWhen?.judge(context);
  if (when?.truth === false) return judged(check, [], { vacuous: true, facts: when.because, gaps: [] });
  const judgement = check.expect.judge(context);
  if (when?.truth === 'unknown') {
    const gaps = [...when.gaps, ...judgement.gaps];
    return judged(check, [openResult(when, judgement)], { ...blank(judgement), gaps });
  }
  const vacuous = judgement.truth === true && judgement.vacuous;
  return judged(check, vacuous ? [] : resultsOf(check, judgement, tell), { ...blank(judgement), vacuous });
}

interface Rest {
  readonly vacuous: boolean;
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
}
const blank = (judgement: Judgement): Rest => ({ vacuous: false, facts: judgement.because, gaps: judgement.gaps });

/** It is not known whether the check has anything to speak of. */
function openResult(when: Judgement, judgement: Judgement): Result {
  const gaps = [...when.gaps, ...judgement.gaps];
  return {
    subject: TARGET,
    ...inconclusive(gaps),
    message: `whether it applies is not known; ${unseen(gaps)}`,
    facts: ids([...when.because, ...judgement.because]),
  };
}

function resultsOf(check: Check, judgement: Judgement, tell: Tell): readonly Result[] {
  const { subjects } = judgement;
  if (subjects === undefined) return [resultOf(check, { subject: TARGET, ...judgement }, tell)];
  const results = subjects
    .map((subject) => resultOf(check, subject, tell))
    .toSorted((a, b) => compare(nameOf(a.subject), nameOf(b.subject)));
  if (judgement.truth === 'unknown' && results.every(({ outcome }) => outcome === 'pass')) {
    const { gaps } = judgement;
    results.push({ subject: TARGET, ...inconclusive(gaps), message: unseen(gaps), facts: [] });
  }
  if (judgement.truth === false && results.every(({ outcome }) => outcome !== 'fail'))
    results.push(resultOf(check, { ...judgement, subject: TARGET }, tell));
  if (results.length === 0) return [resultOf(check, { ...judgement, subject: TARGET }, tell)];
  return results;
}

function resultOf(check: Check, one: SubjectJudgement, tell: Tell): Result {
  const facts = ids(one.because);
  switch (one.truth) {
    case true:
      return { subject: one.subject, outcome: 'pass', reasons: [], message: passMessage(check), facts };
    case false:
      return { subject: one.subject, outcome: 'fail', reasons: [], message: failMessage(check, one, tell), facts };
    case 'unknown':
      return { subject: one.subject, ...inconclusive(one.gaps), message: openMessage(one, tell), facts };
  }
}

const passMessage = (check: Check): string => check.message?.pass ?? check.title;
function failMessage(check: Check, one: SubjectJudgement, tell: Tell): string {
  const seen = told(one, tell);
  const words = check.message?.fail;
  if (words === undefined) return seen ?? decided(one) ?? `does not hold: ${check.title}`;
  const why = seen ?? placeOf(one);
  return why === undefined ? words : `${words} (${why})`;
}

/** What the deciding facts say and where; undefined where the type of one has no words. */
function told(one: SubjectJudgement, tell: Tell): string | undefined {
  const said = new Map<string, Set<string>>();
  for (const fact of one.because) {
    const words = tell(fact);
    if (words === undefined) return undefined;
    const here = fact.subject.kind === 'target' || nameOf(fact.subject) === nameOf(one.subject);
    const line = `${here ? '' : `${nameOf(fact.subject)}: `}${safeText(words, TOLD_LENGTH)}`;
    const places = said.get(line) ?? new Set();
    said.set(line, fact.where === undefined ? places : places.add(fact.where));
  }
  if (said.size === 0) return undefined;
  const more = said.size > TOLD_FACTS ? `; and ${said.size - TOLD_FACTS} more` : '';
  const lines = [...said].slice(0, TOLD_FACTS);
  const everywhere = new Set(lines.map(([, places]) => placesOf(places)));
  if (everywhere.size === 1) return `${lines.map(([line]) => line).join('; ')}${more}${[...everywhere].join('')}`;
  return `${lines.map(([line, places]) => `${line}${placesOf(places)}`).join('; ')}${more}`;
}

const placesOf = (places: ReadonlySet<string>): string =>
  places.size === 0 ? '' : ` (${[...places].slice(0, TOLD_FACTS).join(', ')})`;

/** The member that decided it, and where. */
function decided(one: SubjectJudgement): string | undefined {
  const words = [one.why, placeOf(one)].filter((part) => part !== undefined);
  return words.length === 0 ? undefined : words.join('; ');
}
const placeOf = (one: SubjectJudgement): string | undefined =>
  one.because.find((fact) => fact.where !== undefined)?.where;

/** A bug of ours makes an error; all else is open, for want of sight or for want of something not given. */
function inconclusive(gaps: readonly Gap[]): { readonly outcome: Outcome; readonly reasons: readonly Reason[] } {
  const reasons = uniteReasons([gaps.length === 0 ? ['not-given'] : gaps.map(reasonOf)]);
  return { outcome: gaps.some(({ unseen: { kind } }) => kind === 'bug') ? 'error' : 'inconclusive', reasons };
}
const reasonOf = (gap: Gap): Reason => (gap.unseen.kind === 'not-given' ? 'not-given' : 'gap');

/** What was not seen, and of a member that could not be told what its fact says of it. */
function openMessage(one: SubjectJudgement, tell: Tell): string {
  const untold = one.gaps.length > 0 && one.gaps.every(({ source }) => source === 'condition');
  const said = untold ? told(one, tell) : undefined;
  return said === undefined ? unseen(one.gaps) : `${unseen(one.gaps)} (${said})`;
}

/** What was not seen, in one sentence. */
function unseen(gaps: readonly Gap[]): string {
  if (gaps.length === 0) return 'not seen: nobody looked for it';
  const words = [...new Set(gaps.map(gapWords))];
  const more = words.length > NAMED_GAPS ? `, and ${words.length - NAMED_GAPS} more` : '';
  return `not seen: ${words.slice(0, NAMED_GAPS).join(', ')}${more}`;
}
function gapWords(gap: Gap): string {
  const flag = gap.unseen.kind === 'not-given' ? ` (${gap.unseen.flag})` : '';
  const where = gap.scope.kind === 'target' ? '' : `${shownName(gap.scope)}: `;
  return `${where}${gap.unseen.message}${flag}`;
}

function judged(check: Check, results: readonly Result[], rest: Rest): JudgedCheck {
  const count = (outcomes: readonly Outcome[]): number =>
    results.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const seen = { holds: count(['pass']), fails: count(['fail']), open: count(['inconclusive', 'error']) };
  const outcome = gravest(results.map((one) => one.outcome));
  const open = seen.open > 0;
  const report: CheckReport = {
    key: check.key,
    id: check.id,
    parameters: check.parameters,
    title: check.title,
    severity: check.severity,
    outcome,
    reasons: uniteReasons(results.map(({ reasons }) => reasons)),
    vacuous: rest.vacuous,
    seen,
    message: checkMessage(check, results, rest.vacuous, seen),
    remediation: check.remediation,
    references: check.references,
    settle: open ? flagsOf(rest.gaps) : [],
    results,
  };
  const facts = rest.facts;
  const declared = facts.some(({ method }) => method === 'INTERVIEW');
  return { check, report, declared, observed: facts.some(({ method }) => method !== 'INTERVIEW') || !declared };
}

/** Flags that would settle gaps, each once, in order. */
export const flagsOf = (gaps: readonly Gap[]): readonly string[] =>
  [...new Set(gaps.flatMap(({ unseen: one }) => (one.kind === 'not-given' ? [one.flag] : [])))].sort(compare);

function checkMessage(check: Check, results: readonly Result[], vacuous: boolean, seen: CheckReport['seen']): string {
  if (vacuous) return 'nothing that it speaks of was found';
  const worst = gravest(results.map(({ outcome }) => outcome));
  if (worst === 'pass') return passMessage(check);
  const first = results.find(({ outcome }) => outcome === worst)?.message ?? check.title;
  if (worst === 'fail') return seen.fails > 1 ? `${first}, and ${seen.fails - 1} more` : first;
  return seen.holds > 0 ? `holds on ${seen.holds} of ${seen.holds} seen; ${first}` : first;
}

const ids = (facts: readonly Fact[]): readonly string[] => [...new Set(facts.map(({ id }) => id))].sort(compare);
