/** Members of a condition: what each word matches, what it says of what does not match, and what is wrong with it. */
import { describe, expect, test } from 'vitest';
import { compileMembers } from '../../../src/core/baseline/matcher.ts';
import { CONDITION_WORDS, isObject } from '../../../src/core/baseline/value-test.ts';
import type { Keyword } from '../../../src/core/model/keyword.ts';
import { type Json, list, maybe, object, oneOf, real, text, whole, yes } from '../../../src/lib/schema.ts';
import { words } from '../../support/library.ts';

const near: Keyword = {
  name: 'nearTo',
  title: 'near to',
  operand: { type: ['integer', 'string'], minimum: 2 },
  suits: ['number'],
  satisfies: (value, operand, { data, at }) => at === 'today' && value === Number(operand) + Number(data?.['n'] ?? 0),
};
const ratio: Keyword = {
  name: 'ratio',
  title: 'a ratio of',
  operand: { type: 'number', minimum: 0 },
  suits: ['number'],
  satisfies: (value, operand) => value === operand,
};
const schema = object({
  kind: oneOf(['x', 'y', 'unknown']),
  free: text(),
  n: whole(),
  share: real(),
  on: yes(),
  names: list(text()),
  parts: list(object({ id: text() })),
  grades: list(oneOf(['a', 'b'])),
  inner: object({ id: text() }),
  extra: maybe(text()),
}).json;
const keywords = new Map([...words.keywords, near, ratio].map((one) => [one.name, one]));
const vocabulary = { keywords, knowledge: () => ({ good: ['x'] }), schema };
const context = { at: 'today', knowledge: () => ({ good: ['x'] }) };

function mistakes(raw: Json, of: { readonly schema: typeof schema | undefined } = { schema }): readonly string[] {
  const told: string[] = [];
  compileMembers(raw, ['where'], { ...vocabulary, ...of }, (path, message, hint, at) =>
    told.push(
      `${path.join('.')}: ${message}${hint === undefined ? '' : ` (${hint})`}${at === 'key' ? ' at its key' : ''}`,
    ),
  );
  return told;
}
function members(raw: Json) {
  expect(mistakes(raw)).toEqual([]);
  return compileMembers(raw, [], vocabulary, () => undefined);
}
const truth = (raw: Json, data: unknown) => members(raw).truth(data, context);

