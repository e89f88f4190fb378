/** Words → a three-valued Condition: quantifiers over facts, Kleene's connectives, coverage by area. */
import type { Json } from '../../lib/schema.ts';
import type { Condition, JudgeContext, Judgement } from '../model/condition.ts';
import type { Fact, FactType, Gap } from '../model/fact.ts';
import type { Keyword } from '../model/keyword.ts';
import { allThree, anyThree, notThree, type Truth } from '../model/ternary.ts';
import { compileMembers } from './matcher.ts';
import { nearest } from './nearest.ts';
import { judgeCount, judgeEvery, judgeNone, judgeSome } from './quantifier.ts';
import { type Complain, isObject, type Path } from './value-test.ts';

/** What words may be used: fact types by name, keywords by name, data tables for keywords. */
export interface Vocabulary {
  readonly facts: ReadonlyMap<string, FactType>;
  readonly keywords: ReadonlyMap<string, Keyword>;
  knowledge(id: string): unknown;
}

/** Which keys stand beside each form. */
const BESIDE: { readonly [form: string]: readonly string[] } = {
  every: ['where', 'satisfies'],
  some: ['where'],
  none: ['where'],
  count: ['where', 'min', 'max'],
  all: [],
  any: [],
  not: [],
};
const FORMS: readonly string[] = Object.keys(BESIDE);
const CONNECTIVES: readonly string[] = ['all', 'any', 'not'];
/** Deeper nesting is a mistake or an attack. */
const DEPTH = 16;

type JsonObject = { readonly [key: string]: Json };

const broken: Condition = {
  reads: new Set(),
  members: new Set(),
  judge: () => ({ truth: 'unknown', because: [], gaps: [], vacuous: false }),
};

/** Compiles a condition; mistakes go to `complain`, and what is broken is unknown of everything. */
export function compileCondition(
  raw: Json | undefined,
  path: Path,
  vocabulary: Vocabulary,
  complain: Complain,
  depth = 0,
): Condition {
  if (!isObject(raw) || depth > DEPTH) {
    complain(
      path,
      depth > DEPTH
        ? `conditions nest deeper than ${DEPTH}`
        : `a condition is a mapping with one of ${FORMS.join(', ')}`,
    );
    return broken;
  }
  const form = FORMS.find((word) => raw[word] !== undefined);
  if (form === undefined) {
    complain(path, `a condition needs one of ${FORMS.join(', ')}`, nearest(Object.keys(raw)[0] ?? '', FORMS));
    return broken;
  }
  for (const key of Object.keys(raw)) {
    const beside = BESIDE[form] ?? [];
    if (key !== form && !beside.includes(key))
      complain([...path, key], `'${key}' can't stand beside '${form}'`, nearest(key, beside), 'key');
  }
  if (CONNECTIVES.includes(form)) return connective(form, raw, path, vocabulary, complain, depth);
  return quantifier(form, raw, path, vocabulary, complain);
}

function connective(
  form: string,
  raw: JsonObject,
  path: Path,
  vocabulary: Vocabulary,
  complain: Complain,
  depth: number,
): Condition {
  const operand = raw[form];
  if (form === 'not') return denial(compileCondition(operand, [...path, 'not'], vocabulary, complain, depth + 1));
  if (!Array.isArray(operand) || operand.length === 0) {
    complain([...path, form], `'${form}' needs a list of conditions`);
    return broken;
  }
  const parts = operand.map((one: Json, index) =>
    compileCondition(one, [...path, form, index], vocabulary, complain, depth + 1),
  );
  return {
    reads: new Set(parts.flatMap((part) => [...part.reads])),
    members: new Set(parts.flatMap((part) => [...part.members])),
    judge: (context) => (form === 'all' ? conjunction : disjunction)(parts.map((part) => part.judge(context))),
  };
}

function denial(part: Condition): Condition {
  return {
    reads: part.reads,
    members: part.members,
    judge(context) {
      const { truth, because, gaps, vacuous } = part.judge(context);
      return { truth: notThree(truth), because, gaps, vacuous };
    },
  };
}

const conjunction = (judgements: readonly Judgement[]): Judgement =>
  joined(judgements, allThree(judgements.map((one) => one.truth)), false);

const disjunction = (judgements: readonly Judgement[]): Judgement =>
  joined(judgements, anyThree(judgements.map((one) => one.truth)), true);

/** Vacuous where only vacuous operands speak: those that settle it alone, else all. More sight adds speakers and takes none away. */
function joined(judgements: readonly Judgement[], truth: Truth, settling: boolean): Judgement {
  const deciding = judgements.filter((one) => one.truth === settling);
  const spoken = deciding.length > 0 ? deciding : judgements;
  return { truth, ...grounds(judgements, truth), vacuous: spoken.every((one) => one.vacuous) };
}

/** What decided it, or what left it open: the operands that have the truth of the whole. */
function grounds(judgements: readonly Judgement[], truth: Truth): { because: readonly Fact[]; gaps: readonly Gap[] } {
  const deciding = judgements.filter((one) => one.truth === truth);
  return {
    because: [...new Set(deciding.flatMap((one) => one.because))],
    gaps: [...new Set(deciding.flatMap((one) => one.gaps))],
  };
}

function quantifier(form: string, raw: JsonObject, path: Path, vocabulary: Vocabulary, complain: Complain): Condition {
  const name = raw[form];
  const type = typeof name === 'string' ? vocabulary.facts.get(name) : undefined;
  if (type === undefined)
    complain(
      [...path, form],
      `there is no fact '${String(name)}'`,
      nearest(String(name), [...vocabulary.facts.keys()]),
    );
  const words = { keywords: vocabulary.keywords, knowledge: vocabulary.knowledge, schema: type?.schema.json };
  const where = compileMembers(raw['where'], [...path, 'where'], words, complain);
  const satisfies = compileMembers(raw['satisfies'], [...path, 'satisfies'], words, complain);
  if (form === 'every' && satisfies.members.length === 0)
    complain(path, "'every' needs 'satisfies' with at least one member");
  const bounds = form === 'count' ? countBounds(raw, path, complain) : { min: 0, max: 0 };
  if (type === undefined) return broken;
  return {
    reads: new Set([type.name]),
    members: new Set([...where.members, ...satisfies.members].map((member) => `${type.name}.${member}`)),
    judge(context: JudgeContext) {
      const sight = {
        facts: context.facts.named(type.name),
        coverage: context.facts.coverage(type.name, context.over ?? type.over),
        type: type.name,
        area: context.over ?? type.over,
      };
      const match = { at: context.at, knowledge: vocabulary.knowledge };
      if (form === 'every') return judgeEvery(sight, where, satisfies, match);
      if (form === 'none') return judgeNone(sight, where, match);
      return form === 'some' ? judgeSome(sight, where, match) : judgeCount(sight, where, match, bounds);
    },
  };
}

function countBounds(raw: JsonObject, path: Path, complain: Complain): { min: number; max: number } {
  const { min, max } = raw;
  for (const [key, value] of Object.entries({ min, max })) {
    if (value !== undefined && (typeof value !== 'number' || value < 0))
      complain([...path, key], `'${key}' must be a number of at least 0`);
  }
  if (min === undefined && max === undefined) complain(path, "'count' needs 'min' or 'max'");
  return { min: typeof min === 'number' ? min : 0, max: typeof max === 'number' ? max : Number.POSITIVE_INFINITY };
}
