/** Members of a condition → a predicate over a fact's data. Every member named must be present: an absent one never matches. */
import { createRequire } from 'node:module';
import type { RE2JS } from '@bufbuild/re2';
import type { Json } from '../../lib/schema.ts';
import type { Keyword, KeywordContext } from '../model/keyword.ts';
import type { Truth } from '../model/ternary.ts';
import { nearest } from './nearest.ts';

/** Where a mistake lies inside the YAML document: keys and indexes from the root. */
export type Path = readonly (string | number)[];
/** `at: 'key'` points at the key of the part rather than its value. */
export type Complain = (path: Path, message: string, hint?: string, at?: 'key' | 'value') => void;

export type MatchContext = Omit<KeywordContext, 'data'>;

/** One test of one value, and the words for what it expects (`at least TLSv1.2`). */
interface Test {
  readonly holds: (value: unknown, context: MatchContext, data?: JsonObject) => boolean;
  readonly words: string;
}

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

export interface MatchVocabulary {
  readonly keywords: ReadonlyMap<string, Keyword>;
  knowledge(id: string): unknown;
  /** JSON Schema of the fact's data, for members and their enums; undefined when the fact is unknown. */
  readonly schema: { readonly [keyword: string]: Json } | undefined;
}

type JsonObject = { readonly [key: string]: Json };
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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

function inWords(value: unknown): string {
  if (value === undefined) return 'not told';
  if (typeof value === 'string') return value === '' ? 'empty' : value;
  return JSON.stringify(value);
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

/** A value, a list of values (any of them), or a mapping of keywords (all of them). */
function compileTest(raw: Json, path: Path, vocabulary: MatchVocabulary, complain: Complain): Test {
  if (Array.isArray(raw)) return oneOfTest(raw as readonly Json[], path, vocabulary, complain);
  if (!isObject(raw)) return oneOfTest([raw], path, vocabulary, complain);
  const tests = Object.entries(raw).map(([word, operand]) =>
    compileWord(word, operand, [...path, word], vocabulary, complain),
  );
  return {
    holds: (value, context, data) => tests.every((test) => test.holds(value, context, data)),
    words: tests.map((test) => test.words).join(' and '),
  };
}

function oneOfTest(values: readonly Json[], path: Path, vocabulary: MatchVocabulary, complain: Complain): Test {
  if (values.length === 0) complain(path, 'an empty list matches nothing');
  checkValues(values, path, vocabulary, complain);
  const scalars = new Set<unknown>(values.filter((value) => !isObject(value)));
  return { holds: (value) => scalars.has(value), words: values.map(inWords).join(' or ') };
}

/** A value that the member can never have is a mistake of the author, not a condition that never holds. */
function checkValues(values: readonly Json[], path: Path, { schema }: MatchVocabulary, complain: Complain): void {
  const allowed = schema?.['enum'];
  for (const value of values) {
    if (Array.isArray(allowed)) {
      if (!allowed.includes(value))
        complain(
          path,
          `'${inWords(value)}' is not a value of this member`,
          nearest(String(value), allowed.map(String)),
        );
    } else if (schema?.['type'] === 'array')
      complain(path, `the member is a list: write { contains: ${inWords(value)} }`);
    else if (schema !== undefined && !fitsType(value, schema['type']))
      complain(path, `${inWords(value)} is no ${String(schema['type'])}`);
  }
}

function fitsType(value: Json, type: Json | undefined): boolean {
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'integer' || type === 'number') return typeof value === 'number';
  if (type === 'string') return typeof value === 'string';
  return true;
}

/** What is wrong with a keyword's operand by the small schema that keywords have. */
function operandFault(operand: Json, schema: JsonObject): string | undefined {
  const allowed = schema['enum'];
  if (Array.isArray(allowed)) return allowed.includes(operand) ? undefined : `one of ${allowed.join(', ')}`;
  const types = [schema['type'] ?? []].flat() as readonly string[];
  if (!types.some((type) => fitsType(operand, type))) return `it must be ${types.join(' or ')}`;
  if (typeof operand !== 'number') return undefined;
  if (!types.includes('number') && !Number.isInteger(operand)) return 'it must be whole';
  const { minimum } = schema;
  return typeof minimum === 'number' && operand < minimum ? `at least ${minimum}` : undefined;
}

