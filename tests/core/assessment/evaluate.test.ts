/** What a control comes to: units and marks, coverage, applicability, attestations, waivers, parameters, links. */
import { describe, expect, test } from 'vitest';
import type { Waiver } from '../../../src/core/model/baseline.ts';
import {
  AT,
  baseline,
  check,
  control,
  controlOf,
  DOOR,
  endpoint,
  FEATURE,
  fact,
  file,
  gap,
  judge,
  LOCK,
  notGiven,
  PAIR,
  ROOM,
  unit,
} from '../../support/judge.ts';

const locked = check('doors/locked', { every: 'net.door', satisfies: { ok: true } });
const quiet = check('rooms/quiet', { none: 'file.room', where: { ok: false } });
const good = fact(DOOR, endpoint(1), { ok: true, kind: 'a' });
const bad = fact(DOOR, endpoint(2), { ok: false, kind: 'a' });
const one = (mark: 'decide' | 'refute' | 'person') => baseline([control('1', [unit('1a', mark, [locked])])]);

describe('the mark of a unit', () => {
  test('a deciding unit passes on what was seen to hold everywhere', () => {
    const report = judge(one('decide'), { facts: [good] });
    expect(controlOf(report, '1')).toMatchObject({ outcome: 'pass', reasons: [], basis: ['observed'] });
    expect(report.outcome).toBe('pass');
  });
  test('any unit fails on one violation, and cites the fact', () => {
    for (const mark of ['decide', 'refute', 'person'] as const) {
      const report = judge(one(mark), { facts: [good, bad] });
      expect(controlOf(report, '1').outcome).toBe('fail');
      const failing = report.checks[0]?.results.find(({ outcome }) => outcome === 'fail');
      expect(failing).toMatchObject({ subject: endpoint(2), facts: [bad.id] });
      expect(report.facts.map(({ id }) => id)).toContain(bad.id);
    }
  });
  test('a unit that can only refute stays open when nothing was found', () => {
    expect(controlOf(judge(one('refute'), { facts: [good] }), '1')).toMatchObject({
      outcome: 'inconclusive',
      reasons: ['unrefuted'],
    });
  });
  test('a unit for a person stays open however good it looks', () => {
    expect(controlOf(judge(one('person'), { facts: [good] }), '1')).toMatchObject({
      outcome: 'inconclusive',
      reasons: ['unattested'],
    });
  });
  test('a control without units is open', () => {
    expect(controlOf(judge(baseline([control('1', [])])), '1').outcome).toBe('inconclusive');
  });
});

describe('what was not seen', () => {
  test('a gap inside the area leaves the control open, and what holds is counted', () => {
    const report = judge(one('decide'), { facts: [good], gaps: [gap([DOOR.name], 'tcp', { scope: endpoint(9) })] });
    expect(controlOf(report, '1')).toMatchObject({ outcome: 'inconclusive', reasons: ['gap'] });
    expect(report.checks[0]?.seen).toEqual({ holds: 1, fails: 0, open: 1 });
    expect(report.checks[0]?.message).toContain('holds on 1 of 1 seen');
  });
  test('a gap outside the area leaves it decided', () => {
    const report = judge(one('decide'), { facts: [good], gaps: [gap([DOOR.name], 'image')] });
    expect(controlOf(report, '1').outcome).toBe('pass');
  });
  test('a violation outweighs every gap', () => {
    const report = judge(one('decide'), { facts: [bad], gaps: [gap([DOOR.name], 'tcp')] });
    expect(controlOf(report, '1').outcome).toBe('fail');
  });
  test('where nobody looked nothing is decided, and nothing is called a gap', () => {
    expect(controlOf(judge(one('decide'), { facts: [good], heard: [] }), '1')).toMatchObject({
      outcome: 'inconclusive',
      reasons: ['not-given'],
    });
  });
  test('what was not given names the flag that would settle it', () => {
    const report = judge(one('decide'), { gaps: [notGiven([DOOR.name], 'endpoint', '--device')] });
    expect(controlOf(report, '1').reasons).toEqual(['not-given']);
    expect(report.settle).toEqual([{ flag: '--device', controls: 1 }]);
  });
  test('a bug of ours makes an error, not a gap', () => {
    const bug = gap([DOOR.name], 'tcp', { unseen: { kind: 'bug', message: 'TypeError' } });
    expect(controlOf(judge(one('decide'), { facts: [good], gaps: [bug] }), '1').outcome).toBe('error');
    expect(controlOf(judge(one('decide'), { facts: [bad], gaps: [bug] }), '1').outcome).toBe('fail');
  });
  test('a check whose every subject is hidden is open', () => {
    const gaps = [gap([DOOR.name], 'tcp', { scope: endpoint(1) }), gap([DOOR.name], 'tcp', { scope: endpoint(2) })];
    const report = judge(one('decide'), { gaps });
    expect(report.checks[0]).toMatchObject({ outcome: 'inconclusive', vacuous: false, seen: { open: 2 } });
  });
  test('a vacuous check is dropped, and a unit left without a check is open, not passed and not spared', () => {
    const report = judge(one('decide'));
    expect(report.checks[0]?.vacuous).toBe(true);
    expect(controlOf(report, '1')).toMatchObject({ outcome: 'inconclusive', reasons: ['unattested'] });
    const both = judge(baseline([control('1', [unit('a', 'decide', [locked, quiet])])]));
    expect(controlOf(both, '1').outcome).toBe('pass');
  });
  test('a gap goes down through derivers into what they work out, whatever the area', () => {
    const paired = check('pairs', { none: 'joined.pair', where: { ok: false } });
    const feedings = [{ id: 'join', consumes: [LOCK, ROOM], produces: [PAIR] }];
    const rules = baseline([control('1', [unit('a', 'decide', [paired])])]);
    expect(controlOf(judge(rules, { feedings }), '1').outcome).toBe('pass');
    expect(controlOf(judge(rules, { feedings, gaps: [gap([LOCK.name], 'tcp')] }), '1').outcome).toBe('inconclusive');
    expect(controlOf(judge(rules, { feedings, gaps: [gap([ROOM.name], 'image')] }), '1').outcome).toBe('pass');
  });
  test('a check that may not apply is open even where it holds', () => {
    const guarded = check(
      'doors/guarded',
      { none: 'net.door', where: { ok: false } },
      {
        appliesWhen: check('x', { some: 'net.lock' }).expect,
      },
    );
    const rules = baseline([control('1', [unit('a', 'decide', [guarded])])]);
    const lock = fact(LOCK, endpoint(1), { ok: true, kind: 'l' });
    const hidden = [gap([LOCK.name], 'tcp')];
    expect(controlOf(judge(rules, { facts: [good, lock] }), '1').outcome).toBe('pass');
    expect(controlOf(judge(rules, { facts: [good], gaps: hidden }), '1').outcome).toBe('inconclusive');
    expect(judge(rules, { facts: [bad] }).checks[0]?.vacuous).toBe(true);
  });
});

