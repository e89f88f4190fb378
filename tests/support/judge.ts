/** Builders for what is asked and what was seen: conditions, checks, controls, baselines, and one call that judges them. */
import { evaluate, readsOf, type Words } from '../../src/core/assessment/evaluate.ts';
import { factId, type Heard } from '../../src/core/assessment/facts.ts';
import type { Tell } from '../../src/core/assessment/judge-check.ts';
import { type Feeding, relationsOf } from '../../src/core/assessment/relations.ts';
import { compileCondition, type Vocabulary } from '../../src/core/baseline/condition.ts';
import type { Baseline, Check, Control, Statements, Unit, Waiver } from '../../src/core/model/baseline.ts';
import type { Condition } from '../../src/core/model/condition.ts';
import { defineFact, type Fact, type FactType, type Gap } from '../../src/core/model/fact.ts';
import type { ControlReport, Report } from '../../src/core/model/report.ts';
import type { Area, Subject } from '../../src/core/model/target.ts';
import { type Json, object, text, yes } from '../../src/lib/schema.ts';

export const AT = '2026-06-01T00:00:00Z';
const PLACE = { file: 'test.yaml' };

const word = (name: string, over: Area): FactType =>
  defineFact({ name, title: name, over, schema: object({ ok: yes(), kind: text() }) });

/** A small vocabulary of its own: the engine knows no fact by name. */
export const DOOR = word('net.door', 'endpoint');
export const LOCK = word('net.lock', 'endpoint');
export const ROOM = word('file.room', 'root-file-system');
export const PAIR = word('joined.pair', 'target');
export const FEATURE = defineFact({
  name: 'feature.present',
  title: 'feature',
  over: 'target',
  schema: object({ name: text(), present: yes() }),
});
export const BYTES = word('image.bytes', 'image');
const WORDS: Words = { feature: FEATURE.name, imageCoverage: BYTES.name, imageRegion: 'image.run' };
const TYPES = [DOOR, LOCK, ROOM, PAIR, FEATURE, BYTES];

const VOCABULARY: Vocabulary = {
  facts: new Map(TYPES.map((type) => [type.name, type])),
  keywords: new Map(),
  knowledge: () => ({}),
};

export function condition(raw: Json): Condition {
  const problems: string[] = [];
  const compiled = compileCondition(raw, [], VOCABULARY, (_path, message) => problems.push(message));
  if (problems.length > 0) throw new Error(problems.join('; '));
  return compiled;
}

export function check(id: string, expect: Json, more: Partial<Check> = {}): Check {
  return {
    key: id,
    id,
    parameters: {},
    title: `Title of ${id}`,
    severity: 'high',
    expect: condition(expect),
    remediation: 'Mend it.',
    references: [],
    examples: [],
    at: PLACE,
    ...more,
  };
}

export const unit = (id: string, mark: Unit['mark'], checks: readonly Check[] = [], work?: string): Unit => ({
  id,
  mark,
  checks,
  ...(work === undefined ? {} : { work }),
});

export function control(id: string, units: readonly Unit[], more: Partial<Control> = {}): Control {
  return {
    id,
    title: `Control ${id}`,
    text: '',
    obligation: 'mandatory',
    applies: { always: true },
    units,
    references: [],
    at: PLACE,
    ...more,
  };
}

export function baseline(controls: readonly Control[], more: Partial<Baseline> = {}): Baseline {
  return {
    id: 'house',
    version: '1',
    revision: '1',
    title: 'House rules',
    levels: [],
    controls,
    excluded: [],
    sha256: '0'.repeat(64),
    at: PLACE,
    ...more,
  };
}

export function fact(type: FactType, subject: Subject, data: object, method: Fact['method'] = 'TEST'): Fact {
  const about = { type: type.name, subject, data, source: 'test' };
  return { id: factId(about), ...about, method, observedAt: AT, evidence: [], derivedFrom: [] };
}

export const gap = (facts: readonly string[], area: Area, more: Partial<Gap> = {}): Gap => ({
  source: 'test',
  scope: { kind: 'target' },
  area,
  facts,
  unseen: { kind: 'timeout', message: 'no answer' },
  ...more,
});
export const notGiven = (facts: readonly string[], area: Area, flag: string): Gap =>
  gap(facts, area, { unseen: { kind: 'not-given', flag, message: 'not given' } });

export const endpoint = (port: number): Subject => ({ kind: 'endpoint', host: '192.0.2.1', port, transport: 'tcp' });
export const file = (path: string): Subject => ({ kind: 'file', path });

export const ALL_HEARD: readonly Heard[] = [{ source: 'test', types: TYPES.map(({ name }) => name) }];
export const NO_STATEMENTS: Statements = { attestations: [], features: {} };

export interface Case {
  readonly facts?: readonly Fact[];
  readonly gaps?: readonly Gap[];
  readonly heard?: readonly Heard[];
  readonly statements?: Partial<Statements>;
  readonly waivers?: readonly Waiver[];
  readonly feedings?: readonly Feeding[];
  readonly at?: string;
  readonly tell?: Tell;
}

export function judge(baselines: Baseline | readonly Baseline[], seen: Case = {}): Report {
  const all = Array.isArray(baselines) ? (baselines as readonly Baseline[]) : [baselines as Baseline];
  const own = { id: 'test', consumes: [], produces: TYPES };
  return evaluate({
    evidence: { facts: seen.facts ?? [], gaps: seen.gaps ?? [], heard: seen.heard ?? ALL_HEARD, gatherers: [] },
    relations: relationsOf([own, ...(seen.feedings ?? [])]),
    baselines: all,
    statements: { ...NO_STATEMENTS, ...seen.statements },
    waivers: seen.waivers ?? [],
    words: WORDS,
    tell: seen.tell ?? (() => undefined),
    at: seen.at ?? AT,
    relevant: readsOf(all, WORDS),
    head: {
      tool: { name: 'assay', version: '0' },
      target: { name: 'house', state: 'unknown', devices: [], firmware: [], updates: [] },
      scope: { ports: 'default', pace: 'gentle', permissions: [], vantage: 'here' },
      inputs: [],
    },
  });
}

/** The report of one control. */
export function controlOf(report: Report, id: string, of = 'house'): ControlReport {
  const found = report.assessments.find((one) => one.baseline.id === of)?.controls.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no control ${of}/${id}`);
  return found;
}
