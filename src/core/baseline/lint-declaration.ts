/** What lint tells of a declaration beyond its shape: tables, fields, provisions, units and features that nobody asks for. */
import type { Problem } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import { type Asked, askedBy } from './asked.ts';
import type { SourceDocument } from './document.ts';
import type { Library } from './library.ts';
import { nearest } from './nearest.ts';
import { complainInto } from './problem.ts';
import { isObject, type Path } from './value-test.ts';

const IXIT_TABLE = 'ixit-tables';

interface IxitTable {
  readonly names: { readonly [edition: string]: string };
  readonly fields: readonly { readonly name: string; readonly editions: readonly string[] }[];
}

type Row = { readonly [key: string]: Json };
const record = (value: Json | undefined): Row => (isObject(value) ? value : {});
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);

export function lintDeclaration(
  document: SourceDocument,
  library: Library,
  problems: Problem[],
  notes: Problem[],
): void {
  const value = record(document.value);
  const asked = askedBy(library);
  const mistake = complainInto(problems, document);
  const remark = complainInto(notes, document);
  lintAnswers(value['ics'], asked, mistake);
  lintAttestations(value['attestations'], asked, mistake, remark);
  for (const feature of Object.keys(record(value['features']))) {
    if (!asked.features.includes(feature))
      remark(
        ['features', feature],
        `no shipped baseline asks for '${feature}'`,
        nearest(feature, asked.features),
        'key',
      );
  }
  lintTables(value['ixit'], tablesOf(library), mistake, remark);
}

function lintAnswers(ics: Json | undefined, { provisions }: Asked, mistake: Tell): void {
  const seen = new Set<string>();
  for (const [index, row] of list(ics).entries()) {
    const provision = String(record(row)['provision']);
    const at = ['ics', index, 'provision'];
    if (!provisions.includes(provision))
      mistake(at, `there is no provision '${provision}'`, nearest(provision, provisions));
    if (seen.has(provision)) mistake(at, `provision '${provision}' is answered twice`);
    seen.add(provision);
  }
}

/** Units of baselines that are not shipped may be anything. */
function lintAttestations(attestations: Json | undefined, asked: Asked, mistake: Tell, remark: Tell): void {
  for (const unit of Object.keys(record(attestations))) {
    if (asked.units.includes(unit)) continue;
    const known = asked.baselines.includes(unit.split('/')[0] ?? '');
    const told = known ? `no edition has a unit '${unit}'` : `no shipped baseline has a unit '${unit}'`;
    (known ? mistake : remark)(['attestations', unit], told, nearest(unit, asked.units), 'key');
  }
}

function tablesOf(library: Library): readonly IxitTable[] {
  if (!library.assets.some(({ kind, id }) => kind === 'knowledge' && id === IXIT_TABLE)) return [];
  return (library.knowledge(IXIT_TABLE) as { readonly tables: readonly IxitTable[] }).tables;
}

type Tell = (path: Path, message: string, hint?: string, at?: 'key' | 'value') => void;

function lintTables(ixit: Json | undefined, tables: readonly IxitTable[], mistake: Tell, remark: Tell): void {
  const names = tables.flatMap((table) => Object.values(table.names));
  for (const [name, rows] of Object.entries(record(ixit))) {
    const table = tables.find((one) => Object.values(one.names).includes(name));
    if (table === undefined) mistake(['ixit', name], `there is no IXIT table '${name}'`, nearest(name, names), 'key');
    else for (const [index, row] of list(rows).entries()) lintRow(name, table, index, record(row), mistake, remark);
  }
}

/** Fields of a row that neither edition has, and, of the edition that it fills best, those that it leaves empty. */
function lintRow(name: string, table: IxitTable, index: number, row: Row, mistake: Tell, remark: Tell): void {
  const fields = table.fields.map((field) => field.name);
  for (const field of Object.keys(row))
    if (!fields.includes(field))
      mistake(['ixit', name, index, field], `table ${name} has no field '${field}'`, nearest(field, fields), 'key');
  const empty = Object.keys(table.names)
    .filter((edition) => table.names[edition] === name)
    .map((edition) => table.fields.filter((field) => field.editions.includes(edition) && isEmpty(row[field.name])))
    .sort((a, b) => a.length - b.length)[0];
  if (empty !== undefined && empty.length > 0)
    remark(['ixit', name, index], `without an answer in ${name}: ${empty.map((field) => field.name).join(', ')}`);
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
