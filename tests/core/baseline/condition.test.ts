/** The condition language: its table, its laws, its speed. */

import { describe, expect, test } from 'vitest';
import { compileCondition, type Vocabulary } from '../../../src/core/baseline/condition.ts';
import type { Judgement } from '../../../src/core/model/condition.ts';
import { defineFact, type Fact, type FactType, type FactView, type Gap } from '../../../src/core/model/fact.ts';
import { notThree } from '../../../src/core/model/ternary.ts';
import { type Json, list, maybe, object, oneOf, text, whole, yes } from '../../../src/lib/schema.ts';
import { aFact, aGap, aView, endpoint } from '../../support/facts.ts';
import { words } from '../../support/library.ts';
import { fc, property } from '../../support/property.ts';
import { runs } from '../../support/runs.ts';

const types = ['a.one', 'b.two'].map(
  (name): FactType =>
    defineFact({
      name,
      title: name,
      over: 'endpoint',
      schema: object({
        sure: oneOf(['yes', 'no', 'unknown']),
        kind: oneOf(['x', 'y', 'z']),
        n: whole(),
        on: yes(),
        names: list(text()),
        extra: maybe(text()),
      }),
    }),
);
const vocabulary: Vocabulary = {
  facts: new Map([...words.facts, ...types].map((type) => [type.name, type])),
  keywords: new Map(words.keywords.map((keyword) => [keyword.name, keyword])),
  knowledge: () => ({ good: ['x'] }),
};

function mistakes(raw: Json): readonly string[] {
  const told: string[] = [];
  compileCondition(raw, [], vocabulary, (path, message, hint) =>
    told.push(`${path.join('.')}: ${message}${hint ? ` (${hint})` : ''}`),
  );
  return told;
}
function judge(raw: Json, view: FactView): Judgement {
  expect(mistakes(raw)).toEqual([]);
  return compileCondition(raw, [], vocabulary, () => undefined).judge({ facts: view, at: '2026-01-01T00:00:00Z' });
}
const one = (data: object, at = 1): Fact =>
  aFact('a.one', { sure: 'yes', kind: 'x', n: 1, on: true, names: [], ...data }, endpoint(at));
const gap = aGap(['a.one'], endpoint(9), 'endpoint');

