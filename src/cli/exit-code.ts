/** What a run ends with: one table from what was judged to the exit code. */
import type { Difference } from '../core/assessment/diff.ts';
import type { ControlReport, Report } from '../core/model/report.ts';

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

export function exitCodeOf(report: Report, judging: Judging): number {
  const { failed, unseen } = judging.against === undefined ? ofReport(report, judging) : ofDifference(judging);
  if (failed) return EXIT.failed;
  const open = judging.strict && judging.against === undefined && !settled(report);
  return unseen || open || judging.interrupted === true ? EXIT.unseen : EXIT.good;
}

interface Finding {
  readonly failed: boolean;
  readonly unseen: boolean;
}

const counting = (report: Report): readonly ControlReport[] =>
  report.assessments.flatMap(({ controls }) => controls).filter(({ draft }) => draft !== true);

const counts = (obligation: ControlReport['obligation'], failOn: FailOn): boolean =>
  (failOn !== 'none' && obligation === 'mandatory') || (failOn === 'recommended' && obligation === 'recommended');

function ofReport(report: Report, { failOn }: Judging): Finding {
  const failed = counting(report).some(({ outcome, obligation }) => outcome === 'fail' && counts(obligation, failOn));
  const unseen =
    report.coverage.gaps.some(({ unseen: { kind } }) => kind !== 'not-given') ||
    counting(report).some(({ outcome }) => outcome === 'error');
  return { failed, unseen };
}

function ofDifference({ against, failOn }: Judging): Finding {
  const worse = against?.controls.worse ?? [];
  return {
    failed:
      worse.some(({ after, obligation }) => after === 'fail' && counts(obligation, failOn)) ||
      (against?.grown ?? []).some(({ obligation }) => counts(obligation, failOn)),
    unseen: (against?.gaps.appeared ?? []).length > 0,
  };
}

const settled = (report: Report): boolean =>
  counting(report)
    .filter(({ obligation }) => obligation === 'mandatory')
    .every(({ outcome }) => ['pass', 'waived', 'not-applicable'].includes(outcome));
