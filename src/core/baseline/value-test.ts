/** What a condition says of one member → a test of its value: a value, a list of values, or keywords. */
import type { Json } from '../../lib/schema.ts';
import type { Keyword, KeywordContext } from '../model/keyword.ts';
import { nearest } from './nearest.ts';
import { compilePattern } from './pattern.ts';

/** Where a mistake lies inside the YAML document: keys and indexes from the root. */
export type Path = readonly (string | number)[];
/** `at: 'key'` points at the key of the part rather than its value. */
export type Complain = (path: Path, message: string, hint?: string, at?: 'key' | 'value') => void;

export type MatchContext = Omit<KeywordContext, 'data'>;

/** One test of one value, and the words for what it expects (`at least TLSv1.2`). */
export interface Test {
  readonly holds: (value: unknown, context: MatchContext, data?: JsonObject) => boolean;
  readonly words: string;
}

export interface MatchVocabulary {
  readonly keywords: ReadonlyMap<string, Keyword>;
  knowledge(id: string): unknown;
  /** JSON Schema of the fact's data, for members and their enums; undefined when the fact is unknown. */
  readonly schema: { readonly [keyword: string]: Json } | undefined;
}

export type JsonObject = { readonly [key: string]: Json };
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function inWords(value: unknown): string {
  if (value === undefined) return 'not told';
  if (typeof value === 'string') return value === '' ? 'empty' : value;
  return JSON.stringify(value);
}

/** A value, a list of values (any of them), or a mapping of keywords (all of them). */
export function compileTest(raw: Json, path: Path, vocabulary: MatchVocabulary, complain: Complain): Test {
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
