/** What lint knows of the values that members can have: conditions that no value meets, and those that every value does. */
import { describe, expect, test } from 'vitest';
import type { CheckSource } from '../../../src/core/baseline/check.ts';
import { checksOf } from '../../../src/core/baseline/check.ts';
import { compileCondition, type Vocabulary } from '../../../src/core/baseline/condition.ts';
import { lintCondition } from '../../../src/core/baseline/lint-condition.ts';
import { defineFact } from '../../../src/core/model/fact.ts';
import { count, list, maybe, object, oneOf, real, text, whole, yes } from '../../../src/lib/schema.ts';
import { words, yaml } from '../../support/library.ts';

const thing = defineFact({
  name: 'thing',
  title: 'A thing',
  over: 'endpoint',
  schema: object({
    size: count(),
    offset: whole(),
    share: real(),
    kind: oneOf(['a', 'b', 'c']),
    told: oneOf(['yes', 'no', 'unknown']),
    open: yes(),
    known: yes(),
    name: text(),
    names: list(text()),
    end: maybe(text()),
    inner: object({ size: whole() }),
  }),
});
const vocabulary: Vocabulary = {
  facts: new Map([['thing', thing]]),
  keywords: new Map(words.keywords.map((keyword) => [keyword.name, keyword])),
  knowledge: () => ({ list: ['a'] }),
};

async function reach(expectation: string): Promise<string> {
  const [source] = checksOf(
    await yaml(
      `checks:\n  - { id: a/b, title: T, severity: low, expect: ${expectation}, remediation: R, examples: [] }\n`,
    ),
  );
  const wrong: string[] = [];
  compileCondition(source?.raw.expect, [], vocabulary, (_, message) => wrong.push(message));
  expect(wrong).toEqual([]);
  return lintCondition(source as CheckSource, {}, vocabulary)
    .mistakes.map(({ message }) => message.replace("check 'a/b' can ", ''))
    .join(', ');
}

/** What is asked of one member of what is selected. */
const never: readonly [member: string][] = [
  ['size: { minimum: 5, maximum: 3 }'],
  ['size: { maximum: -1 }'],
  ['size: -1'],
  ['size: { minimum: 3, not: { minimum: 2 } }'],
  ['size: { enum: [1, 9], minimum: 2, maximum: 8 }'],
  ['size: { minimum: 2.2, maximum: 2.8 }'],
  ['size: 1.5'],
  ['offset: { minimum: 1, maximum: -1 }'],
  ['offset: { anyOf: [{ minimum: 5, maximum: 3 }, { const: 4, minimum: 5 }] }'],
  ['share: { minimum: 0.5, maximum: 0.4 }'],
  ['kind: { not: [a, b, c] }'],
  ['open: { not: [true, false] }'],
  ['name: { minLength: 5, maxLength: 3 }'],
  ['name: { maxLength: -1 }'],
  ['name: { const: a, not: { enum: [a, b] } }'],
  ['names: { minItems: 2, maxItems: 1 }'],
  ['names: { maxItems: -1 }'],
  ['name: { versionAtLeast: "3", not: { versionAtLeast: "2" } }'],
  ['name: { weakHash: true, not: { weakHash: true } }'],
  ['end: { afterJudgement: true, beforeJudgement: true }'],
  ['end: { afterJudgement: 30, withinDays: 30 }'],
  ['end: { afterJudgement: 99999999999 }'],
];

const sometimes: readonly [member: string][] = [
  ['size: { minimum: 3, maximum: 5 }'],
  ['size: { minimum: 3, maximum: 3 }'],
  ['size: { maximum: 0 }'],
  ['size: { not: 5 }'],
  ['size: [1, 2]'],
  ['size: { minimum: 2, maximum: 4, not: [2, 4] }'],
  ['offset: { maximum: -1 }'],
  ['offset: { minimum: 0 }'],
  ['offset: { not: { minimum: -2, maximum: 2 } }'],
  ['share: { minimum: 0.4, maximum: 0.5, not: [0.4, 0.5] }'],
  ['kind: [a, c]'],
  ['told: "yes"'],
  ['open: true'],
  ['name: { minLength: 3, maxLength: 3 }'],
  ['name: { minLength: 1 }'],
  ['name: { minLength: 100000, maxLength: 1 }'],
  ['name: { not: x }'],
  ['name: [a, b]'],
  ['name: { pattern: "^$", minLength: 1 }'],
  ['name: { versionAtLeast: "2", not: { versionAtLeast: "3" } }'],
  ['name: { const: "3", versionAtLeast: "2" }'],
  ['name: { listedIn: t/list, not: { listedIn: t/list } }'],
  ['name: { weakHash: false }'],
  ['names: { minItems: 1 }'],
  ['names: { contains: a, maxItems: 0 }'],
  ['end: { afterJudgement: true, withinDays: 1 }'],
  ['end: { afterJudgement: 3, not: { afterJudgement: 5 } }'],
  ['end: { beforeJudgement: 3, not: { beforeJudgement: 5 } }'],
];