const never: Test = { holds: () => false, words: 'nothing (the condition is broken)' };

const numeric = (word: string, operand: Json, test: (value: number, limit: number) => boolean): Test | undefined =>
  typeof operand === 'number'
    ? { holds: (value) => typeof value === 'number' && test(value, operand), words: `${word} ${operand}` }
    : undefined;

const sized = (
  word: string,
  operand: Json,
  kind: 'string' | 'array',
  test: (size: number, limit: number) => boolean,
): Test | undefined =>
  typeof operand === 'number'
    ? {
        holds: (value) =>
          (kind === 'array' ? Array.isArray(value) : typeof value === 'string') &&
          test((value as { length: number }).length, operand),
        words: `${word} ${operand}`,
      }
    : undefined;

const atLeast = (value: number, limit: number): boolean => value >= limit;
const atMost = (value: number, limit: number): boolean => value <= limit;

type MakeTest = (operand: Json, path: Path, vocabulary: MatchVocabulary, complain: Complain) => Test | undefined;

/** The closed list of JSON Schema keywords that conditions may use. */
const WORDS: { readonly [word: string]: MakeTest } = {
  const: (operand, path, vocabulary, complain) => oneOfTest([operand], path, vocabulary, complain),
  enum: (operand, path, vocabulary, complain) =>
    Array.isArray(operand) ? oneOfTest(operand as readonly Json[], path, vocabulary, complain) : undefined,
  minimum: (operand) => numeric('at least', operand, atLeast),
  maximum: (operand) => numeric('at most', operand, atMost),
  minLength: (operand) => sized('a length of at least', operand, 'string', atLeast),
  maxLength: (operand) => sized('a length of at most', operand, 'string', atMost),
  minItems: (operand) => sized('a number of items of at least', operand, 'array', atLeast),
  maxItems: (operand) => sized('a number of items of at most', operand, 'array', atMost),
  pattern: (operand, path, _vocabulary, complain) => patternTest(operand, path, complain),
  contains: (operand, path, vocabulary, complain) => {
    const items = vocabulary.schema?.['items'];
    const test = compileTest(operand, path, { ...vocabulary, schema: isObject(items) ? items : undefined }, complain);
    return {
      holds: (value, context) => Array.isArray(value) && value.some((item) => test.holds(item, context)),
      words: `one that is ${test.words}`,
    };
  },
  not: (operand, path, vocabulary, complain) => {
    const test = compileTest(operand, path, vocabulary, complain);
    return { holds: (value, context, data) => !test.holds(value, context, data), words: `not ${test.words}` };
  },
  anyOf: (operand, path, vocabulary, complain) => {
    if (!Array.isArray(operand) || operand.length === 0) return undefined;
    const tests = operand.map((one: Json, index) => compileTest(one, [...path, index], vocabulary, complain));
    return {
      holds: (value, context, data) => tests.some((test) => test.holds(value, context, data)),
      words: tests.map((test) => test.words).join(' or '),
    };
  },
};

export const CONDITION_WORDS: readonly string[] = Object.keys(WORDS);

