/** The ceiling of automation: a person's word can carry every mandatory provision of ETSI EN 303 645 to a pass, and nothing passes without it. */
import { describe, expect, test } from 'vitest';
import { evaluate, readsOf } from '../../src/core/assessment/evaluate.ts';
import { factId } from '../../src/core/assessment/facts.ts';
import { relationsOf } from '../../src/core/assessment/relations.ts';
import { openLibrary } from '../../src/core/baseline/library.ts';
import type { Attestation, Baseline, Statements } from '../../src/core/model/baseline.ts';
import type { Fact, FactType } from '../../src/core/model/fact.ts';
import type { Report } from '../../src/core/model/report.ts';
import { declaredAnswer, loginThrottling } from '../../src/facts/index.ts';
import { words } from '../support/library.ts';

const AT = '2026-06-01T00:00:00Z';
const WORDS = { feature: 'feature.present', imageCoverage: 'image.coverage', imageRegion: 'image.region' };
const library = await openLibrary(words);
const all: readonly FactType[] = words.facts;

function said(type: FactType, data: object): Fact {
  const about = { type: type.name, subject: { kind: 'target' } as const, data, source: 'test' };
  return { id: factId(about), ...about, method: 'INTERVIEW', observedAt: AT, evidence: [], derivedFrom: [] };
}
/** Everything was looked for and nothing amiss was found; the declaration answers what is given. */
function judge(baselines: readonly Baseline[], statements: Statements, facts: readonly Fact[] = []): Report {
  return evaluate({
    evidence: { facts, gaps: [], heard: [{ source: 'test', types: all.map(({ name }) => name) }], gatherers: [] },
    relations: relationsOf([{ id: 'test', consumes: [], produces: all }]),
    baselines,
    statements,
    waivers: [],
    words: WORDS,
    tell: () => undefined,
    at: AT,
    relevant: readsOf(baselines, WORDS),
    head: {
      tool: { name: 'assay', version: '0' },
      target: { name: 'house', state: 'initialised', devices: [], firmware: [], updates: [] },
      scope: { ports: 'all', pace: 'gentle', permissions: [], vantage: 'here' },
      inputs: [],
    },
  });
}
/** What a unit that checks decide rests on: a login that slows wrong tries down. */
const THROTTLED = [said(loginThrottling, { protocol: 'http-form', throttled: true, signal: 'delay', after: 4 })];
const attested = (baseline: Baseline): readonly Attestation[] =>
  baseline.controls.flatMap((control) =>
    control.units
      .filter(({ mark }) => mark !== 'decide')
      .map((unit) => ({
        unit: `${baseline.id}/${control.id}/${unit.id}`,
        verdict: 'pass' as const,
        by: 'J. Doe',
        on: '2026-05-01',
      })),
  );
const answers = (baseline: Baseline): readonly Fact[] =>
  baseline.controls.map(({ id, obligation }) =>
    said(declaredAnswer, { provision: id, support: obligation === 'mandatory' ? 'yes' : 'no', detail: true }),
  );
const outcomes = (report: Report, of: (obligation: string) => boolean): readonly (readonly [string, string])[] =>
  report.assessments.flatMap(({ controls }) =>
    controls.filter(({ obligation }) => of(obligation)).map(({ id, outcome }) => [id, outcome] as const),
  );
const mandatory = (obligation: string) => obligation === 'mandatory';

describe.each(['2.1.1', '3.1.3'])('ETSI EN 303 645 %s', async (version) => {
  const baseline = await library.baseline(`etsi-en-303-645@${version}`);

  test('with a full declaration every mandatory provision can pass', () => {
    const report = judge([baseline], { attestations: attested(baseline), features: {} }, [
      ...answers(baseline),
      ...THROTTLED,
    ]);
    expect(outcomes(report, mandatory).filter(([, outcome]) => outcome !== 'pass')).toEqual([]);
    expect(report.outcome).toBe('pass');
  });
  test('without one none does, however clean the product looks', () => {
    const report = judge([baseline], { attestations: [], features: {} }, THROTTLED);
    expect(outcomes(report, () => true).filter(([, outcome]) => outcome !== 'inconclusive')).toEqual([]);
    expect(report.outcome).toBe('inconclusive');
  });
  test('one missing word leaves its provision open', () => {
    const [first, ...rest] = attested(baseline).filter(({ unit }) => unit.includes('/5.1-1/'));
    const others = attested(baseline).filter(({ unit }) => !unit.includes('/5.1-1/'));
    expect(first).toBeDefined();
    const report = judge([baseline], { attestations: [...rest, ...others], features: {} }, [
      ...answers(baseline),
      ...THROTTLED,
    ]);
    const open = outcomes(report, mandatory).filter(([, outcome]) => outcome !== 'pass');
    expect(open).toEqual([['5.1-1', 'inconclusive']]);
  });
  test('a recommendation denied without a reason fails the provision that asks for one', () => {
    const [own] = baseline.controls;
    const bare = said(declaredAnswer, { provision: '5.2-2', support: 'no', detail: false });
    const report = judge([baseline], { attestations: attested(baseline), features: {} }, [bare, ...THROTTLED]);
    expect(outcomes(report, mandatory).filter(([, outcome]) => outcome === 'fail')).toEqual([[own?.id, 'fail']]);
  });
});

test('PSTI’s password rule is deemed met by the two ETSI provisions, and by nothing less', async () => {
  const [psti, etsi] = await Promise.all([library.baseline('uk-psti'), library.baseline('etsi-en-303-645@2.1.1')]);
  const words = attested(etsi).filter(({ unit }) => /\/5\.1-[12]\//.test(unit));
  const full = judge([psti, etsi], { attestations: words, features: {} });
  expect(outcomes(full, mandatory)).toContainEqual(['PSTI-1', 'pass']);
  const half = judge([psti, etsi], {
    attestations: words.filter(({ unit }) => unit.includes('/5.1-1/')),
    features: {},
  });
  expect(outcomes(half, mandatory)).toContainEqual(['PSTI-1', 'inconclusive']);
});
