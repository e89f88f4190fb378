/** The values that a member can have, as far as what is asked of it can tell them apart: a sample from each stretch between its bounds. */
import type { Json } from '../../lib/schema.ts';
import type { Vocabulary } from './condition.ts';
import { isObject } from './value-test.ts';

/** Words that hold of a number by where it stands between the numbers that they name. */
const NUMERIC: readonly string[] = ['const', 'enum', 'minimum', 'maximum', 'not', 'anyOf'];
const LENGTHS: { readonly [type: string]: readonly string[] } = {
  string: ['minLength', 'maxLength', 'not', 'anyOf'],
  array: ['minItems', 'maxItems', 'not', 'anyOf'],
};
/** The day of judgement for words that ask for one. */
export const LINT_DAY = '2026-01-01T00:00:00Z';
/** Longer texts and lists are not made, and nothing is said of them. */
const LONGEST = 4096;

/** What is asked of one member: every word with its operand, and plain values as `const`. */
type Asked = readonly (readonly [word: string, operand: Json])[];

/** Samples of all that the member can be, told apart by these tests of it; undefined where nobody can say. */
export function valuesOf(
  schema: Json | undefined,
  tests: readonly Json[],
  vocabulary: Vocabulary,
): readonly Json[] | undefined {
  if (!isObject(schema)) return undefined;
  const { type, enum: closed, minimum } = schema;
  if (Array.isArray(closed)) return closed as readonly Json[];
  if (type === 'boolean') return [true, false];
  const asked = tests.flatMap(askedBy);
  if (type === 'integer' || type === 'number') {
    if (!asked.every(([word]) => NUMERIC.includes(word))) return undefined;
    const numbers = numbersAround(numbersIn(asked), type === 'integer');
    return typeof minimum === 'number' ? numbers.filter((value) => value >= minimum) : numbers;
  }
  const sizes = LENGTHS[String(type)];
  if (sizes === undefined) return undefined;
  if (asked.every(([word]) => sizes.includes(word))) return sized(String(type), numbersIn(asked));
  return type === 'string' ? textsAround(asked, vocabulary) : undefined;
}

function askedBy(test: Json): Asked {
  if (Array.isArray(test)) return test.map((one: Json) => ['const', one] as const);
  if (!isObject(test)) return [['const', test]];
  return Object.entries(test).flatMap(([word, operand]): Asked => {
    if (word === 'not') return askedBy(operand);
    if (word === 'anyOf') return [operand].flat().flatMap((one) => askedBy(one as Json));
    return word === 'enum' ? askedBy(operand) : [[word, operand]];
  });
}

const numbersIn = (asked: Asked): readonly number[] =>
  asked.map(([, operand]) => operand).filter((operand): operand is number => typeof operand === 'number');

/** Each number, one below and above all, and one between each two neighbours where there is any. */
function numbersAround(numbers: readonly number[], whole: boolean): readonly number[] {
  const ends = whole ? numbers.flatMap((one) => [Math.floor(one), Math.ceil(one)]) : numbers;
  const sorted = [...new Set(ends.length > 0 ? ends : [0])];
  sorted.sort((a, b) => a - b);
  const [least = 0] = sorted;
  const between = sorted.map((one, index) => {
    const next = sorted[index + 1];
    return next === undefined ? one + 1 : whole ? Math.floor((one + next) / 2) : (one + next) / 2;
  });
  return [...new Set([least - 1, ...sorted, ...between])];
}

function sized(type: string, numbers: readonly number[]): readonly Json[] | undefined {
  const sizes = numbersAround(numbers, true).filter((size) => size >= 0);
  if (sizes.some((size) => size > LONGEST)) return undefined;
  return sizes.map((size) => (type === 'string' ? 'x'.repeat(size) : Array.from({ length: size }, () => null)));
}

/** Texts of which each word of the vocabulary says how they differ; undefined where one of them can't say. */
function textsAround(asked: Asked, { keywords }: Vocabulary): readonly Json[] | undefined {
  const texts = asked.map(([word, operand]) =>
    word === 'const' ? [operand, `${String(operand)}\u0000`] : keywords.get(word)?.samples?.(operand, LINT_DAY),
  );
  return texts.every((one) => one !== undefined) ? texts.flat() : undefined;
}