const always: readonly [member: string][] = [
  ['size: { minimum: 0 }'],
  ['size: { not: -1 }'],
  ['offset: { anyOf: [{ minimum: 3 }, { maximum: 5 }] }'],
  ['kind: [a, b, c]'],
  ['name: { minLength: 0 }'],
  ['names: { minItems: 0 }'],
  ['name: { not: { minLength: 5, maxLength: 3 } }'],
];

describe('what can be of one member', () => {
  test.each(never)('nothing is %s', async (member) => {
    expect(await reach(`{ none: thing, where: { ${member} } }`)).toBe('never fail');
    expect(await reach(`{ some: thing, where: { ${member} } }`)).toBe('never pass');
    expect(await reach(`{ every: thing, satisfies: { ${member} } }`)).toBe('never pass');
    expect(await reach(`{ every: thing, where: { ${member} }, satisfies: { known: true } }`)).toBe(
      'never fail, never pass',
    );
  });
  test.each(sometimes)('some and not all are %s', async (member) => {
    expect(await reach(`{ none: thing, where: { ${member} } }`)).toBe('');
    expect(await reach(`{ some: thing, where: { ${member} } }`)).toBe('');
    expect(await reach(`{ every: thing, satisfies: { ${member} } }`)).toBe('');
    expect(await reach(`{ every: thing, where: { ${member} }, satisfies: { known: true } }`)).toBe('');
  });
  test.each(always)('everything is %s', async (member) => {
    expect(await reach(`{ none: thing, where: { ${member} } }`)).toBe('');
    expect(await reach(`{ every: thing, satisfies: { ${member} } }`)).toBe('never fail');
  });
});

describe('what can be of members together', () => {
  test.each([
    ['every: thing, where: { size: { maximum: 9 } }, satisfies: { size: { minimum: 10 } }', 'never pass'],
    ['every: thing, where: { size: { minimum: 9 } }, satisfies: { size: { minimum: 9 } }', 'never fail'],
    ['every: thing, where: { size: { minimum: 9 } }, satisfies: { size: { minimum: 10 } }', ''],
    ['every: thing, where: { kind: [a, b] }, satisfies: { kind: c }', 'never pass'],
    ['every: thing, where: { open: true }, satisfies: { size: { minimum: 0 }, kind: a }', ''],
    // Where it is untold nothing is decided: only an answer can fail.
    ['every: thing, satisfies: { told: ["yes", "no"] }', 'never fail'],
    ['every: thing, where: { told: "yes" }, satisfies: { told: "no" }', 'never pass'],
    // A member that may be absent breaks what is wanted of it, and is not selected by it.
    ['every: thing, satisfies: { end: { minLength: 0 } }', ''],
    ['every: thing, where: { end: { minLength: 0 } }, satisfies: { end: { minLength: 0 } }', 'never fail'],
    ['count: thing, min: 2, max: 1', 'never pass'],
    ['count: thing, where: { size: { maximum: -1 } }, min: 1', 'never pass'],
    ['count: thing, where: { size: { maximum: -1 } }, max: 0', 'never fail'],
    ['count: thing, where: { size: { maximum: -1 } }, min: 0, max: 3', 'never fail'],
    ['count: thing, min: 0', 'never fail'],
    ['count: thing, min: 1', ''],
    ['count: thing, max: 0', ''],
    ['count: thing, min: 2, max: 2', ''],
    ['not: { some: thing, where: { size: { maximum: -1 } } }', 'never fail'],
    ['not: { none: thing, where: { size: { maximum: -1 } } }', 'never pass'],
    ['all: [{ none: thing }, { some: thing, where: { size: -1 } }]', 'never pass'],
    ['all: [{ none: thing }, { none: thing, where: { size: -1 } }]', ''],
    ['all: [{ none: thing, where: { offset: 1.5 } }, { none: thing, where: { size: -1 } }]', 'never fail'],
    ['any: [{ none: thing }, { none: thing, where: { size: -1 } }]', 'never fail'],
    ['any: [{ none: thing }, { some: thing, where: { size: -1 } }]', ''],
    ['any: [{ some: thing, where: { offset: 1.5 } }, { some: thing, where: { size: -1 } }]', 'never pass'],
  ])('%s: %s', async (condition, told) => {
    expect(await reach(`{ ${condition} }`)).toBe(told);
  });
});
