/** What changed between two reports: better, worse, newly unknown, and whether product, rules or knowledge moved. */
import { canonicalJson } from '../../lib/canonical.ts';
import type { Gap } from '../model/fact.ts';
import type { ControlReport, Input, Report } from '../model/report.ts';
import { nameOf } from '../model/target.ts';
import { lastingName } from '../model/telling.ts';
import type { Obligation, Outcome } from '../model/verdict.ts';
import { compare } from './facts.ts';
import { freshFailures, type Growth } from './fresh-failures.ts';

export interface ControlChange {
  /** `baseline/control`. */
  readonly control: string;
  readonly title: string;
  readonly obligation: Obligation;
  /** Absent: it is new, or it is gone. */
  readonly before?: Outcome;
  readonly after?: Outcome;
}

export interface ResultChange {
  readonly check: string;
  readonly subject: string;
  readonly message: string;
}

export interface Cause {
  readonly kind: 'product' | 'rules' | 'knowledge' | 'scope' | 'tool' | 'date';
  /** What exactly: `firmware fw.bin`, `baseline etsi-en-303-645`. */
  readonly what: string;
}

export interface Difference {
  readonly controls: {
    readonly better: readonly ControlChange[];
    readonly worse: readonly ControlChange[];
    /** Was decided, is not any more. */
    readonly newlyUnknown: readonly ControlChange[];
    readonly other: readonly ControlChange[];
  };
  readonly results: { readonly appeared: readonly ResultChange[]; readonly gone: readonly ResultChange[] };
  readonly grown: readonly Growth[];
  readonly gaps: { readonly appeared: readonly GapLine[]; readonly gone: readonly GapLine[] };
  readonly causes: readonly Cause[];
}
export interface GapLine {
  readonly source: string;
  readonly scope: string;
  readonly message: string;
}

export function compareReports(before: Report, after: Report): Difference {
  const changes = controlChanges(before, after);
  const kind = (change: ControlChange): keyof Difference['controls'] => kindOf(change);
  const of = (wanted: keyof Difference['controls']): readonly ControlChange[] =>
    changes.filter((change) => kind(change) === wanted);
  return {
    controls: { better: of('better'), worse: of('worse'), newlyUnknown: of('newlyUnknown'), other: of('other') },
    results: { appeared: failuresBeyond(after, before), gone: failuresBeyond(before, after) },
    grown: freshFailures(before, after),
    gaps: { appeared: gapsBeyond(after, before), gone: gapsBeyond(before, after) },
    causes: causesOf(before, after),
  };
}

function controlChanges(before: Report, after: Report): readonly ControlChange[] {
  const old = controlsOf(before);
  const fresh = controlsOf(after);
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort(compare);
  return names.flatMap((control) => {
    const [was, is] = [old.get(control), fresh.get(control)];
    const known = is ?? was;
    if (known === undefined || was?.outcome === is?.outcome) return [];
    const { title, obligation } = known;
    return [
      {
        control,
        title,
        obligation,
        ...(was === undefined ? {} : { before: was.outcome }),
        ...(is === undefined ? {} : { after: is.outcome }),
      },
    ];
  });
}

function controlsOf(report: Report): ReadonlyMap<string, ControlReport> {
  return new Map(
    report.assessments.flatMap(({ baseline, controls }) =>
      controls.map((control) => [`${baseline.id}/${control.id}`, control] as const),
    ),
  );
}

/** From good to bad. What is open lies between what holds and what fails. */
const RANK = {
  'not-applicable': 0,
  pass: 0,
  waived: 1,
  inconclusive: 2,
  error: 2,
  fail: 3,
} satisfies Record<Outcome, number>;

function kindOf({ before, after }: ControlChange): keyof Difference['controls'] {
  if (after === undefined) return 'other';
  if (before === undefined) return after === 'fail' ? 'worse' : 'other';
  if (RANK[after] === RANK[before]) return 'other';
  if (RANK[after] < RANK[before]) return before === 'fail' && RANK[after] === 2 ? 'newlyUnknown' : 'better';
  return RANK[after] === 2 ? 'newlyUnknown' : 'worse';
}

