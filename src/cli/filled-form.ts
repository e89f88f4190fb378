/** A workbook that somebody filled in → the answers in it. The file is foreign: its size, parts, rows and kinds of cells are bounded. */
import { inflateRawSync } from 'node:zlib';
import type { Cell, Sheet } from 'hucre/xlsx';
import { dataOf, findEnd, zipEntries } from '../codecs/formats/zip.ts';
import { memoryBlob } from '../lib/blob.ts';
import { FaultError, UsageError } from '../lib/fault.ts';
import { safeText } from '../lib/text.ts';
import { readWhole } from '../lib/whole-file.ts';

/** Bytes of the file and of all its parts unpacked, parts, rows and columns of a sheet, characters of an answer. */
const FILE = 16 << 20;
const UNPACKED = 64 << 20;
const PARTS = 2000;
const ROWS = 2000;
const COLUMNS = 26;
const ANSWER = 32_000;

export type Answer = string | number | boolean;
export interface FilledRow {
  /** `ICS!5`: the sheet and its row. */
  readonly at: string;
  readonly answers: { readonly [field: string]: Answer };
}
export interface FilledForm {
  readonly ics: readonly FilledRow[];
  readonly tables: { readonly [name: string]: readonly FilledRow[] };
  /** Names of the same tables in other editions, which these replace. */
  readonly replaced: readonly string[];
  /** Rows that assay observed and nobody confirmed. */
  readonly unconfirmed: number;
  /** What was not taken, and why. */
  readonly notes: readonly string[];
}
interface KnownTable {
  readonly names: { readonly [edition: string]: string };
  readonly layout: 'table' | 'list';
  readonly fields: readonly { readonly name: string }[];
}

/** Throws UsageError for what is no workbook, or one that goes beyond the bounds. */
export async function readForm(path: string, tables: readonly KnownTable[]): Promise<FilledForm> {
  const bytes = readWhole(path, FILE);
  expectBounded(path, bytes);
  const known = new Map(tables.flatMap((table) => Object.values(table.names).map((name) => [name, table] as const)));
  const { readXlsx } = await import('hucre/xlsx');
  let sheets: readonly Sheet[];
  try {
    const read = await readXlsx(bytes, {
      sheets: ({ name }: { readonly name: string }) => name === 'ICS' || known.has(name),
      maxRows: ROWS,
      range: `A1:Z${ROWS}`,
      readStyles: true,
    });
    sheets = read.sheets;
  } catch (error) {
    throw new UsageError(`${path}: it cannot be read as a workbook: ${safeText((error as Error).message)}`);
  }
  const found = { unconfirmed: 0, notes: [] as string[] };
  const filled: { [name: string]: readonly FilledRow[] } = {};
  let ics: readonly FilledRow[] = [];
  for (const sheet of sheets.slice(0, 100)) {
    const table = known.get(sheet.name);
    if (table === undefined) ics = icsOf(sheet, found);
    else {
      const rows = table.layout === 'list' ? listOf(sheet, table, found) : rowsOf(sheet, table, found);
      if (rows.length > 0) filled[sheet.name] = rows;
    }
  }
  if (sheets.length === 0)
    throw new UsageError(
      `${path}: it has no sheet ICS and none of an IXIT table`,
      'assay evaluate DOSSIER --report ics-ixit=FILE.xlsx makes one',
    );
  const replaced = Object.keys(filled).flatMap((name) =>
    Object.values(known.get(name)?.names ?? {}).filter((other) => !(other in filled)),
  );
  return { ics, tables: filled, replaced, ...found };
}

/** Unpacks every part once and counts: what the archive says of its sizes is not believed. */
function expectBounded(path: string, bytes: Uint8Array): void {
  const blob = memoryBlob(bytes);
  try {
    const directory = findEnd(blob, 0);
    if (directory === undefined || directory.count > PARTS) throw new FaultError('malformed', 'it is no workbook');
    let left = UNPACKED;
    for (const entry of zipEntries(blob, directory)) {
      if (entry.method === 0) left -= entry.packed;
      else if (entry.method === 8) {
        const { start, end } = dataOf(blob, directory.start, entry);
        left -= inflateRawSync(blob.read(start, end - start), { maxOutputLength: Math.max(1, left) }).length;
      } else throw new FaultError('unsupported', 'a part is packed in a way that workbooks do not use');
      if (left <= 0) throw new FaultError('over-budget', `its parts have more than ${UNPACKED} bytes`);
    }
  } catch (error) {
    const over = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const why = over ? `its parts have more than ${UNPACKED} bytes` : safeText((error as Error).message);
    throw new UsageError(`${path}: ${why}`, 'give the .xlsx file that was filled in');
  }
}

interface Found {
  unconfirmed: number;
  readonly notes: string[];
}

const note = (found: Found, text: string): void => {
  if (found.notes.length < 100) found.notes.push(safeText(text));
};

/** The text of a cell. A formula is no answer: what it shows was computed by whoever sent the file. */
function answerAt(sheet: Sheet, row: number, column: number, found: Found): Answer | undefined {
  const cell: Cell | undefined = sheet.cells?.get(`${row},${column}`);
  if (cell?.formula !== undefined) {
    note(found, `${sheet.name}!${row + 1}: column ${column + 1} holds a formula, which is no answer`);
    return undefined;
  }
  const value = sheet.rows[row]?.[column] ?? cell?.value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString().slice(0, 10);
  if (typeof value !== 'string') return undefined;
  if (value.length > ANSWER) {
    note(found, `${sheet.name}!${row + 1}: column ${column + 1} has more than ${ANSWER} characters`);
    return undefined;
  }
  const plain = /^'['=+\-@\t\r|]/.test(value) ? value.slice(1) : value;
  // Line ends stay; no other control character has a place in an answer, and none that turns the text around.
  const text = plain
    .replaceAll('\r\n', '\n')
    .replaceAll(/[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069\p{Cs}]/gu, '')
    .trimEnd();
  return text === '' ? undefined : text;
}

