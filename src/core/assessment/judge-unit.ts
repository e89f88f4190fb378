/** One unit of a control: what its checks and a person's word come to. The mark says how far checks can take it. */
import type { Attestation, Unit, Waiver } from '../model/baseline.ts';
import type { Basis, Result, UnitReport } from '../model/report.ts';
import { gravest, type Outcome, type Reason, uniteReasons } from '../model/verdict.ts';
import { compare } from './facts.ts';
import type { JudgedCheck } from './judge-check.ts';
import { type Excuse, NO_EXCUSE, waivable } from './waive.ts';

export interface JudgedUnit {
  readonly report: UnitReport;
  readonly basis: readonly Basis[];
  /** Flags that would settle it. */
  readonly settle: readonly string[];
  /** What it would be without waivers. */
  readonly instead: Outcome;
  readonly waivers: readonly Waiver[];
}

interface State {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly conflict: boolean;
  readonly attested: boolean;
}

export function judgeUnit(
  unit: Unit,
  checks: readonly JudgedCheck[],
  attestation: Attestation | undefined,
  excuse: Excuse,
  whole: Waiver | undefined,
): JudgedUnit {
  const used = new Set<Waiver>();
  const plain = stateOf(unit, checks, attestation, NO_EXCUSE, new Set());
  const excused = stateOf(unit, checks, attestation, excuse, used);
  const covered = whole !== undefined && waivable(excused.outcome);
  const state = covered ? { ...excused, outcome: 'waived' as const, reasons: [] } : excused;
  const report: UnitReport = {
    id: unit.id,
    ...(unit.title === undefined ? {} : { title: unit.title }),
    mark: unit.mark,
    outcome: state.outcome,
    reasons: state.reasons,
    checks: checks.map(({ report: { key } }) => key),
    ...(attestation === undefined ? {} : { attestation: told(attestation, state.conflict) }),
    ...(unit.work === undefined ? {} : { work: unit.work }),
  };
  const waivers = covered ? [...used, whole] : [...used];
  return { report, basis: basisOf(checks, state), settle: settleOf(checks, state), instead: plain.outcome, waivers };
}

const told = (attestation: Attestation, conflict: boolean): NonNullable<UnitReport['attestation']> => ({
  verdict: attestation.verdict,
  by: attestation.by,
  on: attestation.on,
  ...(conflict ? { conflict } : {}),
});

function stateOf(
  unit: Unit,
  checks: readonly JudgedCheck[],
  attestation: Attestation | undefined,
  excuse: Excuse,
  used: Set<Waiver>,
): State {
  const seen = checkState(unit, checks, excuse, used);
  if (attestation === undefined) return { ...seen, conflict: false, attested: false };
  const { verdict } = attestation;
  if (seen.outcome === 'fail') return { ...seen, conflict: verdict === 'pass', attested: verdict === 'fail' };
  if (verdict === 'fail') return { outcome: 'fail', reasons: [], conflict: seen.outcome === 'pass', attested: true };
  if (seen.outcome === 'pass' || seen.outcome === 'waived') return { ...seen, conflict: false, attested: true };
  return { outcome: 'pass', reasons: [], conflict: false, attested: true };
}

/** What the checks alone say. Vacuous ones are dropped; a unit that is left without a check is open. */
function checkState(
  unit: Unit,
  checks: readonly JudgedCheck[],
  excuse: Excuse,
  used: Set<Waiver>,
): { readonly outcome: Outcome; readonly reasons: readonly Reason[] } {
  const results = checks
    .filter(({ report }) => !report.vacuous)
    .flatMap(({ report }) => report.results.map((result) => excused(result, report, excuse, used)));
  const outcome = gravest(results.map((result) => result.outcome));
  const reasons = uniteReasons(results.map((result) => result.reasons));
  if (outcome === 'fail') return { outcome, reasons: [] };
  if (unit.mark === 'refute') {
    const open = uniteReasons([reasons, ['unrefuted']]);
    return { outcome: outcome === 'error' ? 'error' : 'inconclusive', reasons: open };
  }
  if (unit.mark === 'person' || results.length === 0)
    return {
      outcome: outcome === 'error' ? 'error' : 'inconclusive',
      reasons: uniteReasons([reasons, ['unattested']]),
    };
  return { outcome, reasons };
}

function excused(
  result: Result,
  check: { readonly id: string; readonly key: string },
  excuse: Excuse,
  used: Set<Waiver>,
): { readonly outcome: Outcome; readonly reasons: readonly Reason[] } {
  const waiver = excuse(result, check.id, check.key);
  if (waiver === undefined) return result;
  used.add(waiver);
  return { outcome: 'waived', reasons: [] };
}

function basisOf(checks: readonly JudgedCheck[], state: State): readonly Basis[] {
  const basis: Basis[] = [];
  const live = checks.filter(({ report }) => !report.vacuous && report.results.some(({ facts }) => facts.length > 0));
  if (live.some(({ observed }) => observed)) basis.push('observed');
  if (live.some(({ declared }) => declared)) basis.push('declared');
  if (state.attested) basis.push('attested');
  return basis;
}

/** A person's word comes by the declaration. */
function settleOf(checks: readonly JudgedCheck[], state: State): readonly string[] {
  if (state.outcome !== 'inconclusive' && state.outcome !== 'error') return [];
  const person = state.reasons.includes('unattested') || state.reasons.includes('unrefuted');
  const flags = checks.flatMap(({ report }) => report.settle);
  return [...new Set(person ? [...flags, '--declaration'] : flags)].sort(compare);
}
