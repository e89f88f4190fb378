/** ICS and IXIT of one edition as a form: every cell declared, observed or missing. The workbook and the Markdown print it. */
import type { Control } from '../../../core/model/baseline.ts';
import type { Dossier } from '../../../core/model/renderer.ts';
import type { ControlReport, Report } from '../../../core/model/report.ts';
import { reasonWords } from '../../../core/model/telling.ts';
import { UsageError } from '../../../lib/fault.ts';
import { safeText } from '../../../lib/text.ts';
import { declaredRows, joined } from './declared.ts';
import { observedRows } from './observed.ts';

export type Mark = 'declared' | 'observed' | 'missing';
export type Value = string | number | boolean | null;
export interface Cell {
  readonly value: Value;
  readonly mark: Mark;
}
export interface FormRow {
  readonly cells: readonly Cell[];
  readonly mark: Mark;
  /** Fields without an answer. */
  readonly missing: readonly string[];
  /** Ids of facts. */
  readonly evidence: readonly string[];
}
export interface FormTable {
  readonly name: string;
  readonly title: string;
  readonly lists: string;
  readonly layout: 'table' | 'list';
  readonly fields: readonly string[];
  /** Of a list one row for each field, with one cell. */
  readonly rows: readonly FormRow[];
}
export interface IcsRow {
  readonly section: string;
  readonly provision: string;
  readonly status: string;
  readonly title: string;
  readonly support: Cell;
  readonly detail: Cell;
  readonly mark: Mark;
  /** What assay concluded. */
  readonly outcome: string;
  readonly evidence: readonly string[];
}
export interface Form {
  readonly edition: string;
  readonly standard: string;
  readonly ics: readonly IcsRow[];
  readonly tables: readonly FormTable[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

interface KnownTable {
  readonly number: number;
  readonly names: { readonly [edition: string]: string };
  readonly title: string;
  readonly lists: string;
  readonly layout: 'table' | 'list';
  readonly fields: readonly { readonly name: string; readonly editions: readonly string[] }[];
}

const BASELINE = 'etsi-en-303-645';
/** Rows of one table, characters of one cell, facts of one row. */
const ROWS = 1000;
const CELL = 8000;
const EVIDENCE = 6;

type Row = { readonly [field: string]: unknown };
const record = (value: unknown): Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : {};
const rowsIn = (value: unknown): readonly Row[] => (Array.isArray(value) ? value.map(record) : []);

/** Lines stay lines; everything else that a reader may obey is shown. */
export const paragraphs = (text: string): string =>
  text
    .slice(0, CELL)
    .split(/\r?\n/)
    .map((one) => safeText(one, CELL))
    .join('\n');

const missing: Cell = { value: null, mark: 'missing' };

/** An answer of the maker as a cell; what is empty is missing. */
function declared(value: unknown): Cell {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return { value, mark: 'declared' };
  const text = Array.isArray(value) ? value.join('; ') : typeof value === 'string' ? value : '';
  return text.trim() === '' ? missing : { value: paragraphs(text), mark: 'declared' };
}

/** The form of the newest edition that was judged. */
export function formOf(dossier: Dossier): Form {
  const assessments = dossier.report.assessments.filter(({ baseline }) => baseline.id === BASELINE);
  const assessment = assessments.toSorted((a, b) => (a.baseline.version < b.baseline.version ? 1 : -1))[0];
  if (assessment === undefined)
    throw new UsageError(`ICS and IXIT belong to ${BASELINE}, which was not judged`, `--baseline ${BASELINE}`);
  const { version, title } = assessment.baseline;
  const notes: string[] = [];
  if (assessments.length > 1)
    notes.push(`This is the form of edition ${version}; judge one edition alone for its own.`);
  const controls = dossier.controls[`${BASELINE}@${version}`] ?? [];
  return {
    edition: version,
    standard: title,
    ics: icsOf(dossier, controls, new Map(assessment.controls.map((one) => [one.id, one]))),
    tables: tablesOf(dossier, version, notes),
    notes,
  };
}

const SUPPORT: { readonly [answer: string]: string } = { y: 'Y', yes: 'Y', n: 'N', no: 'N', 'n/a': 'N/A' };

function icsOf(
  { report, declaration }: Dossier,
  controls: readonly Control[],
  judged: ReadonlyMap<string, ControlReport>,
): readonly IcsRow[] {
  const answers = new Map(rowsIn(declaration?.['ics']).map((row) => [String(row['provision']), row]));
  const checks = new Map(report.checks.map((check) => [check.key, check]));
  return controls.map((control) => {
    const one = judged.get(control.id);
    const said = answers.get(control.id);
    const cells = said === undefined ? proposed(one) : answered(said);
    return {
      section: control.section ?? '',
      provision: control.id,
      status: control.status ?? '',
      title: control.title,
      ...cells,
      outcome: one === undefined ? 'not judged' : outcomeOf(one),
      evidence: one === undefined ? [] : evidenceOf(one, checks),
    };
  });
}

type Answer = Pick<IcsRow, 'support' | 'detail' | 'mark'>;

function answered(said: Row): Answer {
  const support = declared(SUPPORT[String(said['support']).toLowerCase()]);
  return { support, detail: declared(said['detail']), mark: support.mark };
}

/** Where nobody answered, a control that does not apply is proposed as N/A with the reason; nothing else is. */
function proposed(one: ControlReport | undefined): Answer {
  if (one?.outcome !== 'not-applicable') return { support: missing, detail: missing, mark: 'missing' };
  const why = one.applicability ?? '';
  return {
    support: { value: 'N/A', mark: 'observed' },
    detail: why === '' ? missing : { value: paragraphs(why), mark: 'observed' },
    mark: 'observed',
  };
}

const outcomeOf = ({ outcome, reasons }: ControlReport): string =>
  reasons.length === 0 ? outcome : `${outcome} (${reasonWords(reasons)})`;

/** Facts of the results that decided; failing ones first. */
function evidenceOf(control: ControlReport, checks: ReadonlyMap<string, Report['checks'][number]>): readonly string[] {
  const found = { fail: new Set<string>(), pass: new Set<string>() };
  for (const key of control.units.flatMap((unit) => unit.checks)) {
    for (const result of checks.get(key)?.results ?? []) {
      if (result.outcome !== 'fail' && result.outcome !== 'pass') continue;
      for (const fact of result.facts) found[result.outcome].add(fact);
    }
  }
  return bounded([...new Set([...found.fail, ...found.pass])]);
}

const bounded = (facts: readonly string[]): readonly string[] =>
  facts.length <= EVIDENCE
    ? facts.map((id) => safeText(id))
    : [...facts.slice(0, EVIDENCE).map((id) => safeText(id)), `and ${facts.length - EVIDENCE} more`];

function tablesOf(dossier: Dossier, edition: string, notes: string[]): readonly FormTable[] {
  const { tables } = dossier.knowledge('ixit-tables') as { readonly tables: readonly KnownTable[] };
  const ixit = record(dossier.declaration?.['ixit']);
  const observed = observedRows(dossier.facts);
  const listed = declaredRows(record(dossier.declaration));
  const known = new Set(tables.flatMap(({ names }) => Object.values(names)));
  for (const name of Object.keys(ixit)) if (!known.has(name)) notes.push(`No edition has a table ${safeText(name)}.`);
  return tables.map((table) => {
    const fields = table.fields.filter(({ editions }) => editions.includes(edition)).map((field) => field.name);
    const said = Object.values(table.names).flatMap((name, at, all) =>
      all.indexOf(name) === at ? rowsIn(ixit[name]) : [],
    );
    const name = table.names[edition] ?? String(table.number);
    for (const field of new Set(said.flatMap((row) => Object.keys(row))))
      if (!fields.includes(field)) notes.push(`${name} of this edition has no field ${safeText(field)}: not shown.`);
    const rows =
      table.layout === 'list'
        ? listRows(table.number, fields, said, dossier)
        : tableRows(
            name,
            fields,
            joined(said, listed.get(table.number) ?? []),
            observed.get(table.number) ?? [],
            notes,
          );
    return { name, title: table.title, lists: table.lists, layout: table.layout, fields, rows };
  });
}

function tableRows(
  name: string,
  fields: readonly string[],
  said: readonly Row[],
  seen: ReturnType<typeof observedRows> extends ReadonlyMap<number, infer R> ? R : never,
  notes: string[],
): readonly FormRow[] {
  const cut = said.length + seen.length - ROWS;
  if (cut > 0) notes.push(`${name}: ${cut} more rows are not shown.`);
  const own = said.map((row) =>
    rowOf(
      fields,
      fields.map((field) => declared(row[field])),
      'declared',
      [],
    ),
  );
  const stem = name.replace(/^\d+-/, '');
  const proposals = seen.map((row, at) => {
    const answers: Row = { ID: `${stem}-seen-${at + 1}`, ...row.answers };
    const cells = fields.map((field): Cell => {
      const text = answers[field];
      return typeof text === 'string' ? { value: paragraphs(text), mark: 'observed' } : missing;
    });
    return rowOf(fields, cells, 'observed', bounded(row.facts));
  });
  const rows = [...own, ...proposals].slice(0, ROWS);
  return rows.length > 0
    ? rows
    : [
        rowOf(
          fields,
          fields.map(() => missing),
          'missing',
          [],
        ),
      ];
}

function rowOf(fields: readonly string[], cells: readonly Cell[], mark: Mark, evidence: readonly string[]): FormRow {
  return { cells, mark, evidence, missing: fields.filter((_, at) => cells[at]?.mark === 'missing') };
}

/** The answers that the declaration gives elsewhere stand here too. */
function listRows(
  number: number,
  fields: readonly string[],
  said: readonly Row[],
  { declaration }: Dossier,
): readonly FormRow[] {
  const support = record(declaration?.['support']);
  const elsewhere: Row =
    number === 2
      ? {
          'Model Designation': record(declaration?.['product'])['model'],
          'Support Period': support['until'],
          'Publication of Support Period': support['published'],
          'Publication of Vulnerability Disclosure Policy': record(declaration?.['disclosure'])['url'],
        }
      : {};
  return fields.map((field) => {
    const given = said.map((row) => declared(row[field])).filter(({ mark }) => mark === 'declared');
    const cell =
      given.length > 1
        ? declared(given.map(({ value }) => String(value)).join('\n'))
        : (given[0] ?? declared(elsewhere[field]));
    return rowOf([field], [cell], cell.mark, []);
  });
}