describe('what matches', () => {
  const cases: readonly [Json, unknown, boolean][] = [
    [{ n: { minimum: 3 } }, { n: 3 }, true],
    [{ n: { minimum: 3 } }, { n: 2 }, false],
    [{ n: { maximum: 3 } }, { n: 3 }, true],
    [{ n: { maximum: 3 } }, { n: 4 }, false],
    [{ n: { minimum: 3 } }, { n: '4' }, false],
    [{ n: { minimum: 2, maximum: 4 } }, { n: 5 }, false],
    [{ n: { minimum: 2, maximum: 4 } }, { n: 1 }, false],
    [{ n: 3 }, { n: 3 }, true],
    [{ n: [3, 4] }, { n: 4 }, true],
    [{ n: { const: 3 } }, { n: 4 }, false],
    [{ n: { enum: [3, 4] } }, { n: 4 }, true],
    [{ share: 0.5 }, { share: 0.5 }, true],
    [{ free: { minLength: 2 } }, { free: 'ab' }, true],
    [{ free: { minLength: 2 } }, { free: 'a' }, false],
    [{ free: { minLength: 2 } }, { free: ['a', 'b'] }, false],
    [{ free: { maxLength: 2 } }, { free: 'abc' }, false],
    [{ free: { maxLength: 2 } }, { free: 'ab' }, true],
    [{ names: { minItems: 2 } }, { names: ['a', 'b'] }, true],
    [{ names: { minItems: 2 } }, { names: ['a'] }, false],
    [{ names: { minItems: 2 } }, { names: 'ab' }, false],
    [{ names: { maxItems: 1 } }, { names: ['a', 'b'] }, false],
    [{ names: { maxItems: 1 } }, { names: ['a'] }, true],
    [{ names: { contains: { minLength: 2 } } }, { names: ['a', 'bc'] }, true],
    [{ names: { contains: { minLength: 2 } } }, { names: ['a', 'b'] }, false],
    [{ names: { contains: 'a' } }, { names: 'a' }, false],
    [{ grades: { contains: 'a' } }, { grades: ['b', 'a'] }, true],
    [{ free: { pattern: 'b.d' } }, { free: 'abcde' }, true],
    [{ free: { pattern: 'b.d' } }, { free: 'abde' }, false],
    [{ free: { pattern: '7' } }, { free: 7 }, false],
    [{ free: { pattern: '^(x|y)+$' } }, { free: 'yx' }, true],
    [{ free: { pattern: '(?i)^[X-Z]\\w?$' } }, { free: 'y' }, true],
    [{ free: { pattern: '(?i)^(?:ab|[0-9]{2})$' } }, { free: 'y' }, false],
    [{ free: { listedIn: 't/good' } }, { free: 'y' }, false],
    [{ free: { anyOf: ['x', { not: ['x', 'y'] }] } }, { free: 'y' }, false],
    [{ names: { not: { contains: ['o', 'p'] } } }, { names: ['p'] }, false],
    [{ names: { contains: { pattern: '^q' } } }, { names: ['o', 'p'] }, false],
    [{ free: { pattern: '(b|c)+' } }, { free: 7 }, false],
    [{ free: { not: { pattern: '^a' } } }, { free: 'ba' }, true],
    [{ free: { anyOf: [{ pattern: '^a' }, { maxLength: 1 }] } }, { free: 'b' }, true],
    [{ free: { anyOf: ['a', ['b', 'c']] } }, { free: 'c' }, true],
    [{ free: { anyOf: ['a', ['b', 'c']] } }, { free: 'd' }, false],
    [{ on: false }, { on: false }, true],
    [{ on: false, n: 1 }, { on: false, n: 2 }, false],
    [{ n: { nearTo: 2 } }, { n: 4 }, false],
    [{ share: { nearTo: 2 } }, { share: 5, n: 3 }, true],
    [{ share: { not: { nearTo: 2 } } }, { share: 5, n: 3 }, false],
    [{ share: { anyOf: [{ nearTo: 2 }] } }, { share: 5, n: 3 }, true],
    [{ share: { ratio: 0.5 } }, { share: 0.5 }, true],
    [{}, {}, true],
    [{}, 'text', false],
    [{ n: 1 }, [1], false],
    [{ n: 1 }, null, false],
    [{ extra: 'a' }, {}, false],
  ];
  test.each(cases)('%j of %j: %s', (raw, data, expected) => {
    expect(truth(raw, data)).toBe(expected);
  });

  test('nothing asked matches every fact', () => {
    const all = compileMembers(undefined, [], vocabulary, () => undefined);
    expect([all.members, all.truth({ n: 1 }, context), all.says({ n: 1 }), all.why({ n: 1 }, context)]).toEqual([
      [],
      true,
      undefined,
      undefined,
    ]);
  });

  test('a word of the vocabulary learns the date, the neighbours and the tables', () => {
    expect(members({ share: { nearTo: 2 } }).truth({ share: 5, n: 3 }, { ...context, at: 'later' })).toBe(false);
    expect(truth({ free: { listedIn: 't/good' } }, { free: 'x' })).toBe(true);
  });
});

describe('what could not be told', () => {
  test('is unknown where its other values say different things', () => {
    expect(truth({ kind: 'x' }, { kind: 'unknown' })).toBe('unknown');
    expect(truth({ kind: ['x', 'y'] }, { kind: 'unknown' })).toBe(true);
    expect(truth({ kind: { not: ['x', 'y'] } }, { kind: 'unknown' })).toBe(false);
    expect(truth({ kind: 'unknown' }, { kind: 'unknown' })).toBe(true);
    expect(truth({ kind: { not: 'unknown' } }, { kind: 'unknown' })).toBe(false);
    expect(truth({ kind: { anyOf: [{ const: 'unknown' }] } }, { kind: 'unknown' })).toBe(true);
  });
  test('one member that does not match settles it, wherever it stands', () => {
    expect(truth({ kind: 'x', n: 1 }, { kind: 'unknown', n: 2 })).toBe(false);
    expect(truth({ n: 1, kind: 'x' }, { kind: 'unknown', n: 2 })).toBe(false);
    expect(truth({ kind: 'x', n: 1 }, { kind: 'unknown', n: 1 })).toBe('unknown');
  });
  test('is an answer like any other where the fact has no such word', () => {
    expect(truth({ free: 'x' }, { free: 'unknown' })).toBe(false);
    expect(truth({ free: { not: 'x' } }, { free: 'unknown' })).toBe(true);
  });
  test('names the members', () => {
    const both = members({ kind: 'x', n: 1 });
    expect(both.untold({ kind: 'unknown', n: 1 }, context)).toEqual(['kind']);
    expect(both.untold({ kind: 'x', n: 1 }, context)).toEqual([]);
    expect(both.untold('text', context)).toEqual([]);
  });
});

