/** Judges facts by baselines: a pure function of facts, gaps, baselines, statements, waivers and a date. */
import type { Baseline, Check, Statements, Waiver } from '../model/baseline.ts';
import type { Fact, Gap } from '../model/fact.ts';
import type { Assessment, CheckReport, Counts, GathererStatus, ImageCoverage, Report } from '../model/report.ts';
import { nameOf } from '../model/target.ts';
import { gravest, OUTCOMES, type Outcome } from '../model/verdict.ts';
import { featuresOf } from './applicability.ts';
import { compare, FactStore, gapsInOrder, type Heard, inOrder } from './facts.ts';
import { type JudgedCheck, judgeCheck, type Tell } from './judge-check.ts';
import { deem, type JudgedControl, judgeControl } from './judge-control.ts';
import type { Relations } from './relations.ts';
import { waivable, waiversOf } from './waive.ts';

/** Runs of bytes of one image that the report lays out. */
const RUNS = 200;

/** Fact names that the engine itself looks at; handed in, for the core knows none. */
export interface Words {
  /** Facts with `name` and `present`. */
  readonly feature: string;
  /** Facts with the byte counts of an image. */
  readonly imageCoverage: string;
  /** Facts with `kind`, `start` and `end` of a run of bytes, and its `format` where one was recognised. */
  readonly imageRegion: string;
}

export interface Evidence {
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
  readonly heard: readonly Heard[];
  readonly gatherers: readonly GathererStatus[];
}

export interface EvaluateRequest {
  readonly evidence: Evidence;
  readonly relations: Relations;
  readonly baselines: readonly Baseline[];
  readonly statements: Statements;
  readonly waivers: readonly Waiver[];
  readonly words: Words;
  readonly tell: Tell;
  /** Date of judgement, ISO 8601. */
  readonly at: string;
  /** Fact types that the baselines rest on; gaps in others are not told. */
  readonly relevant: ReadonlySet<string>;
  readonly head: Pick<Report, 'tool' | 'target' | 'scope' | 'inputs'>;
}

export function evaluate(request: EvaluateRequest): Report {
  const facts = storeOf(request);
  const judged = new Map<string, JudgedCheck>();
  for (const check of checksOf(request.baselines))
    judged.set(check.key, judgeCheck(check, facts, request.at, request.tell));
  const waivers = waiversOf(request.waivers, request.at);
  const bench = {
    features: featuresOf(facts.named(request.words.feature), request.statements),
    waivers,
    attestations: new Map(request.statements.attestations.map((one) => [one.unit, one])),
    judged: (key: string): JudgedCheck => {
      const found = judged.get(key);
      if (found === undefined) throw new Error(`the check ${key} was not judged`);
      return found;
    },
  };
  const controls = deem(
    request.baselines.map((baseline) => ({
      baseline: baseline.id,
      controls: baseline.controls.map((control) => judgeControl(baseline, control, bench)),
    })),
  );
  const assessments = request.baselines.map((baseline, index) =>
    assessmentOf(baseline, controls[index]?.controls ?? []),
  );
  const excused = waiving(request);
  const checks = [...judged.values()].map(({ report }) => excused(report)).sort((a, b) => compare(a.key, b.key));
  const cited = new Set(checks.flatMap(({ results }) => results.flatMap((result) => result.facts)));
  return {
    schema: 'assay/report/1',
    ...request.head,
    assessedAt: request.at,
    outcome: overall(assessments),
    assessments,
    checks,
    facts: facts.all().filter(({ id }) => cited.has(id)),
    coverage: coverageOf(request, facts),
    waivers: waivers.told(),
    settle: settleOf(controls.flatMap((one) => one.controls)),
  };
}

/** Facts and gaps in their fixed order, so that the report does not depend on which answer came first. */
function storeOf({ evidence, relations }: EvaluateRequest): FactStore {
  const store = new FactStore(relations);
  for (const fact of inOrder(evidence.facts)) store.add(fact);
  for (const gap of gapsInOrder(evidence.gaps)) store.addGap(gap);
  for (const heard of evidence.heard) store.hear(heard);
  return store;
}

/** Every check that some baseline cites, once for each set of parameters. */
export function checksOf(baselines: readonly Baseline[]): readonly Check[] {
  const found = new Map<string, Check>();
  for (const { controls } of baselines)
    for (const { units } of controls)
      for (const { checks } of units) for (const check of checks) found.set(check.key, check);
  return [...found.values()];
}

/** Fact types that baselines read: what a plan starts from. */
export function readsOf(baselines: readonly Baseline[], words: Words): ReadonlySet<string> {
  const reads = new Set<string>([words.feature, words.imageCoverage]);
  for (const { appliesWhen, expect } of checksOf(baselines))
    for (const name of [...expect.reads, ...(appliesWhen?.reads ?? [])]) reads.add(name);
  return reads;
}

/** Baselines that only recommend decide nothing where others do. */
function overall(assessments: readonly Assessment[]): Outcome {
  const deciding = assessments.filter(({ mandatory }) => Object.values(mandatory).some((count) => count > 0));
  return gravest((deciding.length > 0 ? deciding : assessments).map(({ outcome }) => outcome));
}