describe('the table', () => {
  const some = { some: 'a.one', where: { on: true } };
  const none = { none: 'a.one', where: { on: true } };
  const every = { every: 'a.one', where: { on: true }, satisfies: { n: { minimum: 5 } } };
  const few = { count: 'a.one', where: { on: true }, min: 1, max: 1 };
  const cases: readonly [string, Json, readonly Fact[], readonly Gap[], Judgement['truth']][] = [
    ['some matches', some, [one({})], [gap], true],
    ['some finds nothing, all seen', some, [one({ on: false })], [], false],
    ['some finds nothing, not all seen', some, [one({ on: false })], [gap], 'unknown'],
    ['none finds one', none, [one({})], [gap], false],
    ['none finds nothing, all seen', none, [], [], true],
    ['none finds nothing, not all seen', none, [], [gap], 'unknown'],
    ['every holds, all seen', every, [one({ n: 5 })], [], true],
    ['every holds, not all seen', every, [one({ n: 5 })], [gap], 'unknown'],
    ['every breaks, not all seen', every, [one({ n: 4 })], [gap], false],
    ['every without a selected one', every, [one({ on: false })], [], true],
    ['count within, all seen', few, [one({})], [], true],
    ['count within, not all seen', few, [one({})], [gap], 'unknown'],
    ['count above, not all seen', few, [one({}), one({})], [gap], false],
    ['count below, all seen', few, [], [], false],
    ['count below, not all seen', few, [], [gap], 'unknown'],
  ];
  test.each(cases)('%s', (_, raw, facts, gaps, truth) => {
    expect(judge(raw, aView(facts, gaps)).truth).toBe(truth);
  });

  test('only an every without a selected one, all seen, is vacuous', () => {
    expect(judge(every, aView([])).vacuous).toBe(true);
    expect(judge(every, aView([], [gap])).vacuous).toBe(false);
    expect(judge(none, aView([])).vacuous).toBe(false);
    expect(judge({ not: every }, aView([])).vacuous).toBe(true);
    expect(judge({ all: [every, every] }, aView([])).vacuous).toBe(true);
    expect(judge({ all: [every, none] }, aView([])).vacuous).toBe(false);
    expect(judge({ any: [every, some] }, aView([])).vacuous).toBe(true);
    expect(judge({ any: [every, none] }, aView([])).vacuous).toBe(false);
  });

  test('what a vacuous operand settles alone is vacuous, whatever is seen of the others later', () => {
    const denied = { not: { every: 'b.two', where: { on: true }, satisfies: { n: 1 } } };
    const whole = { not: { all: [every, denied] } };
    expect(judge(whole, aView([], [gap]))).toMatchObject({ truth: true, vacuous: true });
    expect(judge(whole, aView([one({ on: false })]))).toMatchObject({ truth: true, vacuous: true });
    expect(judge(whole, aView([one({ n: 5 })]))).toMatchObject({ truth: true, vacuous: true });
    expect(judge(whole, aView([one({ n: 4 })]))).toMatchObject({ truth: true, vacuous: false });
  });

  test('a type that nobody looked at is unknown, with an open judgement on the target', () => {
    const judgement = judge(none, aView([], [], ['a.one']));
    expect(judgement.truth).toBe('unknown');
    expect(judgement.subjects).toEqual([{ subject: { kind: 'target' }, truth: 'unknown', because: [], gaps: [] }]);
  });

  test('an absent member never matches and never satisfies, not even under not', () => {
    expect(judge({ some: 'a.one', where: { extra: { not: 'q' } } }, aView([one({})])).truth).toBe(false);
    expect(judge({ every: 'a.one', satisfies: { extra: { not: 'q' } } }, aView([one({})])).truth).toBe(false);
    expect(judge({ every: 'a.one', satisfies: { extra: { not: 'q' } } }, aView([one({ extra: 'p' })])).truth).toBe(
      true,
    );
  });
});

describe('a member that could not be told', () => {
  const untold = one({ sure: 'unknown' });
  const cases: readonly [Json, object, Judgement['truth']][] = [
    [{ some: 'a.one', where: { sure: 'yes' } }, {}, 'unknown'],
    [{ some: 'a.one', where: { sure: 'yes', on: false } }, {}, false],
    [{ none: 'a.one', where: { sure: 'yes' } }, {}, 'unknown'],
    [{ none: 'a.one', where: { sure: { not: 'no' } } }, {}, 'unknown'],
    [{ none: 'a.one', where: { sure: ['yes', 'unknown'] } }, {}, false],
    [{ some: 'a.one', where: { sure: ['yes', 'no'] } }, {}, true],
    [{ every: 'a.one', satisfies: { sure: 'yes' } }, {}, 'unknown'],
    [{ every: 'a.one', satisfies: { sure: 'yes', on: false } }, {}, false],
    [{ every: 'a.one', where: { sure: 'yes' }, satisfies: { on: false } }, {}, 'unknown'],
    [{ every: 'a.one', where: { sure: 'yes' }, satisfies: { on: true } }, {}, true],
    [{ count: 'a.one', where: { sure: 'yes' }, min: 1 }, {}, 'unknown'],
    [{ count: 'a.one', where: { sure: 'yes' }, max: 1 }, {}, true],
    [{ count: 'a.one', where: { sure: 'yes' }, max: 0 }, {}, 'unknown'],
  ];
  test.each(cases)('%j', (raw, _, truth) => {
    expect(judge(raw, aView([untold])).truth).toBe(truth);
  });

  test('is a gap that names member and subject', () => {
    const { gaps, subjects = [] } = judge({ every: 'a.one', satisfies: { sure: 'yes' } }, aView([untold, one({}, 2)]));
    expect(gaps.map((gap) => [gap.scope, gap.unseen])).toEqual([
      [endpoint(1), { kind: 'unrecognised', message: 'sure could not be told' }],
    ]);
    expect(subjects.map((one) => one.truth)).toEqual(['unknown', true]);
  });
});