describe('in words', () => {
  const why = (raw: Json, data: unknown) => members(raw).why(data, context);
  test.each([
    [{ n: { minimum: 3 } }, { n: 2 }, 'n is 2, expected at least 3'],
    [{ n: { maximum: 3 } }, { n: 4 }, 'n is 4, expected at most 3'],
    [{ n: [1, 2] }, { n: 4 }, 'n is 4, expected 1 or 2'],
    [{ on: true }, { on: false }, 'on is false, expected true'],
    [
      { free: { minLength: 3, maxLength: 5 } },
      { free: '' },
      'free is empty, expected a length of at least 3 and a length of at most 5',
    ],
    [{ names: { minItems: 1 } }, { names: [] }, 'names is [], expected a number of items of at least 1'],
    [{ names: { maxItems: 0 } }, { names: ['a'] }, 'names is ["a"], expected a number of items of at most 0'],
    [{ names: { contains: 'a' } }, { names: ['b'] }, 'names is ["b"], expected one that is a'],
    [{ free: { pattern: '^a' } }, { free: 'b' }, 'free is b, expected a text like /^a/'],
    [{ free: { not: ['a', 'b'] } }, { free: 'b' }, 'free is b, expected not a or b'],
    [{ free: { anyOf: ['a', { pattern: 'c' }] } }, { free: 'b' }, 'free is b, expected a or a text like /c/'],
    [{ share: { nearTo: 2 } }, { share: 3, n: 0 }, 'share is 3, expected near to 2'],
    [{ extra: 'a' }, {}, 'extra is not told, expected a'],
    [{ n: 1, on: true }, { n: 1, on: false }, 'on is false, expected true'],
    [{ n: 1 }, 'text', 'it is not an object'],
  ] as const)('%j of %j: %s', (raw, data, words_) => {
    expect(why(raw as Json, data)).toBe(words_);
  });
  test('what matches, or could not be told, has no why', () => {
    expect(why({ n: 1 }, { n: 1 })).toBeUndefined();
    expect(why({ kind: 'x' }, { kind: 'unknown' })).toBeUndefined();
  });
  test('what is looked at is said', () => {
    expect(members({ n: 1, free: 'a', extra: 'b' }).says({ n: 2, free: '' })).toBe(
      'n is 2, free is empty, extra is not told',
    );
    expect(members({ n: 1 }).says('text')).toBeUndefined();
    expect(members({ n: 1, on: true }).members).toEqual(['n', 'on']);
  });
});

