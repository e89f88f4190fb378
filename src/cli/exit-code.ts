/** What a run ends with: one table from what was judged to the exit code. */
import type { Difference } from '../core/assessment/diff.ts';
import type { ControlReport, Report } from '../core/model/report.ts';
import { plural } from '../lib/text.ts';

export const EXIT = {
  /** No mandatory control failed and all that was planned was seen. */
  good: 0,
  /** A mandatory control failed. */
  failed: 1,
  /** The command line or a file of the user is wrong. */
  usage: 2,
  /** Nothing failed, but something planned was not seen. */
  unseen: 3,
  /** A bug in assay. */
  bug: 4,
} as const;

export const FAIL_ON = ['mandatory', 'recommended', 'none'] as const;
export type FailOn = (typeof FAIL_ON)[number];

export interface Judging {
  readonly failOn: FailOn;
  /** Every mandatory control must be pass, waived or not-applicable. */
  readonly strict: boolean;
  /** Only what got worse counts. */
  readonly against?: Difference;
  /** The user stopped the run. */
  readonly interrupted?: boolean;
}

/** How a run ends: its exit code, and in words what made it. */
export interface Ending {
  readonly code: number;
  readonly because: string;
  /** What got worse, one by one, where only that counts. */
  readonly details: readonly string[];
}

export function endingOf(report: Report, judging: Judging): Ending {
  const { against, interrupted } = judging;
  const { failed, unseen, details } =
    against === undefined ? ofReport(report, judging) : ofDifference(judging, against);
  if (failed !== '') return { code: EXIT.failed, because: failed, details };
  const fine = fineWords(judging);
  const rest = [
    unseen,
    judging.strict ? unsettledWords(report, against) : '',
    interrupted === true ? 'the run was stopped' : '',
  ].filter((one) => one !== '');
  if (rest.length > 0) return { code: EXIT.unseen, because: `${fine}, but ${rest.join('; ')}`, details };
  return { code: EXIT.good, because: against === undefined ? `${fine}${openWords(report)}` : fine, details };
}

function fineWords({ failOn, against }: Judging): string {
  if (failOn === 'none') return 'no failure counts (--fail-on none)';
  return against === undefined ? `no ${CONSIDERED[failOn]} control fails` : 'nothing that counts got worse';
}

/** Green is no pass: how much is open stands beside it. */
function openWords(report: Report): string {
  const open = counting(report).filter(
    ({ obligation, outcome }) => obligation === 'mandatory' && outcome === 'inconclusive',
  ).length;
  return open === 0 ? '' : `; ${plural(open, 'mandatory control')} ${open === 1 ? 'is' : 'are'} open`;
}

interface Finding {
  readonly failed: string;
  readonly unseen: string;
  readonly details: readonly string[];
}

const CONSIDERED = {
  mandatory: 'mandatory',
  recommended: 'mandatory or recommended',
  none: '',
} satisfies Record<FailOn, string>;

const counting = (report: Report): readonly ControlReport[] =>
  report.assessments.flatMap(({ controls }) => controls).filter(({ draft }) => draft !== true);

const counts = (obligation: ControlReport['obligation'], failOn: FailOn): boolean =>
  (failOn !== 'none' && obligation === 'mandatory') || (failOn === 'recommended' && obligation === 'recommended');

const fails = (count: number): string => (count === 1 ? 'fails' : 'fail');

function ofReport(report: Report, { failOn }: Judging): Finding {
  const failed = counting(report).filter(({ outcome, obligation }) => outcome === 'fail' && counts(obligation, failOn));
  const gaps = report.coverage.gaps.filter(({ unseen: { kind } }) => kind !== 'not-given').length;
  // A value that was looked at and could not be told leaves no gap in the coverage, and a control open all the same.
  const untold = gaps > 0 ? 0 : counting(report).filter(isUntold).length;
  const broken = counting(report).filter(({ outcome }) => outcome === 'error').length;
  return {
    failed:
      failed.length === 0 ? '' : `${plural(failed.length, `${CONSIDERED[failOn]} control`)} ${fails(failed.length)}`,
    unseen: [
      gaps === 0 ? '' : `${plural(gaps, 'thing')} tried and not seen`,
      untold === 0 ? '' : `${plural(untold, 'mandatory control')} looked at and not told`,
      broken === 0 ? '' : `${plural(broken, 'control')} in error`,
    ]
      .filter((one) => one !== '')
      .join('; '),
    details: [],
  };
}

function ofDifference({ failOn }: Judging, { controls, grown, gaps }: Difference): Finding {
  const worse = controls.worse.filter(({ after, obligation }) => after === 'fail' && counts(obligation, failOn));
  const wider = grown.filter(({ obligation }) => counts(obligation, failOn));
  return {
    failed: [
      worse.length === 0 ? '' : `${plural(worse.length, 'control')} ${fails(worse.length)} that did not`,
      wider.length === 0 ? '' : `${plural(wider.length, 'check')} ${fails(wider.length)} on something new`,
    ]
      .filter((one) => one !== '')
      .join('; '),
    unseen: gaps.appeared.length === 0 ? '' : `${plural(gaps.appeared.length, 'thing')} newly not seen`,
    details: [
      ...worse.map(({ control, before, title }) => `${control}: ${before ?? 'not there'} → fail  ${title}`),
      ...wider.map(({ check, title, subjects }) => `${check}: ${title}: ${few(subjects)}`),
      ...gaps.appeared.map(({ scope, message }) => `${scope}: ${message}`),
    ],
  };
}

/** Three names, and how many more. */
export const few = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;

const isUntold = ({ obligation, outcome, reasons }: ControlReport): boolean =>
  obligation === 'mandatory' && outcome === 'inconclusive' && reasons.includes('gap');

/** With an older report, only what was settled then and is not any more. */
function unsettledWords(report: Report, against: Difference | undefined): string {
  const open =
    against === undefined
      ? openMandatory(report)
      : against.controls.newlyUnknown.filter(
          ({ obligation, before }) => obligation === 'mandatory' && before !== 'fail',
        ).length;
  return open === 0
    ? ''
    : `${plural(open, 'mandatory control')} ${against === undefined ? 'not' : 'no longer'} settled, which --strict asks for`;
}

const openMandatory = (report: Report): number =>
  counting(report).filter(
    ({ obligation, outcome }) => obligation === 'mandatory' && !['pass', 'waived', 'not-applicable'].includes(outcome),
  ).length;
