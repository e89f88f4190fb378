/** Whether a condition can hold and can break at all, and whether it rests on something that nobody may have tried. */
import type { Problem } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import type { Parameters } from '../model/baseline.ts';
import type { FactType } from '../model/fact.ts';
import type { CheckSource } from './check.ts';
import type { Vocabulary } from './condition.ts';
import { compileMembers, isObject } from './matcher.ts';
import { substitute } from './parameters.ts';

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
  const selects = memberReach(raw['where'], type, vocabulary);
  if (raw['every'] !== undefined) {
    const satisfies = memberReach(raw['satisfies'], type, vocabulary);
    return { pass: selects.can && satisfies.can, fail: selects.can && !satisfies.must };
  }
  if (raw['none'] !== undefined) return { pass: true, fail: selects.can };
  if (raw['some'] !== undefined) return { pass: selects.can, fail: true };
  return countReach(Number(raw['min'] ?? 0), Number(raw['max'] ?? Number.POSITIVE_INFINITY), selects.can);
}

const countReach = (min: number, max: number, can: boolean): Reach => ({
  pass: min <= max && (can || min === 0),
  fail: min > 0 || (can && max < Number.POSITIVE_INFINITY),
});

/** Whether members can match some fact of the type, and whether they match every one. Only closed sets of values are known. */
function memberReach(
  raw: Json | undefined,
  type: FactType,
  vocabulary: Vocabulary,
): { readonly can: boolean; readonly must: boolean } {
  const members = isObject(raw) ? Object.entries(raw) : [];
  const required = type.schema.json['required'];
  let can = true;
  let must = true;
  for (const [member, value] of members) {
    const values = valuesOf(propertiesOf(type)[member]);
    if (values === undefined) {
      must = false;
      continue;
    }
    const words = { keywords: vocabulary.keywords, knowledge: vocabulary.knowledge, schema: type.schema.json };
    const matcher = compileMembers({ [member]: value }, [], words, () => undefined);
    const context = { at: '2026-01-01T00:00:00Z', knowledge: vocabulary.knowledge };
    const held = values.filter((one) => matcher.truth({ [member]: one }, context) === true);
    can &&= held.length > 0;
    must &&= held.length === values.length && Array.isArray(required) && required.includes(member);
  }
  return { can, must };
}

/** Every value that a member can have, where they are few. */
function valuesOf(schema: Json | undefined): readonly Json[] | undefined {
  if (!isObject(schema)) return undefined;
  if (Array.isArray(schema['enum'])) return schema['enum'] as readonly Json[];
  return schema['type'] === 'boolean' ? [true, false] : undefined;
}