describe('what is wrong', () => {
  const cases: readonly [Json, string][] = [
    [7, 'where: members must be a mapping of member to value'],
    [['n'], 'where: members must be a mapping of member to value'],
    [{ m: 1 }, "where.m: the fact has no member 'm' at its key"],
    [{ fre: 'a' }, "where.fre: the fact has no member 'fre' (did you mean 'free'?) at its key"],
    [{ n: [] }, 'where.n: an empty list matches nothing'],
    [{ n: 'a' }, 'where.n: a is no integer'],
    [{ share: 'a' }, 'where.share: a is no number'],
    [{ free: 3 }, 'where.free: 3 is no string'],
    [{ on: 'yes' }, 'where.on: yes is no boolean'],
    [{ on: { const: 1 } }, 'where.on.const: 1 is no boolean'],
    [{ kind: 'z' }, "where.kind: 'z' is not a value of this member"],
    [{ kind: 'unknwon' }, "where.kind: 'unknwon' is not a value of this member (did you mean 'unknown'?)"],
    [{ kind: { not: 'z' } }, "where.kind.not: 'z' is not a value of this member"],
    [{ kind: { anyOf: ['x', 'z'] } }, "where.kind.anyOf.1: 'z' is not a value of this member"],
    [{ grades: { contains: 'c' } }, "where.grades.contains: 'c' is not a value of this member"],
    [{ names: 'a' }, 'where.names: the member is a list: write { contains: a }'],
    [{ names: { contains: 3 } }, 'where.names.contains: 3 is no string'],
    [{ n: { minimum: '3' } }, "where.n.minimum: 'minimum' can't take 3"],
    [{ free: { minLength: '3' } }, "where.free.minLength: 'minLength' can't take 3"],
    [{ free: { enum: 'a' } }, "where.free.enum: 'enum' can't take a"],
    [{ free: { anyOf: [] } }, "where.free.anyOf: 'anyOf' can't take []"],
    [{ free: { anyOf: 'a' } }, "where.free.anyOf: 'anyOf' can't take a"],
    [{ free: { pattern: 3 } }, "where.free.pattern: 'pattern' can't take 3"],
    [{ free: { minimum: 3 } }, "where.free.minimum: 'minimum' is about number, and the member is string"],
    [{ free: { maximum: 3 } }, "where.free.maximum: 'maximum' is about number, and the member is string"],
    [{ n: { minLength: 3 } }, "where.n.minLength: 'minLength' is about string, and the member is number"],
    [{ n: { maxLength: 3 } }, "where.n.maxLength: 'maxLength' is about string, and the member is number"],
    [{ n: { pattern: 'a' } }, "where.n.pattern: 'pattern' is about string, and the member is number"],
    [{ n: { contains: 3 } }, "where.n.contains: 'contains' is about array, and the member is number"],
    [{ n: { minItems: 3 } }, "where.n.minItems: 'minItems' is about array, and the member is number"],
    [{ n: { maxItems: 3 } }, "where.n.maxItems: 'maxItems' is about array, and the member is number"],
    [{ names: { minLength: 3 } }, "where.names.minLength: 'minLength' is about string, and the member is a list"],
    [{ on: { minimum: 1 } }, "where.on.minimum: 'minimum' is about number, and the member is boolean"],
    [{ free: { nearTo: 3 } }, "where.free.nearTo: 'nearTo' is about number, and the member is string"],
    [{ n: { nearTo: 1 } }, "where.n.nearTo: 'nearTo' can't take 1: at least 2"],
    [{ n: { nearTo: 2.5 } }, "where.n.nearTo: 'nearTo' can't take 2.5: it must be whole"],
    [{ n: { nearTo: true } }, "where.n.nearTo: 'nearTo' can't take true: it must be integer or string"],
    [{ share: { ratio: -1 } }, "where.share.ratio: 'ratio' can't take -1: at least 0"],
    [{ free: { weakHash: 'yes' } }, "where.free.weakHash: 'weakHash' can't take yes: it must be boolean"],
    [
      { free: { hasOwnProperty: 1 } },
      "where.free.hasOwnProperty: 'hasOwnProperty' is no keyword of conditions at its key",
    ],
    [
      { free: { patern: 'a' } },
      "where.free.patern: 'patern' is no keyword of conditions (did you mean 'pattern'?) at its key",
    ],
  ];
  test.each(cases)('%j: %s', (raw, message) => {
    expect(mistakes(raw)).toEqual([message]);
  });

  test('of a fact that nobody knows only the words are looked at', () => {
    expect(mistakes({ anything: 3, other: { minimum: 1 } }, { schema: undefined })).toEqual([]);
    expect(mistakes({ anything: { minimun: 3 } }, { schema: undefined })).toHaveLength(1);
    expect(mistakes({ anything: 3 }, { schema: {} })).toEqual([
      "where.anything: the fact has no member 'anything' at its key",
    ]);
  });

  test('what is broken never holds, not even beside what does', () => {
    const broken = compileMembers({ n: { minimun: 1 }, on: true }, [], vocabulary, () => undefined);
    expect(broken.truth({ n: 5, on: true }, context)).toBe(false);
    expect(broken.why({ n: 5, on: true }, context)).toBe('n is 5, expected nothing (the condition is broken)');
    const operand = compileMembers({ n: { nearTo: 1 } }, [], vocabulary, () => undefined);
    expect(operand.why({ n: 5 }, context)).toBe('n is 5, expected nothing (the condition is broken)');
  });

  test('patterns of every kind are taken or refused', () => {
    expect(mistakes({ free: { pattern: '(?i)^[a-z]{2,3}$' } })).toEqual([]);
    expect(mistakes({ free: { pattern: '[' } })).toEqual([
      "where.free.pattern: '[' is not a pattern that RE2 understands",
    ]);
  });
});

test('the words of JSON Schema are a closed list', () => {
  expect(CONDITION_WORDS).toEqual([
    'const',
    'enum',
    'minimum',
    'maximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'pattern',
    'contains',
    'not',
    'anyOf',
  ]);
});

test('an object is neither nothing nor a list', () => {
  expect([{}, [], null, 'a', 3, undefined].map(isObject)).toEqual([true, false, false, false, false, false]);
});
