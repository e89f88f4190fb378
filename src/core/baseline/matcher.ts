/** Members of a condition → a predicate over a fact's data. Every member named must be present: an absent one never matches. */
import type { Json } from '../../lib/schema.ts';
import type { Truth } from '../model/ternary.ts';
import { nearest } from './nearest.ts';
import {
  type Complain,
  compileTest,
  inWords,
  isObject,
  type JsonObject,
  type MatchContext,
  type MatchVocabulary,
  type Path,
  type Test,
} from './value-test.ts';

export interface Matcher {
  readonly members: readonly string[];
  /** Kleene's conjunction of its members; `unknown` where a member was looked at and could not be told. */
  truth(data: unknown, context: MatchContext): Truth;
  /** The members that could not be told, of a fact whose truth is unknown. */
  untold(data: unknown, context: MatchContext): readonly string[];
  /** The first member that does not match, in words: `version is TLSv1, expected TLSv1.2 or TLSv1.3`. */
  why(data: unknown, context: MatchContext): string | undefined;
  /** The members that it looks at, in words: `version is TLSv1, accepted is true`. */
  says(data: unknown): string | undefined;
}

/** Compiles members; mistakes go to `complain` and leave a test that never holds. */
export function compileMembers(
  raw: Json | undefined,
  path: Path,
  vocabulary: MatchVocabulary,
  complain: Complain,
): Matcher {
  if (raw !== undefined && !isObject(raw)) complain(path, 'members must be a mapping of member to value');
  const entries = isObject(raw) ? Object.entries(raw) : [];
  const tests = entries.map(([member, value]): MemberTest => {
    const schema = memberSchema(member, [...path, member], vocabulary, complain);
    const test = compileTest(value, [...path, member], { ...vocabulary, schema }, complain);
    return { member, test, alternatives: mentions(value, UNTOLD) ? [] : alternativesOf(schema) };
  });
  return {
    members: entries.map(([member]) => member),
    truth: (data, context) => (isObject(data) ? truthOf(tests, data, context) : false),
    untold: (data, context) =>
      isObject(data)
        ? tests.filter((one) => memberTruth(one, data, context) === 'unknown').map(({ member }) => member)
        : [],
    says: (data) =>
      isObject(data) && tests.length > 0
        ? tests.map(({ member }) => `${member} is ${inWords(data[member])}`).join(', ')
        : undefined,
    why(data, context) {
      if (!isObject(data)) return 'it is not an object';
      const failed = tests.find((one) => memberTruth(one, data, context) === false);
      return failed === undefined
        ? undefined
        : `${failed.member} is ${inWords(data[failed.member])}, expected ${failed.test.words}`;
    },
  };
}

/** How a fact says that a member was looked at and could not be told. */
const UNTOLD = 'unknown';

interface MemberTest {
  readonly member: string;
  readonly test: Test;
  /** What the member may be in truth where it says `unknown`; empty where `unknown` is an answer like any other. */
  readonly alternatives: readonly Json[];
}

function truthOf(tests: readonly MemberTest[], data: JsonObject, context: MatchContext): Truth {
  let truth: Truth = true;
  for (const one of tests) {
    const member = memberTruth(one, data, context);
    if (member === false) return false;
    if (member === 'unknown') truth = 'unknown';
  }
  return truth;
}

/** An untold member is true or false where every value that it may have says the same, and unknown otherwise. */
function memberTruth({ member, test, alternatives }: MemberTest, data: JsonObject, context: MatchContext): Truth {
  const value = data[member];
  if (value === undefined) return false;
  if (value !== UNTOLD || alternatives.length === 0) return test.holds(value, context, data);
  const held = alternatives.filter((one) => test.holds(one, context, data)).length;
  if (held === 0) return false;
  return held === alternatives.length ? true : 'unknown';
}

/** The other values of a member that may be untold. */
function alternativesOf(schema: JsonObject | undefined): readonly Json[] {
  const allowed = schema?.['enum'];
  return Array.isArray(allowed) && allowed.includes(UNTOLD) ? allowed.filter((value: Json) => value !== UNTOLD) : [];
}

function mentions(value: Json, word: string): boolean {
  if (value === word) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some((one) => mentions(one as Json, word));
}

function memberSchema(
  member: string,
  path: Path,
  { schema }: MatchVocabulary,
  complain: Complain,
): JsonObject | undefined {
  if (schema === undefined) return undefined;
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const found = properties[member];
  if (isObject(found)) return found;
  complain(path, `the fact has no member '${member}'`, nearest(member, Object.keys(properties)), 'key');
  return undefined;
}