function assessmentOf(baseline: Baseline, judged: readonly JudgedControl[]): Assessment {
  const counting = judged.map(({ report }) => report).filter(({ draft }) => draft !== true);
  const mandatory = counting.filter(({ obligation }) => obligation === 'mandatory');
  return {
    baseline: {
      id: baseline.id,
      version: baseline.version,
      title: baseline.title,
      ...(baseline.level === undefined ? {} : { level: baseline.level }),
    },
    // Where nothing is mandatory nothing was decided: neither a pass nor «not applicable», which only applicability gives.
    outcome: mandatory.length === 0 ? 'inconclusive' : gravest(mandatory.map(({ outcome }) => outcome)),
    counts: countsOf(counting.map(({ outcome }) => outcome)),
    mandatory: countsOf(mandatory.map(({ outcome }) => outcome)),
    controls: judged.map(({ report }) => report),
  };
}

function countsOf(outcomes: readonly Outcome[]): Counts {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as { [O in Outcome]: number };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}

/** A result counts as waived in the list of checks where every control that cites the check waives it. */
function waiving({ baselines, waivers, at }: EvaluateRequest): (check: CheckReport) => CheckReport {
  if (waivers.length === 0) return (check) => check;
  const all = waiversOf(waivers, at);
  const citing = citingOf(baselines);
  return (check) => {
    const excuses = (citing.get(check.key) ?? []).map((name) => ({
      whole: all.whole(name),
      excuse: all.excuse(name),
    }));
    const results = check.results.map((result) => {
      const found = excuses.map(({ whole, excuse }) => excuse(result, check.id, check.key) ?? whole);
      const [first] = found;
      if (first === undefined || found.includes(undefined)) return result;
      if (!waivable(result.outcome)) return result;
      const { reason, approvedBy, expires } = first;
      const waiver = { reason, approvedBy, expires, instead: result.outcome };
      return { ...result, outcome: 'waived' as const, reasons: [], waiver };
    });
    return { ...check, results, outcome: gravest(results.map(({ outcome }) => outcome)) };
  };
}

/** The controls (`baseline/control`) that cite each check, by its key. */
function citingOf(baselines: readonly Baseline[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { id, controls } of baselines) {
    for (const control of controls) {
      const keys = new Set(control.units.flatMap(({ checks }) => checks.map(({ key }) => key)));
      for (const key of keys) found.set(key, [...(found.get(key) ?? []), `${id}/${control.id}`]);
    }
  }
  return found;
}

function coverageOf({ evidence, words, relevant }: EvaluateRequest, facts: FactStore): Report['coverage'] {
  const told = facts.allGaps().filter((gap) => gap.facts.some((name) => relevant.has(name)));
  return {
    gatherers: evidence.gatherers,
    gaps: gapsInOrder(told),
    images: facts.named(words.imageCoverage).map((fact) => imageCoverage(fact, facts.named(words.imageRegion))),
  };
}

function imageCoverage({ subject, data }: Fact, regions: readonly Fact[]): ImageCoverage {
  const counts = data as { readonly [name: string]: unknown };
  const count = (name: string): number => (typeof counts[name] === 'number' ? counts[name] : 0);
  return {
    path: subject.kind === 'image' ? subject.image : 'target',
    bytes: count('bytes'),
    understood: count('understood'),
    padding: count('padding'),
    acknowledged: count('acknowledged'),
    unknown: count('unknown'),
    encrypted: count('encrypted'),
    runs: runsOf(regions.filter((one) => nameOf(one.subject) === nameOf(subject))),
  };
}

/** The longest runs of an image, in the order in which they lie. */
function runsOf(regions: readonly Fact[]): ImageCoverage['runs'] {
  const runs = regions.map(({ data }) => data as ImageCoverage['runs'][number]);
  return runs
    .map(({ kind, start, end, format }) => ({ kind, start, end, ...(format === undefined ? {} : { format }) }))
    .toSorted((a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start)
    .slice(0, RUNS)
    .toSorted((a, b) => a.start - b.start || a.end - b.end);
}

/** How many open controls each flag would help to settle, most first. Of one flag with several numbers the largest is named. */
function settleOf(controls: readonly JudgedControl[]): Report['settle'] {
  const found = new Map<string, { most: number; controls: number }>();
  for (const { report, settle } of controls) {
    if (report.draft === true) continue;
    const asked = new Map<string, number>();
    for (const flag of settle) {
      const [, name = flag, number = '0'] = /^(--[a-z-]+) (\d{1,9})$/.exec(flag) ?? [];
      asked.set(name, Math.max(asked.get(name) ?? 0, Number(number)));
    }
    for (const [name, number] of asked) {
      const known = found.get(name) ?? { most: 0, controls: 0 };
      found.set(name, { most: Math.max(known.most, number), controls: known.controls + 1 });
    }
  }
  return [...found]
    .map(([name, one]) => ({ flag: one.most > 0 ? `${name} ${one.most}` : name, controls: one.controls }))
    .sort((a, b) => b.controls - a.controls || compare(a.flag, b.flag));
}