describe('judgements by subject', () => {
  test('one a subject, with the facts that decide and why, and an open one a gap', () => {
    const facts = [one({ n: 5 }, 1), one({ n: 6 }, 1), one({ n: 2 }, 2), one({ n: 7 }, 2)];
    const { subjects = [] } = judge({ every: 'a.one', satisfies: { n: { minimum: 5 } } }, aView(facts, [gap]));
    expect(subjects.map(({ truth, because, why }) => [truth, because.length, why])).toEqual([
      [true, 2, undefined],
      [false, 1, 'n is 2, expected at least 5'],
      ['unknown', 0, undefined],
    ]);
  });

  test('a none says what it found', () => {
    const { subjects = [] } = judge(
      { none: 'a.one', where: { kind: 'x', on: true } },
      aView([one({}), one({ on: false }, 2)]),
    );
    expect(subjects.map(({ truth, why }) => [truth, why])).toEqual([
      [false, 'kind is x, on is true'],
      [true, undefined],
    ]);
  });
});

/** So many times denied. */
const nested = (depth: number): Json =>
  Array.from({ length: depth }).reduce<Json>((inner) => ({ not: inner }), { none: 'a.one' });

test('a condition nests sixteen deep, and one that is broken is unknown of everything', () => {
  expect(mistakes(nested(16))).toEqual([]);
  const at = '2026-01-01T00:00:00Z';
  for (const raw of [
    { all: [] },
    { none: 'a.oen' },
    'none',
    { every: 'a.oen', satisfies: { on: true } },
  ] as readonly Json[]) {
    const broken = compileCondition(raw, [], vocabulary, () => undefined);
    expect([[...broken.reads], [...broken.members]]).toEqual([[], []]);
    expect(broken.judge({ facts: aView([one({})]), at })).toEqual({
      truth: 'unknown',
      because: [],
      gaps: [],
      vacuous: false,
    });
  }
});

