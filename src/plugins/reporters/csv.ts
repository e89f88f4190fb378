/** The report as CSV (RFC 4180): one row for each result under each control that cites it, and one for each unit without a result. */
import { stringify } from 'csv-stringify/sync';
import type { Reporter } from '../../core/model/renderer.ts';
import type { Assessment, CheckReport, ControlReport, Report, Result, UnitReport } from '../../core/model/report.ts';
import { shownName } from '../../core/model/target.ts';
import { safeText } from '../../lib/text.ts';

const COLUMNS = [
  'baseline',
  'version',
  'level',
  'control',
  'control title',
  'obligation',
  'control outcome',
  'control reasons',
  'unit',
  'unit mark',
  'unit outcome',
  'check',
  'severity',
  'subject',
  'result',
  'message',
  'remediation',
  'work for a person',
] as const;

export const csv: Reporter = {
  id: 'csv',
  title: 'CSV: a row for each control, unit and result, safe to open in a spreadsheet',
  extension: 'csv',
  mediaType: 'text/csv',
  render(report) {
    const rows = [COLUMNS, ...rowsOf(report)].map((row) => row.map((cell) => safeText(cell, 4000)));
    // `escape_formulas` puts an apostrophe before = + - @ and their wide forms, so that no cell is computed.
    return stringify(rows, { escape_formulas: true, record_delimiter: 'windows' });
  },
};

function rowsOf(report: Report): readonly (readonly string[])[] {
  const checks = new Map(report.checks.map((check) => [check.key, check]));
  return report.assessments.flatMap((assessment) =>
    assessment.controls.flatMap((control) =>
      control.units.flatMap((unit) => unitRows(unit, checks).map((cells) => [...head(assessment, control), ...cells])),
    ),
  );
}

const head = ({ baseline }: Assessment, control: ControlReport): readonly string[] => [
  baseline.id,
  baseline.version,
  baseline.level ?? '',
  control.id,
  control.title,
  control.obligation,
  control.outcome,
  control.reasons.join(' '),
];

function unitRows(unit: UnitReport, checks: ReadonlyMap<string, CheckReport>): readonly (readonly string[])[] {
  const lead = [unit.id, unit.mark, unit.outcome];
  const rows = unit.checks.flatMap((key) => {
    const check = checks.get(key);
    return check === undefined || check.vacuous ? [] : check.results.map((result) => cellsOf(check, result));
  });
  const work = unit.work ?? '';
  return rows.length === 0 ? [[...lead, '', '', '', '', '', '', work]] : rows.map((cells) => [...lead, ...cells, work]);
}

const cellsOf = (check: CheckReport, result: Result): readonly string[] => [
  check.key,
  check.severity,
  shownName(result.subject),
  result.outcome,
  result.message,
  result.outcome === 'fail' ? check.remediation : '',
];
