/** The law that makes verdicts trustworthy, through derivers, units and roll-up: seeing more never overturns what was decided. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Unit } from '../../../src/core/model/baseline.ts';
import type { Fact, FactType, Gap } from '../../../src/core/model/fact.ts';
import type { Report } from '../../../src/core/model/report.ts';
import type { Subject } from '../../../src/core/model/target.ts';
import type { Json } from '../../../src/lib/schema.ts';
import {
  baseline,
  type Case,
  check,
  control,
  DOOR,
  endpoint,
  FEATURE,
  fact,
  file,
  gap,
  judge,
  LOCK,
  PAIR,
  ROOM,
  unit,
} from '../../support/judge.ts';

const TYPES = [DOOR, LOCK, ROOM] as const;
const NAMES = [...TYPES.map(({ name }) => name), PAIR.name];

/** A thing that is there, and from which stage of looking on it is seen: 0 at once, 2 only at the end. */
interface Thing {
  readonly type: FactType;
  readonly place: number;
  readonly ok: boolean;
  readonly kind: string;
  readonly from: number;
}
const thing = fc.record({
  type: fc.constantFrom<FactType>(...TYPES),
  place: fc.integer({ min: 1, max: 4 }),
  ok: fc.boolean(),
  kind: fc.constantFrom('a', 'b'),
  from: fc.integer({ min: 0, max: 2 }),
});
const members = fc.constantFrom<Json>({ ok: true }, { ok: false }, { kind: 'a' }, { ok: true, kind: 'b' });
const name = fc.constantFrom(...NAMES);
const { condition } = fc.letrec<{ condition: Json }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'conditions' },
    fc.record({ every: name, where: members, satisfies: members }),
    fc.record({ every: name, satisfies: members }),
    fc.record({ none: name, where: members }),
    fc.record({ some: name, where: members }),
    fc.record({ count: name, min: fc.integer({ min: 0, max: 2 }), max: fc.integer({ min: 2, max: 4 }) }),
    fc.record({ all: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('condition') }),
  ),
}));
const asked = fc.record({ expect: condition, when: fc.option(condition, { nil: undefined }) });
const units = fc.array(
  fc.record({
    mark: fc.constantFrom<Unit['mark']>('decide', 'decide', 'refute', 'person'),
    checks: fc.array(asked, { minLength: 1, maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 3 },
);

const placeOf = ({ type, place }: Thing): Subject => (type === ROOM ? file(`room${place}`) : endpoint(place));
const areaOf = (type: FactType): Gap['area'] => (type === ROOM ? 'root-file-system' : 'tcp');

/** What is known at one stage: what is seen, what follows from it, and a gap for all that is not seen yet. */
function at(stage: number, things: readonly Thing[]): Case {
  const seen = things.filter(({ from }) => from <= stage);
  const facts = seen.map((one) => fact(one.type, placeOf(one), { ok: one.ok, kind: one.kind }));
  const gaps = things
    .filter(({ from }) => from > stage)
    .map((one) => gap([one.type.name], areaOf(one.type), { scope: placeOf(one) }));
  const feedings = [{ id: 'join', consumes: [LOCK, ROOM], produces: [PAIR] }];
  const features = seen.filter(({ type }) => type === DOOR).map(({ kind }) => present(kind));
  return { facts: [...facts, ...pairs(seen), ...features], gaps, feedings };
}

/** A deriver that joins by presence: a lock and a room of one kind are a pair. */
const pairs = (seen: readonly Thing[]): readonly Fact[] =>
  seen
    .filter(({ type }) => type === LOCK)
    .flatMap((lock) =>
      seen
        .filter(({ type, kind }) => type === ROOM && kind === lock.kind)
        .map((room) => fact(PAIR, { kind: 'target' }, { ok: lock.ok && room.ok, kind: lock.kind })),
    );
const present = (kind: string): Fact => fact(FEATURE, { kind: 'target' }, { name: kind, present: true });

function rulesOf(
  drawn: readonly {
    readonly mark: Unit['mark'];
    readonly checks: readonly { expect: Json; when: Json | undefined }[];
  }[],
) {
  const built = drawn.map(({ mark, checks }, index) =>
    unit(
      String(index),
      mark,
      checks.map(({ expect: raw, when }, number) =>
        check(`c/${index}-${number}`, raw, when === undefined ? {} : { appliesWhen: check('w', when).expect }),
      ),
    ),
  );
  return baseline([
    control('whole', built),
    ...built.map((one) => control(`only-${one.id}`, [one], { applies: { feature: 'a' } })),
  ]);
}

const decided = (report: Report): ReadonlyMap<string, string> =>
  new Map(
    report.assessments
      .flatMap(({ controls }) => controls.map(({ id, outcome }) => [id, outcome] as const))
      .filter(([, outcome]) => outcome === 'pass' || outcome === 'fail'),
  );

test('seeing more never overturns what was decided', () => {
  let settled = 0;
  fc.assert(
    fc.property(fc.array(thing, { maxLength: 7 }), units, (things, drawn) => {
      const rules = rulesOf(drawn);
      const [first, second, last] = [0, 1, 2].map((stage) => judge(rules, at(stage, things)));
      for (const [less, more] of [
        [first, second],
        [second, last],
      ] as const) {
        if (less === undefined || more === undefined) throw new Error('three stages');
        const later = decided(more);
        for (const [id, outcome] of decided(less)) {
          settled += 1;
          expect(later.get(id), id).toBe(outcome);
        }
      }
    }),
    { numRuns: 1500 },
  );
  expect(settled).toBeGreaterThan(500);
});

test('when all was seen, nothing is open for want of sight', () => {
  fc.assert(
    fc.property(fc.array(thing, { maxLength: 7 }), units, (things, drawn) => {
      for (const { reasons } of judge(rulesOf(drawn), at(2, things)).checks) expect(reasons).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('when nobody looked, nothing passes and nothing fails', () => {
  fc.assert(
    fc.property(units, (drawn) => {
      const report = judge(rulesOf(drawn), { heard: [] });
      expect([...decided(report).values()].filter((outcome) => outcome === 'fail')).toEqual([]);
      for (const { outcome, seen } of report.checks) if (outcome === 'pass') expect(seen.open).toBe(0);
    }),
    { numRuns: 300 },
  );
});