describe('mistakes', () => {
  const cases: readonly [Json, string][] = [
    [{ none: 'a.oen' }, "none: there is no fact 'a.oen' (did you mean 'a.one'?)"],
    [{ none: 'a.one', where: { kidn: 'x' } }, "where.kidn: the fact has no member 'kidn' (did you mean 'kind'?)"],
    [{ none: 'a.one', where: { kind: 'q' } }, "where.kind: 'q' is not a value of this member"],
    [
      { none: 'a.one', where: { n: { minimun: 1 } } },
      "where.n.minimun: 'minimun' is no keyword of conditions (did you mean 'minimum'?)",
    ],
    [
      { none: 'a.one', where: { kind: { minimum: 1 } } },
      "where.kind.minimum: 'minimum' is about number, and the member is string",
    ],
    [{ none: 'a.one', where: { names: 'p' } }, 'where.names: the member is a list: write { contains: p }'],
    [
      { none: 'a.one', where: { names: { tlsAtLeast: 'TLSv1' } } },
      "where.names.tlsAtLeast: 'tlsAtLeast' is about string, and the member is a list",
    ],
    [
      { none: 'a.one', where: { kind: { tlsAtLeast: 'TLSv12' } } },
      "where.kind.tlsAtLeast: 'tlsAtLeast' can't take TLSv12: one of SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, DTLSv1, DTLSv1.2 (did you mean 'TLSv1'?)",
    ],
    [
      { none: 'a.one', where: { kind: { pattern: '(' } } },
      "where.kind.pattern: '(' is not a pattern that RE2 understands",
    ],
    ...['x**', '(?=x)', 'x{2}{3}', '(x{99}){99}{99}', '[z-a]', '(?i', '(x)\\1'].map((pattern): [Json, string] => [
      { none: 'a.one', where: { kind: { pattern } } },
      `where.kind.pattern: '${pattern}' is not a pattern that RE2 understands`,
    ]),
    [
      { none: 'a.one', where: { kind: { listedIn: 'table/bad' } } },
      "where.kind.listedIn: 'listedIn' can't take table/bad: data table 'table' has no list 'bad'",
    ],
    [{ every: 'a.one' }, ": 'every' needs 'satisfies' with at least one member"],
    [{ count: 'a.one' }, ": 'count' needs 'min' or 'max'"],
    [{ none: 'a.one', when: { on: true } }, "when: 'when' can't stand beside 'none'"],
    [{ evry: 'a.one' }, ": a condition needs one of every, some, none, count, all, any, not (did you mean 'every'?)"],
    [{ all: [] }, "all: 'all' needs a list of conditions"],
    [{ any: { none: 'a.one' } }, "any: 'any' needs a list of conditions"],
    [{ not: 'none' }, 'not: a condition is a mapping with one of every, some, none, count, all, any, not'],
    [{ all: [{ none: 'a.one' }, { none: 'a.oen' }] }, "all.1.none: there is no fact 'a.oen' (did you mean 'a.one'?)"],
    [{ count: 'a.one', min: -1 }, "min: 'min' must be a number of at least 0"],
    [{ count: 'a.one', max: 'many' }, "max: 'max' must be a number of at least 0"],
    [{ some: 'a.one', wehre: {} }, "wehre: 'wehre' can't stand beside 'some' (did you mean 'where'?)"],
    [nested(17), `${'not.'.repeat(16)}not: conditions nest deeper than 16`],
    [{}, ': a condition needs one of every, some, none, count, all, any, not'],
    ['none', ': a condition is a mapping with one of every, some, none, count, all, any, not'],
  ];
  test.each(cases)('%j', (raw, message) => {
    expect(mistakes(raw)[0]).toBe(message);
  });
});

const members = fc.oneof(
  fc.constantFrom<Json>(
    { on: true },
    { on: false },
    { kind: ['x', 'y'] },
    { n: { minimum: 2 } },
    { extra: { not: 'p' } },
  ),
  fc.constantFrom<Json>(
    { kind: { not: 'z' }, n: { maximum: 3 } },
    { names: { contains: 'p' } },
    { names: { maxItems: 1 } },
  ),
);
const type = fc.constantFrom('a.one', 'b.two');
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ some: type, where: members }),
    fc.record({ none: type, where: members }),
    fc.record({ every: type, where: members, satisfies: members }),
    fc.record({ count: type, where: members, min: fc.nat(2), max: fc.integer({ min: 2, max: 4 }) }),
    fc.record({ all: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('tree') }),
  ),
}));
const fact = fc
  .record({
    type,
    at: fc.integer({ min: 1, max: 3 }),
    data: fc.record(
      {
        sure: fc.constantFrom('yes', 'no', 'unknown'),
        kind: fc.constantFrom('x', 'y', 'z'),
        n: fc.nat(4),
        on: fc.boolean(),
        names: fc.subarray(['p', 'q']),
        extra: fc.constantFrom('p', 'q'),
      },
      { requiredKeys: ['sure', 'kind', 'n', 'on', 'names'] },
    ),
  })
  .map((raw) => aFact(raw.type, raw.data, endpoint(raw.at)));
const facts = fc.array(fact, { maxLength: 6 });
const gaps = fc.array(
  type.map((name) => aGap([name], endpoint(9), 'tcp')),
  { maxLength: 3 },
);