/** Failing results of one report that the other does not have. */
function failuresBeyond(here: Report, there: Report): readonly ResultChange[] {
  const failures = (report: Report): readonly Keyed<ResultChange>[] =>
    report.checks.flatMap(({ key, results }) =>
      results
        .filter(({ outcome }) => outcome === 'fail')
        .map(({ subject, message }): Keyed<ResultChange> => {
          const change = { check: key, subject: nameOf(subject), message };
          return [`${key}\u0000${lastingName(subject)}`, change];
        }),
    );
  return beyond(failures(here), failures(there));
}

/** Gaps that were tried and not seen, by who missed what; not what merely was not given. */
function gapsBeyond(here: Report, there: Report): readonly GapLine[] {
  const lines = (report: Report): readonly Keyed<GapLine>[] =>
    report.coverage.gaps.filter(({ unseen }) => unseen.kind !== 'not-given').map(gapLine);
  return beyond(lines(here), lines(there));
}
function gapLine(gap: Gap): Keyed<GapLine> {
  const line = { source: gap.source, scope: nameOf(gap.scope), message: gap.unseen.message };
  return [`${gap.source}\u0000${lastingName(gap.scope)}`, line];
}

type Keyed<T> = readonly [key: string, value: T];

/** What is here more often than there: two images, or two regions of one, share a lasting name and still count twice. */
function beyond<T>(here: readonly Keyed<T>[], there: readonly Keyed<T>[]): readonly T[] {
  const known = new Map<string, number>();
  for (const [key] of there) known.set(key, (known.get(key) ?? 0) + 1);
  return here.flatMap(([key, value]) => {
    const left = known.get(key) ?? 0;
    known.set(key, left - 1);
    return left > 0 ? [] : [value];
  });
}

const CAUSE_OF = {
  firmware: 'product',
  update: 'product',
  declaration: 'product',
  baseline: 'rules',
  checks: 'rules',
  waivers: 'rules',
  knowledge: 'knowledge',
  vulnerabilities: 'knowledge',
} satisfies Record<Input['kind'], Cause['kind']>;

function causesOf(before: Report, after: Report): readonly Cause[] {
  const old = new Map(before.inputs.map((input) => [`${input.kind} ${input.id}`, input]));
  const fresh = new Map(after.inputs.map((input) => [`${input.kind} ${input.id}`, input]));
  const names = [...new Set([...old.keys(), ...fresh.keys()])].sort(compare);
  const inputs = names.flatMap((what): readonly Cause[] => {
    const [was, is] = [old.get(what), fresh.get(what)];
    const input = is ?? was;
    if (input === undefined || was?.sha256 === is?.sha256) return [];
    const how = was === undefined ? ' (new)' : is === undefined ? ' (gone)' : '';
    return [{ kind: CAUSE_OF[input.kind], what: `${what}${how}` }];
  });
  return [...inputs, ...otherCauses(before, after)];
}

function otherCauses(before: Report, after: Report): readonly Cause[] {
  const differs = (pick: (report: Report) => unknown): boolean =>
    canonicalJson(pick(before)) !== canonicalJson(pick(after));
  const causes: Cause[] = [];
  if (differs(({ target }) => target.devices)) causes.push({ kind: 'product', what: 'devices' });
  else if (after.target.devices.length > 0 && differs(observed))
    causes.push({ kind: 'product', what: 'what the device answered' });
  if (differs(({ target }) => target.product ?? null)) causes.push({ kind: 'product', what: 'product' });
  if (differs(({ scope, target }) => [scope, target.state])) causes.push({ kind: 'scope', what: 'flags of the run' });
  if (differs(({ assessments }) => assessments.map(({ baseline }) => baseline)))
    causes.push({ kind: 'rules', what: 'baselines or levels' });
  if (differs(({ tool }) => tool))
    causes.push({ kind: 'tool', what: `assay ${before.tool.version} → ${after.tool.version}` });
  if (before.assessedAt.slice(0, 10) !== after.assessedAt.slice(0, 10))
    causes.push({ kind: 'date', what: `${before.assessedAt.slice(0, 10)} → ${after.assessedAt.slice(0, 10)}` });
  return causes;
}

/** What was observed over the network, by its ids: they do not depend on time. */
const observed = (report: Report): readonly string[] =>
  report.facts.flatMap(({ method, id }) => (method === 'TEST' ? [id] : [])).sort(compare);