describe('applicability', () => {
  const rules = baseline([control('1', [unit('a', 'decide', [quiet])], { applies: { feature: 'wifi' } })]);
  const absent = { features: { wifi: { present: false, rationale: 'no radio' } } };
  test('a feature declared absent with its rationale spares the control', () => {
    expect(controlOf(judge(rules, { statements: absent }), '1')).toMatchObject({
      outcome: 'not-applicable',
      basis: ['declared'],
      applicability: 'wifi is declared absent: no radio',
    });
  });
  test('unknown counts as applying and names the feature', () => {
    expect(controlOf(judge(rules), '1')).toMatchObject({
      outcome: 'pass',
      applicability: expect.stringContaining('wifi'),
    });
    const mute = { features: { wifi: { present: false } } };
    expect(controlOf(judge(rules, { statements: mute }), '1').outcome).toBe('pass');
  });
  test('what is declared absent and was observed applies', () => {
    const seen = fact(FEATURE, { kind: 'target' }, { name: 'wifi', present: true });
    const room = fact(ROOM, file('a'), { ok: false, kind: 'r' });
    expect(controlOf(judge(rules, { facts: [seen, room], statements: absent }), '1').outcome).toBe('fail');
  });
  test('a fact that proves absence spares it too, unless the maker declares it present', () => {
    const proof = fact(FEATURE, { kind: 'target' }, { name: 'wifi', present: false });
    expect(controlOf(judge(rules, { facts: [proof] }), '1').outcome).toBe('not-applicable');
    const said = { features: { wifi: { present: true } } };
    expect(controlOf(judge(rules, { facts: [proof], statements: said }), '1').outcome).toBe('pass');
  });
});

describe('a person’s word', () => {
  const say = (verdict: 'pass' | 'fail') => ({
    attestations: [{ unit: 'house/1/1a', verdict, by: 'A. Tester', on: '2026-05-01' }],
  });
  test('it settles what is open', () => {
    for (const mark of ['person', 'refute'] as const)
      expect(controlOf(judge(one(mark), { facts: [good], statements: say('pass') }), '1')).toMatchObject({
        outcome: 'pass',
        basis: expect.arrayContaining(['attested']),
      });
    expect(controlOf(judge(one('person'), { statements: say('fail') }), '1').outcome).toBe('fail');
  });
  test('it does not outweigh a violation, and the conflict is told', () => {
    const { units, outcome } = controlOf(judge(one('person'), { facts: [bad], statements: say('pass') }), '1');
    expect(outcome).toBe('fail');
    expect(units[0]?.attestation).toMatchObject({ conflict: true });
  });
});