describe('the laws', () => {
  property.prop([tree, facts, facts, gaps], { numRuns: runs(3000) })(
    'seeing more never overturns what was decided',
    (raw, seen, more, open) => {
      const before = judge(raw, aView(seen, open));
      // More may be seen of a type only where something of it was unseen; a gap may close or stay.
      const later = more.filter((one) => open.some((gap) => gap.facts.includes(one.type)));
      for (const left of [open, open.slice(1), []]) {
        const after = judge(raw, aView([...seen, ...later], left));
        if (before.truth !== 'unknown') expect(after.truth).toBe(before.truth);
      }
    },
  );

  property.prop([tree, facts, gaps, fc.constantFrom('yes', 'no')], { numRuns: runs(1000) })(
    'telling what could not be told never overturns what was decided',
    (raw, seen, open, sure) => {
      const before = judge(raw, aView(seen, open));
      const told = seen.map((one) => {
        const data = one.data as { readonly sure: string };
        return data.sure === 'unknown' ? { ...one, data: { ...data, sure } } : one;
      });
      // A condition that names `unknown` takes it for an answer; another answer is then another fact.
      if (before.truth !== 'unknown' && !JSON.stringify(raw).includes('unknown'))
        expect(judge(raw, aView(told, open)).truth).toBe(before.truth);
    },
  );

  property.prop([tree, facts])('with everything seen nothing is unknown', (raw, seen) => {
    const told = seen.filter((one) => (one.data as { sure: string }).sure !== 'unknown');
    expect(judge(raw, aView(told)).truth).not.toBe('unknown');
  });

  property.prop([fc.array(tree, { minLength: 1, maxLength: 3 }), facts, gaps])('De Morgan', (parts, seen, open) => {
    const view = aView(seen, open);
    const denied = parts.map((part) => ({ not: part }));
    expect(judge({ not: { all: parts } }, view).truth).toBe(judge({ any: denied }, view).truth);
    expect(judge({ not: { any: parts } }, view).truth).toBe(judge({ all: denied }, view).truth);
  });

  property.prop([type, members, facts, gaps])('none is the denial of some', (name, where, seen, open) => {
    const view = aView(seen, open);
    expect(judge({ none: name, where }, view).truth).toBe(notThree(judge({ some: name, where }, view).truth));
  });

  property.prop([fc.constantFrom('every', 'none'), type, members, members, facts, gaps])(
    'judgements by subject add up to the whole',
    (form, name, where, satisfies, seen, open) => {
      const raw = form === 'every' ? { every: name, where, satisfies } : { none: name, where };
      const { truth, subjects = [] } = judge(raw, aView(seen, open));
      const truths = subjects.map((one) => one.truth);
      expect(truths.includes(false) ? false : truths.includes('unknown') ? 'unknown' : true).toBe(truth);
    },
  );
});

test('judging looks at each fact a fixed number of times, however many there are', () => {
  const conditions = [
    { every: 'a.one', where: { on: true }, satisfies: { n: { maximum: 6 }, kind: { pattern: '^x|y$' } } },
    { none: 'a.one', where: { names: { contains: 'q' } } },
    { count: 'a.one', where: { kind: 'x' }, max: 30_000 },
  ].map((raw) => compileCondition(raw, [], vocabulary, () => undefined));
  let looks = 0;
  const watched = (index: number): Fact => {
    const { data, ...rest } = one({ n: index % 7, names: ['p'], kind: index % 2 ? 'x' : 'y' }, index % 500);
    return Object.defineProperty(rest as Fact, 'data', {
      get() {
        looks += 1;
        return data;
      },
    });
  };
  const looksAt = (count: number): number => {
    looks = 0;
    const view = aView(
      Array.from({ length: count }, (_, index) => watched(index)),
      [gap],
    );
    for (const condition of conditions) condition.judge({ facts: view, at: '2026-01-01T00:00:00Z' });
    return looks;
  };
  expect(looksAt(2000)).toBe(2 * looksAt(1000));
  expect(looksAt(1000)).toBeLessThanOrEqual(8 * 1000);
});
