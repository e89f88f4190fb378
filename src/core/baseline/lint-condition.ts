/** Whether a condition can hold and can break at all, and whether it rests on something that nobody may have tried. */
import type { Problem } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import type { Parameters } from '../model/baseline.ts';
import type { FactType } from '../model/fact.ts';
import type { CheckSource } from './check.ts';
import type { Vocabulary } from './condition.ts';
import { LINT_DAY, valuesOf } from './lint-values.ts';
import { compileMembers } from './matcher.ts';
import { substitute } from './parameters.ts';
import { isObject } from './value-test.ts';

/** What a condition can come to, by what its members can be; generous where that is not known. */
interface Reach {
  readonly pass: boolean;
  readonly fail: boolean;
}
const EITHER: Reach = { pass: true, fail: true };

/** Members by which a fact says that something was tried and how it went. */
const ATTEMPTS: readonly string[] = [
  'accepted',
  'granted',
  'served',
  'given',
  'open',
  'anonymous',
  'vulnerable',
  'recursive',
];

export function lintCondition(
  { raw, document, path }: CheckSource,
  parameters: Parameters,
  vocabulary: Vocabulary,
): { readonly mistakes: readonly Problem[]; readonly notes: readonly Problem[] } {
  const expect = substitute(raw.expect, parameters, [], () => undefined, new Set());
  const { pass, fail } = reachOf(expect, vocabulary);
  const at = document.place([...path, 'expect']);
  const mistakes: Problem[] = [];
  if (!fail) mistakes.push({ message: `check '${raw.id}' can never fail`, at });
  if (!pass) mistakes.push({ message: `check '${raw.id}' can never pass`, at });
  const notes = isObject(expect) && raw.appliesWhen === undefined ? attemptNotes(expect, vocabulary) : [];
  return { mistakes, notes: notes.map((message) => ({ message: `check '${raw.id}': ${message}`, at })) };
}

function attemptNotes(expect: { readonly [key: string]: Json }, vocabulary: Vocabulary): readonly string[] {
  const type = typeof expect['none'] === 'string' ? vocabulary.facts.get(expect['none']) : undefined;
  const where = isObject(expect['where']) ? expect['where'] : {};
  const tried = ATTEMPTS.filter((member) => where[member] === true && isObject(propertiesOf(type)[member]));
  return tried.map(
    (member) =>
      `'none' over ${type?.name} with ${member}: true passes where nothing was tried; say appliesWhen if that is wrong`,
  );
}

const propertiesOf = (type: FactType | undefined): { readonly [member: string]: Json } => {
  const properties = type?.schema.json['properties'];
  return isObject(properties) ? properties : {};
};

function reachOf(raw: Json, vocabulary: Vocabulary): Reach {
  if (!isObject(raw)) return EITHER;
  if (raw['not'] !== undefined) {
    const { pass, fail } = reachOf(raw['not'], vocabulary);
    return { pass: fail, fail: pass };
  }
  const parts = [raw['all'] ?? raw['any'] ?? []].flat().map((part) => reachOf(part as Json, vocabulary));
  if (raw['all'] !== undefined) return { pass: parts.every((one) => one.pass), fail: parts.some((one) => one.fail) };
  if (raw['any'] !== undefined) return { pass: parts.some((one) => one.pass), fail: parts.every((one) => one.fail) };
  return quantifierReach(raw, vocabulary);
}

function quantifierReach(raw: { readonly [key: string]: Json }, vocabulary: Vocabulary): Reach {
  const name = raw['every'] ?? raw['some'] ?? raw['none'] ?? raw['count'];
  const type = typeof name === 'string' ? vocabulary.facts.get(name) : undefined;
  if (type === undefined) return EITHER;
  const { selects, holds, breaks } = memberReach(raw['where'], raw['satisfies'], type, vocabulary);
  if (raw['every'] !== undefined) return { pass: selects && holds, fail: selects && breaks };
  if (raw['none'] !== undefined) return { pass: true, fail: selects };
  if (raw['some'] !== undefined) return { pass: selects, fail: true };
  return countReach(Number(raw['min'] ?? 0), Number(raw['max'] ?? Number.POSITIVE_INFINITY), selects);
}

const countReach = (min: number, max: number, can: boolean): Reach => ({
  pass: min <= max && (can || min === 0),
  fail: min > 0 || (can && max < Number.POSITIVE_INFINITY),
});

/** Whether some fact of the type can be selected, and whether one that is can hold and can break what it is asked to satisfy. */
interface Members {
  readonly selects: boolean;
  readonly holds: boolean;
  readonly breaks: boolean;
}

function memberReach(
  where: Json | undefined,
  satisfies: Json | undefined,
  type: FactType,
  vocabulary: Vocabulary,
): Members {
  const [asked, wanted] = [membersOf(where), membersOf(satisfies)];
  const members = [...new Set([...Object.keys(asked), ...Object.keys(wanted)])].map((member) =>
    oneMember(member, asked[member], wanted[member], type, vocabulary),
  );
  return {
    selects: members.every((one) => one.selects),
    holds: members.every((one) => one.holds),
    breaks: members.some((one) => one.breaks),
  };
}

const membersOf = (raw: Json | undefined): { readonly [member: string]: Json } => (isObject(raw) ? raw : {});

/** What is asked of one member. One that is absent is never selected by it and breaks what is wanted of it. */
function oneMember(
  member: string,
  asked: Json | undefined,
  wanted: Json | undefined,
  type: FactType,
  vocabulary: Vocabulary,
): Members {
  const tests = [asked, wanted].filter((one): one is Json => one !== undefined);
  const values = valuesOf(propertiesOf(type)[member], tests, vocabulary);
  if (values === undefined) return { selects: true, holds: true, breaks: wanted !== undefined };
  const truthOf = (test: Json) => {
    const words = { keywords: vocabulary.keywords, knowledge: vocabulary.knowledge, schema: type.schema.json };
    const matcher = compileMembers({ [member]: test }, [], words, () => undefined);
    const context = { at: LINT_DAY, knowledge: vocabulary.knowledge };
    return (value: Json) => matcher.truth({ [member]: value }, context);
  };
  const selected = asked === undefined ? values : values.filter((value) => truthOf(asked)(value) === true);
  if (wanted === undefined) return { selects: selected.length > 0, holds: true, breaks: false };
  const truths = selected.map(truthOf(wanted));
  return {
    selects: selected.length > 0,
    holds: truths.includes(true),
    breaks: truths.includes(false) || (asked === undefined && isOptional(member, type)),
  };
}

function isOptional(member: string, type: FactType): boolean {
  const required = type.schema.json['required'];
  return !(Array.isArray(required) && required.includes(member));
}
