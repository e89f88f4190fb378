/** The report as JUnit XML: one suite for each baseline, one case for each control, for pipelines that show tests. */
import { createRequire } from 'node:module';
import type { Builder } from 'junit-report-builder';
import type { Reporter } from '../../core/model/renderer.ts';
import type { Assessment, CheckReport, ControlReport, Report, UnitReport } from '../../core/model/report.ts';
import { shownName } from '../../core/model/target.ts';
import { baselineName, reasonWords, resultLine } from '../../core/model/telling.ts';
import { safeText } from '../../lib/text.ts';

/** The package is the builder itself. It takes longer to load than assay does: only a report in this form waits for it. */
const load = (): Builder => createRequire(import.meta.url)('junit-report-builder') as Builder;

/** Results told for one check of a case before the rest is counted. */
const RESULTS = 20;

export const junit: Reporter = {
  id: 'junit',
  title: 'JUnit XML: a suite for each baseline, a case for each control',
  extension: 'xml',
  mediaType: 'application/xml',
  render(report) {
    const root = load().newBuilder().name(safeText(report.target.name));
    const checks = new Map(report.checks.map((check) => [check.key, check]));
    for (const assessment of report.assessments) addSuite(root, report, assessment, checks);
    addSight(root, report);
    // Jenkins' schema (junit-10.xsd) knows `skipped` of a suite and not of all suites.
    return root.build().replace(/^(.*\n<testsuites [^\n]*?) skipped="\d+"/, '$1');
  },
};

type Suite = ReturnType<Builder['testSuite']>;
type Checks = ReadonlyMap<string, CheckReport>;

interface Background {
  readonly checks: Checks;
  /** Something that was tried was not seen. */
  readonly unseen: boolean;
}

const triedOf = ({ coverage }: Report): Report['coverage']['gaps'] =>
  coverage.gaps.filter(({ unseen }) => unseen.kind !== 'not-given');

function addSuite(root: Builder, report: Report, assessment: Assessment, checks: Checks): void {
  const name = safeText(baselineName(assessment));
  const suite = root.testSuite().name(name);
  // The library's timestamp is in local time: the date of judgement is a property instead, the same everywhere.
  suite.property('assessedAt', safeText(report.assessedAt));
  suite.property('outcome', assessment.outcome);
  suite.property('tool', safeText(`${report.tool.name} ${report.tool.version}`));
  for (const control of assessment.controls) {
    if (control.draft !== true) addCase(suite, name, control, { checks, unseen: triedOf(report).length > 0 });
  }
}

/** Whether all that was planned was seen, which the exit code tells as well: a gap may lie where no control is open. */
function addSight(root: Builder, report: Report): void {
  const tried = triedOf(report);
  const one = root.testSuite().name('assay').testCase().className('assay').name('all that was planned was seen');
  const lines = tried
    .slice(0, RESULTS)
    .map((gap) => safeText(`${shownName(gap.scope)}: ${gap.unseen.message} (${gap.source})`, 600));
  const more = tried.length > RESULTS ? [`and ${tried.length - RESULTS} more`] : [];
  if (tried.length > 0) one.error(`${tried.length} not seen`, 'not-seen', cdata([...lines, ...more].join('\n')));
}

/**
 * A case is red where the exit code is: a mandatory control that fails is a failure; one that is recommended or advisory
 * is skipped and says that it fails. Not seen although tried is an error, as it is for the exit code. What nobody gave and what a person must settle is
 * skipped: it is no pass, and it is nothing that the run could have done.
 */
function addCase(suite: Suite, suiteName: string, control: ControlReport, { checks, unseen }: Background): void {
  const one = suite
    .testCase()
    .className(suiteName)
    .name(safeText(`${control.id} ${control.title}`));
  const summary = safeText(summaryOf(control));
  const detail = cdata(detailOf(control, checks).join('\n'));
  switch (control.outcome) {
    case 'fail':
      if (control.obligation === 'mandatory') one.failure(summary, control.obligation).stacktrace(detail);
      else one.skipped().standardOutput(cdata([summary, detail].join('\n')));
      return;
    case 'error':
      one.error(summary, 'error', detail);
      return;
    case 'inconclusive':
      if (control.reasons.includes('gap') && (unseen || control.obligation === 'mandatory'))
        one.error(summary, 'not-seen', detail);
      else one.skipped().standardOutput(cdata([summary, detail].join('\n')));
      return;
    case 'waived':
    case 'not-applicable':
      one.skipped().standardOutput(cdata([summary, detail].join('\n')));
      return;
    case 'pass':
      one.standardOutput(detail);
      return;
  }
}

function summaryOf(control: ControlReport): string {
  const reasons = control.reasons.length === 0 ? '' : ` (${reasonWords(control.reasons)})`;
  const waiver = control.waiver;
  if (waiver !== undefined)
    return `waived until ${waiver.expires} by ${waiver.approvedBy}: ${waiver.reason} (else ${waiver.instead})`;
  if (control.outcome === 'not-applicable') return `not applicable: ${control.applicability ?? ''}`;
  return `${control.outcome}${reasons}, ${control.obligation}`;
}

function detailOf(control: ControlReport, checks: Checks): readonly string[] {
  return control.units.flatMap((unit) => [
    safeText(`${unit.outcome.toUpperCase()} ${unit.id}${unit.title === undefined ? '' : ` ${unit.title}`}`),
    ...unitLines(unit, checks).map((line) => `  ${line}`),
  ]);
}

function unitLines(unit: UnitReport, checks: Checks): readonly string[] {
  const { attestation } = unit;
  const attested =
    attestation === undefined
      ? []
      : [safeText(`attested ${attestation.verdict} by ${attestation.by} on ${attestation.on}`)];
  const told = unit.checks.flatMap((key) => {
    const check = checks.get(key);
    return check === undefined || check.vacuous ? [] : checkLines(check);
  });
  return [...attested, ...told];
}

function checkLines(check: CheckReport): readonly string[] {
  const grave = check.results.filter(({ outcome }) => outcome === check.outcome);
  const lines = grave.slice(0, RESULTS).map((result) => `  ${resultLine(result)}`);
  if (grave.length > RESULTS) lines.push(`  and ${grave.length - RESULTS} more`);
  const mend = check.outcome === 'fail' ? [`  mend: ${safeText(check.remediation, 2000)}`] : [];
  return [`${check.outcome} ${safeText(check.key)} (${check.severity}): ${safeText(check.title)}`, ...lines, ...mend];
}

/** The library cuts only the first `]]>` of a text apart; a space keeps every one from ending the section. */
const cdata = (text: string): string => text.replaceAll(']]>', ']] >');