/** Letters, digits, a few marks, anchors and `|`: without repetition or groups a backtracking engine is linear too, and much faster. */
const PLAIN_PATTERN = /^[\w \-/:,;=@#%&!'"~<>.^$|]*$/;

/** Its tables of Unicode take as long to load as all else: only a pattern that needs it waits for it. */
const re2 = (): typeof RE2JS =>
  (createRequire(import.meta.url)('@bufbuild/re2') as { readonly RE2JS: typeof RE2JS }).RE2JS;

/** What RE2 surely understands wherever JavaScript does: groups, classes, repetition, escaped marks; no counts of groups. */
const USUAL_PATTERN =
  /^(?:\(\?i\))?(?:[\w \-/:,;=@#%&!'"~<>.^$|*+]|\(\?:|\((?!\?)|\)(?!\{)|(?<!\()\?|\\[.\-/+*?^$|()[\]{}dws]|\[\^?[\w .,:/@-]+\]|\{\d\d?\})*$/;

function isUsual(pattern: string): boolean {
  if (pattern.length > 200 || !USUAL_PATTERN.test(pattern)) return false;
  new RegExp(pattern.replace(/^\(\?i\)/, ''), 'u');
  return true;
}

function compilePattern(pattern: string): { test(text: string): boolean } {
  if (PLAIN_PATTERN.test(pattern)) return new RegExp(pattern, 'u');
  if (!isUsual(pattern)) return re2().compile(pattern);
  let compiled: ReturnType<typeof RE2JS.compile> | undefined;
  return {
    test(text) {
      compiled ??= re2().compile(pattern);
      return compiled.test(text);
    },
  };
}

/** RE2 matches in linear time whatever the pattern and the text. */
function patternTest(operand: Json, path: Path, complain: Complain): Test | undefined {
  if (typeof operand !== 'string') return undefined;
  try {
    const pattern = compilePattern(operand);
    return {
      holds: (value) => typeof value === 'string' && pattern.test(value),
      words: `a text like /${operand}/`,
    };
  } catch {
    complain(path, `'${operand}' is not a pattern that RE2 understands`);
    return never;
  }
}

function keywordTest(
  keyword: Keyword,
  operand: Json,
  path: Path,
  vocabulary: MatchVocabulary,
  complain: Complain,
): Test {
  complainOfType(keyword.name, keyword.suits, path, vocabulary, complain);
  const wrong =
    operandFault(operand, keyword.operand) ?? keyword.complaint?.(operand, { knowledge: vocabulary.knowledge });
  if (wrong !== undefined) {
    complain(path, `'${keyword.name}' can't take ${inWords(operand)}: ${wrong}`, nearestOperand(operand, keyword));
    return never;
  }
  return {
    holds: (value, context, data) =>
      keyword.satisfies(value, operand, data === undefined ? context : { ...context, data }),
    words: `${keyword.title} ${inWords(operand)}`,
  };
}

const nearestOperand = (operand: Json, keyword: Keyword): string | undefined =>
  Array.isArray(keyword.operand['enum']) ? nearest(String(operand), keyword.operand['enum'].map(String)) : undefined;

/** Which JSON types of members a word of JSON Schema can hold of; the others take every type. */
const SUITS: { readonly [word: string]: readonly string[] } = {
  minimum: ['number'],
  maximum: ['number'],
  minLength: ['string'],
  maxLength: ['string'],
  pattern: ['string'],
  contains: ['array'],
  minItems: ['array'],
  maxItems: ['array'],
};

/** A word that can never hold of its member is a mistake: under `not` it would always hold, a false pass. */
function complainOfType(
  word: string,
  suits: readonly string[] | undefined,
  path: Path,
  { schema }: MatchVocabulary,
  complain: Complain,
): void {
  const type = schema === undefined ? undefined : jsonType(schema);
  if (suits === undefined || type === undefined || suits.includes(type)) return;
  complain(path, `'${word}' is about ${suits.join(' or ')}, and the member is ${type === 'array' ? 'a list' : type}`);
}

function jsonType(schema: JsonObject): string | undefined {
  if (Array.isArray(schema['enum'])) return 'string';
  return schema['type'] === 'integer' ? 'number' : typeof schema['type'] === 'string' ? schema['type'] : undefined;
}

function compileWord(word: string, operand: Json, path: Path, vocabulary: MatchVocabulary, complain: Complain): Test {
  const keyword = vocabulary.keywords.get(word);
  if (keyword !== undefined) return keywordTest(keyword, operand, path, vocabulary, complain);
  const make = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (make === undefined) {
    complain(
      path,
      `'${word}' is no keyword of conditions`,
      nearest(word, [...CONDITION_WORDS, ...vocabulary.keywords.keys()]),
      'key',
    );
    return never;
  }
  complainOfType(word, SUITS[word], path, vocabulary, complain);
  const test = make(operand, path, vocabulary, complain);
  if (test === undefined) complain(path, `'${word}' can't take ${inWords(operand)}`);
  return test ?? never;
}
