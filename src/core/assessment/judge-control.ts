/** One control: whether it applies, what its units come to, and what others settle for it. */
import type { Attestation, Baseline, Control, Waiver } from '../model/baseline.ts';
import type { Basis, ControlReport } from '../model/report.ts';
import { gravest, type Outcome, uniteReasons } from '../model/verdict.ts';
import { type Applies, applies, type Features } from './applicability.ts';
import { compare } from './facts.ts';
import type { JudgedCheck } from './judge-check.ts';
import { type JudgedUnit, judgeUnit } from './judge-unit.ts';
import type { Waivers } from './waive.ts';

export interface JudgedControl {
  readonly control: Control;
  readonly report: ControlReport;
  readonly settle: readonly string[];
}

export interface Bench {
  readonly features: Features;
  readonly waivers: Waivers;
  readonly attestations: ReadonlyMap<string, Attestation>;
  judged(key: string): JudgedCheck;
}

export function judgeControl(baseline: Baseline, control: Control, bench: Bench): JudgedControl {
  const name = `${baseline.id}/${control.id}`;
  const applying = applies(control.applies, bench.features);
  if (applying.truth === false) return { control, report: spared(control, applying), settle: [] };
  const whole = bench.waivers.whole(name);
  const excuse = bench.waivers.excuse(name);
  const units = control.units.map((unit) =>
    judgeUnit(
      unit,
      unit.checks.map(({ key }) => bench.judged(key)),
      bench.attestations.get(`${name}/${unit.id}`),
      excuse,
      whole,
    ),
  );
  const report = reportOf(control, units, applying, whole);
  for (const { waivers } of units) for (const waiver of waivers) bench.waivers.use(waiver);
  return { control, report, settle: settleOf(units, applying) };
}

const BASES: readonly Basis[] = ['observed', 'declared', 'attested'];

function headOf(control: Control): Pick<ControlReport, 'id' | 'title' | 'section' | 'status' | 'obligation' | 'draft'> {
  return {
    id: control.id,
    title: control.title,
    ...(control.section === undefined ? {} : { section: control.section }),
    ...(control.status === undefined ? {} : { status: control.status }),
    obligation: control.obligation,
    ...(control.draft === true ? { draft: true } : {}),
  };
}

function spared(control: Control, applying: Applies): ControlReport {
  return {
    ...headOf(control),
    outcome: 'not-applicable',
    reasons: [],
    basis: [applying.declared ? 'declared' : 'observed'],
    units: [],
    ...(applying.because === undefined ? {} : { applicability: applying.because }),
  };
}

function reportOf(
  control: Control,
  units: readonly JudgedUnit[],
  applying: Applies,
  whole: Waiver | undefined,
): ControlReport {
  const state = rollUp(units.map(({ report }) => report));
  const todo = units.flatMap(({ report }) =>
    report.outcome === 'inconclusive' && report.work !== undefined ? [report.work] : [],
  );
  const waiver = state.outcome === 'waived' ? (whole ?? units.flatMap(({ waivers }) => waivers)[0]) : undefined;
  return {
    ...headOf(control),
    ...state,
    basis: BASES.filter((basis) => units.some((unit) => unit.basis.includes(basis))),
    units: units.map(({ report }) => report),
    ...(todo.length === 0 ? {} : { todo: [...new Set(todo)] }),
    ...(applying.because === undefined ? {} : { applicability: applying.because }),
    ...(waiver === undefined
      ? {}
      : { waiver: { ...signed(waiver), instead: gravest(units.map((one) => one.instead)) } }),
  };
}

const signed = ({ reason, approvedBy, expires }: Waiver): Pick<Waiver, 'reason' | 'approvedBy' | 'expires'> => ({
  reason,
  approvedBy,
  expires,
});

/** Passes only when every unit is decided, attested or waived; no unit at all is open. */
function rollUp(units: readonly { readonly outcome: Outcome; readonly reasons: ControlReport['reasons'] }[]): {
  readonly outcome: Outcome;
  readonly reasons: ControlReport['reasons'];
} {
  if (units.length === 0) return { outcome: 'inconclusive', reasons: ['unattested'] };
  const outcome = gravest(units.map((unit) => unit.outcome));
  return { outcome, reasons: outcome === 'fail' ? [] : uniteReasons(units.map(({ reasons }) => reasons)) };
}

function settleOf(units: readonly JudgedUnit[], applying: Applies): readonly string[] {
  const open = units.flatMap(({ settle }) => settle);
  const features = applying.unknown.length > 0 && open.length > 0 ? ['--declaration'] : [];
  return [...new Set([...open, ...features])].sort(compare);
}

/**
 * Controls that pass because the ones they are deemed by pass. Goes round until nothing changes, for a link may rest on
 * another; a control that fails by its own units stays failed.
 */
export function deem(
  judged: readonly { readonly baseline: string; readonly controls: readonly JudgedControl[] }[],
): readonly {
  readonly baseline: string;
  readonly controls: readonly JudgedControl[];
}[] {
  let current = judged;
  for (let round = 0; round < 8; round += 1) {
    const outcomes = new Map<string, Outcome[]>();
    for (const { baseline, controls } of current)
      for (const { report } of controls) {
        const name = `${baseline}/${report.id}`;
        outcomes.set(name, [...(outcomes.get(name) ?? []), report.outcome]);
      }
    let changed = false;
    current = current.map((one) => ({
      ...one,
      controls: one.controls.map((judgedControl) => {
        const settled = deemed(judgedControl, outcomes);
        if (settled !== judgedControl) changed = true;
        return settled;
      }),
    }));
    if (!changed) break;
  }
  return current;
}

function deemed(judged: JudgedControl, outcomes: ReadonlyMap<string, readonly Outcome[]>): JudgedControl {
  const { deemedBy } = judged.control;
  const { report } = judged;
  if (deemedBy === undefined || deemedBy.length === 0 || report.outcome !== 'inconclusive') return judged;
  const passes = deemedBy.every((name) => {
    const found = outcomes.get(name) ?? [];
    return found.length > 0 && found.every((outcome) => outcome === 'pass');
  });
  if (!passes) return judged;
  return { ...judged, report: { ...report, outcome: 'pass', reasons: [], deemedBy }, settle: [] };
}