describe('waivers', () => {
  const waiver = (more: Partial<Waiver> = {}): Waiver => ({
    control: 'house/1',
    kind: 'accepted-risk',
    reason: 'lab only',
    approvedBy: 'B. Boss',
    expires: '2026-12-31',
    at: { file: 'waivers.yaml' },
    ...more,
  });
  test('one on the subject excuses that subject alone', () => {
    const second = fact(DOOR, endpoint(3), { ok: false, kind: 'a' });
    const waivers = [waiver({ check: 'doors/locked', subject: '192.0.2.1:2/tcp' })];
    const report = judge(one('decide'), { facts: [good, bad], waivers });
    expect(controlOf(report, '1')).toMatchObject({
      outcome: 'waived',
      waiver: { instead: 'fail', reason: 'lab only' },
    });
    expect(report.waivers).toMatchObject([{ state: 'used' }]);
    expect(controlOf(judge(one('decide'), { facts: [bad, second], waivers }), '1').outcome).toBe('fail');
  });
  test('an expired or unused one is told and changes nothing', () => {
    const expired = judge(one('decide'), { facts: [bad], waivers: [waiver({ expires: '2026-05-31' })] });
    expect(controlOf(expired, '1').outcome).toBe('fail');
    expect(expired.waivers).toMatchObject([{ state: 'expired' }]);
    const unused = judge(one('decide'), { facts: [good], waivers: [waiver()] });
    expect(unused.waivers).toMatchObject([{ state: 'unused', note: expect.stringContaining('no subject') }]);
    expect(controlOf(unused, '1').outcome).toBe('pass');
  });
  test('it counts through its last day', () => {
    const report = judge(one('decide'), { facts: [bad], waivers: [waiver({ expires: AT.slice(0, 10) })] });
    expect(controlOf(report, '1').outcome).toBe('waived');
  });
  test('one on the whole control covers gaps and the work of a person', () => {
    const report = judge(one('person'), { gaps: [gap([DOOR.name], 'tcp')], waivers: [waiver()] });
    expect(controlOf(report, '1')).toMatchObject({ outcome: 'waived', waiver: { instead: 'inconclusive' } });
  });
});

test('the same check with two parameters under two baselines keeps two outcomes', () => {
  const strict = check('doors/kind', { every: 'net.door', satisfies: { kind: 'a' } }, { key: 'doors/kind{k=a}' });
  const loose = check('doors/kind', { every: 'net.door', satisfies: { kind: ['a', 'b'] } }, { key: 'doors/kind{k=b}' });
  const rules = [
    baseline([control('1', [unit('a', 'decide', [strict])])], { id: 'strict' }),
    baseline([control('1', [unit('a', 'decide', [loose])])], { id: 'loose' }),
  ];
  const report = judge(rules, { facts: [fact(DOOR, endpoint(1), { ok: true, kind: 'b' })] });
  expect(controlOf(report, '1', 'strict').outcome).toBe('fail');
  expect(controlOf(report, '1', 'loose').outcome).toBe('pass');
  expect(report.checks.map(({ key, outcome }) => [key, outcome])).toEqual([
    ['doors/kind{k=a}', 'fail'],
    ['doors/kind{k=b}', 'pass'],
  ]);
  expect(report.outcome).toBe('fail');
});

test('a control passes by the ones it is deemed by, unless it fails itself', () => {
  const linked = baseline([control('x', [unit('a', 'person')], { deemedBy: ['house/1'] })], { id: 'other' });
  expect(controlOf(judge([linked, one('decide')], { facts: [good] }), 'x', 'other').outcome).toBe('pass');
  expect(controlOf(judge([linked, one('refute')], { facts: [good] }), 'x', 'other').outcome).toBe('inconclusive');
  expect(controlOf(judge(linked, { facts: [good] }), 'x', 'other').outcome).toBe('inconclusive');
});

test('only mandatory controls that are no drafts make the outcome; recommended ones are counted', () => {
  const failing = [unit('a', 'decide', [locked])];
  const rules = baseline([
    control('m', [unit('a', 'decide', [quiet])]),
    control('r', failing, { obligation: 'recommended' }),
    control('d', failing, { draft: true }),
  ]);
  const [assessment] = judge(rules, { facts: [bad] }).assessments;
  expect(assessment).toMatchObject({ outcome: 'pass', counts: { pass: 1, fail: 1 }, mandatory: { pass: 1, fail: 0 } });
});

test('where nothing is mandatory nothing is decided, and other baselines decide the whole', () => {
  const decided = [unit('a', 'decide', [quiet])];
  const risks = baseline([control('r', decided, { obligation: 'recommended' })], { id: 'risks' });
  const alone = judge(risks, { facts: [good] });
  expect(alone.assessments[0]).toMatchObject({ outcome: 'inconclusive', counts: { pass: 1 } });
  expect(alone.outcome).toBe('inconclusive');
  expect(judge([risks, baseline([control('m', decided)])], { facts: [good] }).outcome).toBe('pass');
});

test('the report does not depend on the order in which things were seen', () => {
  const facts = [
    good,
    bad,
    fact(ROOM, file('z'), { ok: true, kind: '' }),
    fact(ROOM, file('a'), { ok: false, kind: '' }),
  ];
  const gaps = [gap([DOOR.name], 'tcp', { scope: endpoint(9) }), gap([ROOM.name], 'image')];
  const rules = baseline([control('1', [unit('a', 'decide', [locked, quiet])])]);
  const there = judge(rules, { facts, gaps });
  const back = judge(rules, { facts: facts.toReversed(), gaps: gaps.toReversed() });
  expect(JSON.stringify(back)).toBe(JSON.stringify(there));
});
