/** What a quantifier rests on: the facts that decide, the gaps that leave it open, one judgement a subject. */
import { describe, expect, test } from 'vitest';
import { compileCondition, type Vocabulary } from '../../../src/core/baseline/condition.ts';
import { defineFact, type Fact } from '../../../src/core/model/fact.ts';
import { type Json, object, oneOf, whole, yes } from '../../../src/lib/schema.ts';
import { aFact, aGap, aView, endpoint } from '../../support/facts.ts';

const lock = defineFact({
  name: 'a.lock',
  title: 'A lock',
  over: 'tcp',
  schema: object({
    sure: oneOf(['yes', 'no', 'unknown']),
    other: oneOf(['yes', 'no', 'unknown']),
    n: whole(),
    on: yes(),
  }),
});
const vocabulary: Vocabulary = { facts: new Map([['a.lock', lock]]), keywords: new Map(), knowledge: () => ({}) };
const at = '2026-01-01T00:00:00Z';
const judge = (raw: Json, view: ReturnType<typeof aView>) =>
  compileCondition(raw, [], vocabulary, (path, message) => {
    throw new Error(`${path.join('.')}: ${message}`);
  }).judge({ facts: view, at });
const one = (data: object, port = 1): Fact =>
  aFact('a.lock', { sure: 'yes', other: 'yes', n: 1, on: true, ...data }, endpoint(port));
const gap = aGap(['a.lock'], endpoint(9), 'tcp');

const some = { some: 'a.lock', where: { on: true } };
const none = { none: 'a.lock', where: { on: true } };
const every = { every: 'a.lock', where: { on: true }, satisfies: { n: { minimum: 5 } } };

describe('what it rests on', () => {
  const [on, off, large, small] = [one({}), one({ on: false }, 2), one({ n: 6 }, 3), one({ n: 2 }, 4)];
  test('some: those that match, else all that were looked at', () => {
    expect(judge(some, aView([on, off])).because).toEqual([on]);
    expect(judge(some, aView([off])).because).toEqual([off]);
    expect(judge(some, aView([on], [gap])).gaps).toEqual([gap]);
  });
  test('none: the same, denied', () => {
    expect(judge(none, aView([on, off]))).toMatchObject({ truth: false, because: [on], vacuous: false });
    expect(judge(none, aView([off]))).toMatchObject({ truth: true, because: [off], vacuous: false });
  });
  test('every: those that break it, else the selected', () => {
    expect(judge(every, aView([large, small, off])).because).toEqual([small]);
    expect(judge(every, aView([large, off])).because).toEqual([large]);
    expect(judge(every, aView([off]))).toMatchObject({ truth: true, because: [], vacuous: true });
    expect(judge(every, aView([large]))).toMatchObject({ truth: true, vacuous: false });
  });
  test('count: those that match, and never vacuous', () => {
    const count = { count: 'a.lock', where: { on: true }, min: 1 };
    expect(judge(count, aView([on, off]))).toMatchObject({ truth: true, because: [on], vacuous: false });
    expect(judge(count, aView([off]))).toMatchObject({ truth: false, because: [], vacuous: false });
  });
  test('a count is unsettled by what could not be told, within what it can make of it', () => {
    const two = { count: 'a.lock', where: { sure: 'yes' }, min: 2, max: 2 };
    const maybe = one({ sure: 'unknown' }, 5);
    expect(judge(two, aView([on, maybe])).truth).toBe('unknown');
    expect(judge(two, aView([maybe])).truth).toBe(false);
    expect(judge(two, aView([on, large, maybe])).truth).toBe('unknown');
    expect(judge(two, aView([on, large, small, maybe])).truth).toBe(false);
    expect(judge(two, aView([on, large])).truth).toBe(true);
    expect(judge(two, aView([on, maybe])).gaps).toHaveLength(1);
  });
});

describe('what could not be told', () => {
  test('is one gap a subject, with the members, the type and the area of the check', () => {
    const untold = one({ sure: 'unknown', other: 'unknown' });
    const raw = { every: 'a.lock', satisfies: { sure: 'yes', other: 'yes' } };
    const { truth, gaps } = judge(raw, aView([untold, one({ sure: 'unknown', other: 'unknown', n: 3 })]));
    expect(truth).toBe('unknown');
    expect(gaps).toEqual([
      {
        source: 'condition',
        scope: endpoint(1),
        area: 'tcp',
        facts: ['a.lock'],
        unseen: { kind: 'unrecognised', message: 'sure and other could not be told' },
      },
    ]);
  });
  test('of one that may not be selected at all names what selects and what it is to satisfy', () => {
    const raw = { every: 'a.lock', where: { sure: 'yes' }, satisfies: { n: { minimum: 5 } } };
    const { truth, gaps } = judge(raw, aView([one({ sure: 'unknown' })]));
    expect(truth).toBe('unknown');
    expect(gaps[0]?.unseen).toMatchObject({ message: 'sure could not be told' });
    expect(judge(raw, aView([one({ sure: 'unknown', n: 7 })])).truth).toBe(true);
    expect(judge(raw, aView([one({ sure: 'no' })])).vacuous).toBe(true);
    const both = { every: 'a.lock', where: { sure: 'yes' }, satisfies: { other: 'yes' } };
    expect(judge(both, aView([one({ sure: 'unknown', other: 'unknown' })])).gaps[0]?.unseen).toMatchObject({
      message: 'sure and other could not be told',
    });
  });
  test('leaves none of what breaks it', () => {
    const raw = { every: 'a.lock', satisfies: { sure: 'yes' } };
    const { truth, because } = judge(raw, aView([one({ sure: 'unknown' }), one({ sure: 'no' }, 2)]));
    expect([truth, because.length]).toEqual([false, 1]);
  });
  test('of a some or a none leaves it open unless another settles it', () => {
    const raw = { some: 'a.lock', where: { sure: 'yes' } };
    expect(judge(raw, aView([one({ sure: 'unknown' })])).truth).toBe('unknown');
    expect(judge(raw, aView([one({ sure: 'unknown' }), one({}, 2)])).truth).toBe(true);
    expect(judge(raw, aView([one({ sure: 'unknown' })])).gaps).toHaveLength(1);
  });
});