const textAt = (sheet: Sheet, row: number, column: number): string => {
  const value = sheet.rows[row]?.[column];
  return typeof value === 'string' ? value.trim() : '';
};

/** Columns by their heading, from the first row that has all of `needed`. */
function headOf(
  sheet: Sheet,
  names: readonly string[],
  needed: readonly string[],
): { readonly row: number; readonly columns: ReadonlyMap<string, number> } | undefined {
  for (let row = 0; row < Math.min(sheet.rows.length, 20); row += 1) {
    const columns = new Map<string, number>();
    for (let column = 0; column < COLUMNS; column += 1) {
      const text = textAt(sheet, row, column).toLowerCase();
      const name = names.find((one) => one.toLowerCase() === text);
      if (name !== undefined && !columns.has(name)) columns.set(name, column);
    }
    if (needed.every((name) => columns.has(name))) return { row, columns };
  }
  return undefined;
}

const columnsOf = (sheet: Sheet, names: readonly string[], needed: readonly string[], found: Found) => {
  const head = headOf(sheet, names, needed);
  if (head === undefined) note(found, `${sheet.name}: no row has the headings ${needed.join(', ')}`);
  return head;
};

/** A row that assay observed counts when its mark was set to declared. */
function confirmed(sheet: Sheet, row: number, column: number | undefined, found: Found): boolean {
  if (column === undefined || textAt(sheet, row, column).toLowerCase() !== 'observed') return true;
  found.unconfirmed += 1;
  return false;
}

const SUPPORT: { readonly [text: string]: string } = { y: 'Y', yes: 'Y', n: 'N', no: 'N', 'n/a': 'N/A', na: 'N/A' };

function icsOf(sheet: Sheet, found: Found): readonly FilledRow[] {
  const head = columnsOf(sheet, ['Reference', 'Support', 'Detail', 'Mark'], ['Reference', 'Support'], found);
  if (head === undefined) return [];
  const rows = new Map<string, FilledRow>();
  for (let row = head.row + 1; row < sheet.rows.length; row += 1) {
    const provision = PROVISION.exec(textAt(sheet, row, head.columns.get('Reference') ?? 0))?.[1];
    if (provision === undefined || !confirmed(sheet, row, head.columns.get('Mark'), found)) continue;
    const said = icsRow(sheet, row, head.columns, provision, found);
    if (said !== undefined && rows.has(provision)) note(found, `${said.at}: ${provision} stands there twice`);
    else if (said !== undefined) rows.set(provision, said);
  }
  return [...rows.values()];
}

const PROVISION = /^(?:Provision )?(\d{1,2}(?:\.\d{1,2})?-\d{1,2}[A-Z]?)$/;

function icsRow(
  sheet: Sheet,
  row: number,
  columns: ReadonlyMap<string, number>,
  provision: string,
  found: Found,
): FilledRow | undefined {
  const at = `${sheet.name}!${row + 1}`;
  const said = String(answerAt(sheet, row, columns.get('Support') ?? 0, found) ?? '').trim();
  const column = columns.get('Detail');
  const detail = column === undefined ? undefined : answerAt(sheet, row, column, found);
  const support = SUPPORT[said.toLowerCase()];
  if (support !== undefined)
    return { at, answers: { provision, support, ...(detail === undefined ? {} : { detail: String(detail) }) } };
  if (said !== '') note(found, `${at}: '${said}' is none of Y, N, N/A`);
  else if (detail !== undefined) note(found, `${at}: a detail without Y, N or N/A`);
  return undefined;
}

function rowsOf(sheet: Sheet, table: KnownTable, found: Found): readonly FilledRow[] {
  const fields = table.fields.map(({ name }) => name);
  const head = columnsOf(sheet, [...fields, 'Mark'], ['ID'], found);
  if (head === undefined) return [];
  const rows: FilledRow[] = [];
  for (let row = head.row + 1; row < sheet.rows.length; row += 1) {
    const answers = fields.flatMap((field) => {
      const column = head.columns.get(field);
      const value = column === undefined ? undefined : answerAt(sheet, row, column, found);
      return value === undefined ? [] : [[field, value] as const];
    });
    if (answers.length > 0 && confirmed(sheet, row, head.columns.get('Mark'), found))
      rows.push({ at: `${sheet.name}!${row + 1}`, answers: Object.fromEntries(answers) });
  }
  return rows;
}

/** A list has one answer for each field: they become one row. */
function listOf(sheet: Sheet, table: KnownTable, found: Found): readonly FilledRow[] {
  const fields = new Map(table.fields.map(({ name }) => [name.toLowerCase(), name]));
  const head = columnsOf(sheet, ['Field', 'Answer', 'Mark'], ['Field', 'Answer'], found);
  if (head === undefined) return [];
  const answers: { [field: string]: Answer } = {};
  for (let row = head.row + 1; row < sheet.rows.length; row += 1) {
    const field = fields.get(textAt(sheet, row, head.columns.get('Field') ?? 0).toLowerCase());
    const value = field === undefined ? undefined : answerAt(sheet, row, head.columns.get('Answer') ?? 1, found);
    if (field !== undefined && value !== undefined && confirmed(sheet, row, head.columns.get('Mark'), found))
      answers[field] = value;
  }
  return Object.keys(answers).length === 0 ? [] : [{ at: sheet.name, answers }];
}
