/** A test report by TS 103 701 to finish: test groups, cases and units with verdicts, evidence and the work left to a person. */
import type { Exporter } from '../../../core/model/renderer.ts';
import type { Assessment, CheckReport, ControlReport, Report, UnitReport } from '../../../core/model/report.ts';
import { reasonWords, resultLine } from '../../../core/model/telling.ts';
import type { Outcome } from '../../../core/model/verdict.ts';
import { UsageError } from '../../../lib/fault.ts';
import { inertPage, safeText } from '../../../lib/text.ts';

export const skeleton: Exporter = {
  id: 'ts-103-701',
  title: 'TS 103 701 test report to finish, in Markdown: verdicts by test case and unit, evidence, open work',
  extension: 'md',
  mediaType: 'text/markdown',
  render: ({ report }) => `${reportOf(report).join('\n')}\n`,
};

const BASELINE = 'etsi-en-303-645';
/** Edition of TS 103 701 that tests each edition of EN 303 645. */
const METHOD: { readonly [edition: string]: string } = { '2.1.1': 'V1.1.1 (2021-08)', '3.1.3': 'V2.1.1 (2025-05)' };

/** TS 103 701 knows three verdicts; what was waived, or went wrong, is none of the other two. */
const VERDICT = {
  pass: 'PASS',
  fail: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  'not-applicable': 'not applicable',
  waived: 'INCONCLUSIVE',
  error: 'INCONCLUSIVE',
} as const satisfies Record<Outcome, string>;

/** Results told of one check, and facts of one result. */
const RESULTS = 5;
const FACTS = 5;

const text = (value: string, limit = 1500): string => inertPage(safeText(value, limit));

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map(row),
];

function reportOf(report: Report): readonly string[] {
  const assessments = report.assessments.filter(({ baseline }) => baseline.id === BASELINE);
  if (assessments.length === 0)
    throw new UsageError(`TS 103 701 tests ${BASELINE}, which was not judged`, `--baseline ${BASELINE}`);
  const checks = new Map(report.checks.map((check) => [check.key, check]));
  return [
    `# Test report by ETSI TS 103 701: ${text(report.target.name)}`,
    '',
    'A draft by a tool. It is complete when every open unit below has a verdict of a person, and no statement of conformity before that.',
    '',
    '## Device under test',
    '',
    ...identification(report),
    ...assessments.flatMap((assessment) => assessmentLines(assessment, checks)),
    '',
    '## What could not be seen',
    '',
    ...gapLines(report),
  ];
}

const given = (value: string | undefined): string => (value === undefined || value === '' ? '*missing*' : text(value));

function identification({ target, scope, tool, assessedAt }: Report): readonly string[] {
  const files = [...target.firmware, ...target.updates].map(({ path, sha256 }) => `${path} sha256 ${sha256}`);
  return table(
    ['Field', 'Value'],
    [
      ['Supplier organization', given(target.product?.maker)],
      ['Model designation', given(target.product?.model)],
      ['Hardware version', given(target.product?.hardware)],
      ['Software version', given(target.product?.software)],
      ['Serial number', given(target.product?.serial)],
      ['State', text(target.state)],
      ['Devices', target.devices.length === 0 ? '*none given*' : target.devices.map((one) => text(one)).join('<br>')],
      ['Firmware and updates', files.length === 0 ? '*none given*' : files.map((one) => text(one)).join('<br>')],
      [
        'ICS and IXIT',
        target.declaration === undefined
          ? '*missing*'
          : text(`${target.declaration.path} sha256 ${target.declaration.sha256}`),
      ],
      ['Tester', given(scope.tester)],
      ['Test laboratory', '*missing*'],
      ['Tool', text(`${tool.name} ${tool.version}`)],
      ['Ports, pace, permissions', text([scope.ports, scope.pace, ...scope.permissions].join(', '))],
      ['Judged at', text(assessedAt)],
    ],
  );
}

function assessmentLines(assessment: Assessment, checks: ReadonlyMap<string, CheckReport>): readonly string[] {
  const { version } = assessment.baseline;
  const units = assessment.controls.flatMap((control) => control.units);
  const open = units.filter(({ outcome }) => VERDICT[outcome] === 'INCONCLUSIVE').length;
  return [
    '',
    `## EN 303 645 ${text(version)} by TS 103 701 ${METHOD[version] ?? ''}`,
    '',
    `${assessment.controls.length} test groups, ${units.length} units, ${open} of them open.`,
    '',
    ...table(
      ['Test group', 'Status', 'Title', 'Verdict', 'Open units'],
      assessment.controls.map((control) => [
        text(control.id),
        text(control.status ?? ''),
        text(control.title),
        verdictOf(control),
        String(control.units.filter(({ outcome }) => VERDICT[outcome] === 'INCONCLUSIVE').length),
      ]),
    ),
    ...assessment.controls.flatMap((control) => groupLines(control, checks)),
  ];
}