describe('subjects', () => {
  test('come in the order of their first fact, with all that decides', () => {
    const facts = [one({ n: 6 }, 2), one({ n: 1 }, 1), one({ n: 2 }, 1), one({ n: 7 }, 1)];
    const { subjects = [] } = judge(every, aView(facts));
    expect(subjects).toEqual([
      { subject: endpoint(2), truth: true, because: [facts[0]], gaps: [] },
      {
        subject: endpoint(1),
        truth: false,
        because: [facts[1], facts[2]],
        gaps: [],
        why: 'n is 1, expected at least 5',
      },
    ]);
  });
  test('a gap on a subject leaves it open unless a fact breaks it, others stay as they are', () => {
    const here = aGap(['a.lock'], endpoint(1), 'tcp');
    const good = judge(every, aView([one({ n: 6 }), one({ n: 6 }, 2)], [here]));
    expect(good.subjects?.map(({ truth, gaps }) => [truth, gaps.length])).toEqual([
      ['unknown', 1],
      [true, 0],
    ]);
    const bad = judge(every, aView([one({ n: 1 })], [here]));
    expect(bad.subjects?.map(({ truth, gaps }) => [truth, gaps.length])).toEqual([[false, 1]]);
  });
  test('gaps of one subject are one judgement, and where nobody looked it is the target', () => {
    const hidden = judge(none, aView([], [gap, gap, aGap(['a.lock'], endpoint(8), 'tcp')]));
    expect(hidden.subjects).toEqual([
      { subject: endpoint(9), truth: 'unknown', because: [], gaps: [gap, gap] },
      { subject: endpoint(8), truth: 'unknown', because: [], gaps: [aGap(['a.lock'], endpoint(8), 'tcp')] },
    ]);
    const unheard = judge(none, aView([one({ on: false })], [], ['a.lock']));
    expect(unheard.subjects?.map(({ subject, truth }) => [subject, truth])).toEqual([
      [endpoint(1), true],
      [{ kind: 'target' }, 'unknown'],
    ]);
    expect(judge(none, aView([one({ on: false })])).subjects).toHaveLength(1);
  });
  test('what a none finds is said, and one that says nothing of members has no why', () => {
    expect(judge(none, aView([one({})])).subjects?.[0]?.why).toBe('on is true');
    const found = one({});
    const bare = judge({ none: 'a.lock' }, aView([found])).subjects?.[0];
    expect(bare).toStrictEqual({ subject: endpoint(1), truth: false, because: [found], gaps: [] });
  });
});

test('a check over another area than its fact’s is left open by the gaps of that area', () => {
  const udp = aGap(['a.lock'], endpoint(9), 'udp');
  const condition = compileCondition(none, [], vocabulary, () => undefined);
  const over = (area: 'tcp' | 'udp') => condition.judge({ facts: aView([], [udp]), at, over: area }).truth;
  expect([over('tcp'), over('udp'), condition.judge({ facts: aView([], [udp]), at }).truth]).toEqual([
    true,
    'unknown',
    true,
  ]);
});

test('a condition tells what it reads, facts and members', () => {
  const { reads, members } = compileCondition({ all: [every, { not: some }] }, [], vocabulary, () => undefined);
  expect([[...reads], [...members]]).toEqual([['a.lock'], ['a.lock.on', 'a.lock.n']]);
});

test('a connective rests on the operands that have its truth, each fact and gap once', () => {
  const [small, off] = [one({ n: 2 }), one({ on: false }, 2)];
  const all = judge({ all: [some, every, every] }, aView([small, off], [gap]));
  expect([all.truth, all.because, all.gaps]).toEqual([false, [small], [gap]]);
  const any = judge({ any: [none, { count: 'a.lock', min: 5 }, { count: 'a.lock', min: 6 }] }, aView([off], [gap]));
  expect([any.truth, any.because, any.gaps]).toEqual(['unknown', [off], [gap]]);
});