function verdictOf({ outcome, reasons, waiver, applicability }: ControlReport): string {
  if (waiver !== undefined)
    return `${VERDICT[outcome]} (a waiver of ${text(waiver.approvedBy)} until ${text(waiver.expires)} is no verdict; else ${waiver.instead})`;
  if (outcome === 'not-applicable') return `not applicable: ${text(applicability ?? '')}`;
  return reasons.length === 0 ? VERDICT[outcome] : `${VERDICT[outcome]} (${reasonWords(reasons)})`;
}

/** `5.5-1-2a` is unit a of case `5.5-1-2`; where units are not public the case is its own unit. */
const caseOf = (unit: string): string => /^(.*-\d+)[a-z]$/.exec(unit)?.[1] ?? unit;

function groupLines(control: ControlReport, checks: ReadonlyMap<string, CheckReport>): readonly string[] {
  const cases = grouped(control.units);
  return [
    '',
    `### Test group ${text(control.id)}: ${text(control.title)}`,
    '',
    `Verdict: ${verdictOf(control)}`,
    ...[...cases].flatMap(([id, units]) => caseLines(id, units, control, checks)),
  ];
}

function grouped(units: readonly UnitReport[]): ReadonlyMap<string, readonly UnitReport[]> {
  const found = new Map<string, UnitReport[]>();
  for (const unit of units) found.set(caseOf(unit.id), [...(found.get(caseOf(unit.id)) ?? []), unit]);
  return found;
}

/** Conceptual cases judge the ICS and IXIT, functional ones the device. */
const kindOf = (unit: UnitReport): string => {
  if (unit.title === 'Assessment of the declaration') return 'conceptual';
  return unit.title === 'Assessment on the device' ? 'functional' : 'kind not known';
};

/** The gravest of the units; a case passes only when all do. */
function caseVerdict(units: readonly UnitReport[]): string {
  const all = new Set(units.map(({ outcome }) => VERDICT[outcome]));
  if (all.has('FAIL')) return 'FAIL';
  return all.size === 1 ? ([...all][0] ?? 'INCONCLUSIVE') : 'INCONCLUSIVE';
}

function caseLines(
  id: string,
  units: readonly UnitReport[],
  control: ControlReport,
  checks: ReadonlyMap<string, CheckReport>,
): readonly string[] {
  const verdict = control.outcome === 'not-applicable' ? 'not applicable' : caseVerdict(units);
  const kinds = [...new Set(units.map(kindOf))].join(' and ');
  return [
    '',
    `#### Test case ${text(id)} (${kinds}): ${verdict}`,
    '',
    ...table(
      ['Unit', 'Verdict', 'By', 'Evidence', 'Left to do'],
      units.map((unit) => [
        text(unit.id),
        VERDICT[unit.outcome],
        byWhom(unit),
        evidenceOf(unit, checks),
        unit.outcome === 'inconclusive' || unit.outcome === 'error' ? text(workOf(unit)) : '',
      ]),
    ),
  ];
}

function byWhom(unit: UnitReport): string {
  const { attestation } = unit;
  if (attestation !== undefined)
    return text(
      `${attestation.by}, ${attestation.on}: ${attestation.verdict}${attestation.conflict === true ? ' (what was seen says otherwise)' : ''}`,
    );
  if (unit.mark === 'person') return 'a person';
  return unit.mark === 'refute' ? 'assay, which can only refute it' : 'assay';
}

const workOf = (unit: UnitReport): string =>
  unit.work ?? (unit.reasons.length === 0 ? 'Judge it.' : `Open: ${reasonWords(unit.reasons)}.`);

function evidenceOf(unit: UnitReport, checks: ReadonlyMap<string, CheckReport>): string {
  const lines = unit.checks.flatMap((key) => {
    const check = checks.get(key);
    return check === undefined || check.vacuous ? [] : checkLines(check);
  });
  return lines.join('<br>');
}

/** What decided: the failing results of a failing check, else those that hold. */
function checkLines(check: CheckReport): readonly string[] {
  const told = check.results.filter(({ outcome }) => outcome === check.outcome);
  const lines = told.slice(0, RESULTS).map((result) => {
    const facts = result.facts.slice(0, FACTS).map((id) => text(id));
    return `${text(resultLine(result, 500))}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
  });
  const more = told.length > RESULTS ? [`and ${told.length - RESULTS} more`] : [];
  return [`${check.outcome} ${text(check.key)}`, ...lines, ...more];
}

const GAPS = 100;

function gapLines({ coverage }: Report): readonly string[] {
  if (coverage.gaps.length === 0) return ['Nothing that was planned was missed.'];
  const lines = coverage.gaps.slice(0, GAPS).map((gap) => `- ${text(gap.source)}: ${text(gap.unseen.message)}`);
  const more = coverage.gaps.length - lines.length;
  return more > 0 ? [...lines, `- and ${more} more`] : lines;
}
