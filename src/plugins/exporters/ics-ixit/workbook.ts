/** ICS and IXIT as an XLSX workbook to fill in and hand in: one sheet for the ICS, one for each IXIT table. */
import type { CellStyle, DataValidation, Cell as SheetCell, WriteSheet } from 'hucre/xlsx';
import type { Dossier, Exporter } from '../../../core/model/renderer.ts';
import { safeText } from '../../../lib/text.ts';
import { type Cell, type Form, type FormTable, formOf, type IcsRow, type Mark, type Value } from './form.ts';

export const icsIxit: Exporter = {
  id: 'ics-ixit',
  title: 'ICS and IXIT of ETSI EN 303 645 as an XLSX workbook: each cell declared, observed or missing',
  extension: 'xlsx',
  mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  async render(dossier) {
    const { writeXlsx } = await import('hucre/xlsx');
    const form = formOf(dossier);
    // The date of judgement, never the clock: the same dossier gives the same workbook.
    const at = new Date(dossier.report.assessedAt);
    return writeXlsx({
      stringMode: 'inline',
      properties: {
        title: `ICS and IXIT, ${safeText(dossier.report.target.name)}`,
        creator: 'assay',
        created: at,
        modified: at,
      },
      sheets: [aboutSheet(dossier, form), icsSheet(form.ics), ...form.tables.map(tableSheet)],
    });
  },
};

const solid = (rgb: string): NonNullable<CellStyle['fill']> => ({
  type: 'pattern',
  pattern: 'solid',
  fgColor: { rgb },
});
const EDGE = { style: 'thin', color: { rgb: 'FFBFBFBF' } } as const;
const BASE: CellStyle = {
  alignment: { wrapText: true, vertical: 'top' },
  border: { top: EDGE, right: EDGE, bottom: EDGE, left: EDGE },
};
const STYLES = {
  head: { ...BASE, font: { bold: true }, fill: solid('FFD9D9D9') },
  plain: BASE,
  declared: BASE,
  observed: { ...BASE, fill: solid('FFDDEBF7') },
  missing: { ...BASE, fill: solid('FFFFF2CC') },
} as const satisfies Record<Mark | 'head' | 'plain', CellStyle>;
const MARKS: readonly Mark[] = ['declared', 'observed', 'missing'];

/** Rows that can be filled in with the validation lists in place. */
const SPARE = 200;

/** A cell that begins like a formula gets an apostrophe: also what is copied out of it computes nothing. */
const inert = (value: Value): Value =>
  typeof value === 'string' && /^['=+\-@\t\r|]/.test(value) ? `'${value}` : value;

interface Line {
  readonly values: readonly Value[];
  readonly styles: readonly (keyof typeof STYLES)[];
}

const line = (cells: readonly Cell[], rest: readonly string[], mark: Mark): Line => ({
  values: [...cells.map(({ value }) => value), ...rest],
  styles: [...cells.map((cell) => cell.mark), mark, ...rest.slice(1).map(() => 'plain' as const)],
});

function sheet(
  name: string,
  head: readonly string[],
  lines: readonly Line[],
  widths: readonly number[],
  lists: readonly { readonly column: number; readonly values: readonly string[] }[],
): WriteSheet {
  const all: readonly Line[] = [{ values: head, styles: head.map(() => 'head' as const) }, ...lines];
  const cells = new Map<string, Partial<SheetCell>>();
  for (const [row, { styles }] of all.entries()) {
    for (const [column, style] of styles.entries()) cells.set(`${row},${column}`, { style: STYLES[style] });
  }
  return {
    name,
    columns: widths.map((width) => ({ width })),
    rows: all.map(({ values }) => values.map(inert)),
    cells,
    rowDefs: new Map(all.map(({ values }, at) => [at, { height: heightOf(values, widths) }])),
    dataValidations: lists.map(({ column, values }) => listAt(column, values, lines.length + SPARE)),
    freezePane: { rows: 1 },
    pageSetup: {
      paperSize: 'a4',
      orientation: 'landscape',
      fitToPage: true,
      fitToWidth: 1,
      fitToHeight: 0,
      printTitlesRow: '$1:$1',
    },
  };
}

/** Points that the tallest cell of a row needs when its lines are wrapped: readers show what a row height leaves room for. */
function heightOf(values: readonly Value[], widths: readonly number[]): number {
  const lines = values.map((value, at) =>
    String(value ?? '')
      .split('\n')
      .reduce((sum, one) => sum + Math.max(1, Math.ceil((one.length * 1.15) / (widths[at] ?? 10))), 0),
  );
  return Math.min(400, Math.max(1, ...lines) * 14 + 2);
}

function listAt(column: number, values: readonly string[], last: number): DataValidation {
  const letter = String.fromCharCode(65 + column);
  return {
    type: 'list',
    values: [...values],
    range: `${letter}2:${letter}${last + 1}`,
    allowBlank: true,
    showErrorMessage: true,
    errorTitle: 'Not one of the answers',
    errorMessage: values.join(', '),
  };
}

const ICS_HEAD = [
  'Reference',
  'Status',
  'Support',
  'Detail',
  'Mark',
  'Missing',
  'Subject',
  'Seen by assay',
  'Evidence',
];

function icsSheet(ics: readonly IcsRow[]): WriteSheet {
  const lines: Line[] = [];
  let section = '';
  for (const row of ics) {
    if (row.section !== section) {
      section = row.section;
      lines.push({ values: [section], styles: ICS_HEAD.map(() => 'head' as const) });
    }
    const fixed = [`Provision ${row.provision}`, row.status];
    const gaps = [row.support.mark === 'missing' ? 'Support' : '', row.detail.mark === 'missing' ? 'Detail' : ''];
    const rest = [row.mark, gaps.filter(Boolean).join(', '), row.title, row.outcome, row.evidence.join('\n')];
    const answer = line([row.support, row.detail], rest, row.mark);
    lines.push({ values: [...fixed, ...answer.values], styles: ['plain', 'plain', ...answer.styles] });
  }
  return sheet(
    'ICS',
    ICS_HEAD,
    lines,
    [16, 12, 9, 44, 10, 10, 30, 30, 40],
    [
      { column: 2, values: ['Y', 'N', 'N/A'] },
      { column: 4, values: MARKS },
    ],
  );
}

const REST = ['Mark', 'Missing', 'Evidence'];

function tableSheet({ name, layout, fields, rows }: FormTable): WriteSheet {
  if (layout === 'list') {
    const lines = rows.map((row, at): Line => {
      const answer = line(
        row.cells,
        [row.mark, row.missing.length > 0 ? 'Answer' : '', row.evidence.join('\n')],
        row.mark,
      );
      return { values: [fields[at] ?? '', ...answer.values], styles: ['plain', ...answer.styles] };
    });
    return sheet(name, ['Field', 'Answer', ...REST], lines, [46, 70, 11, 16, 40], [{ column: 2, values: MARKS }]);
  }
  const lines = rows.map((row) =>
    line(row.cells, [row.mark, row.missing.join(', '), row.evidence.join('\n')], row.mark),
  );
  const width = Math.min(50, Math.max(15, Math.floor(110 / Math.max(1, fields.length - 1))));
  const widths = [...fields.map((field) => (field === 'ID' ? 16 : width)), 11, 18, 40];
  return sheet(name, [...fields, ...REST], lines, widths, [{ column: fields.length, values: MARKS }]);
}

function aboutSheet({ report }: Dossier, form: Form): WriteSheet {
  const { product } = report.target;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Product', report.target.name],
    ['Maker', product?.maker],
    ['Model', product?.model],
    ['Hardware', product?.hardware],
    ['Software', product?.software],
    ['Serial number', product?.serial],
    ['State of the unit', report.target.state],
    ['Standard', `${form.standard}, edition ${form.edition}`],
    ['Judged at', report.assessedAt],
    ['Tool', `${report.tool.name} ${report.tool.version}`],
  ];
  const marks: readonly (readonly [Mark, string])[] = [
    ['declared', 'an answer of the maker'],
    ['observed', 'seen by assay: set the mark to declared to confirm it, or change it; it is not read back else'],
    ['missing', 'nobody has answered yet'],
  ];
  const lines: Line[] = [
    ...facts.map(([name, value]): Line => {
      const known = value !== undefined && value !== '';
      return { values: [name, known ? safeText(value, 2000) : null], styles: ['plain', known ? 'plain' : 'missing'] };
    }),
    ...marks.map(([mark, what]): Line => ({ values: [mark, what], styles: [mark, 'plain'] })),
    { values: ['Read it back', 'assay init --from THIS.xlsx --out declaration.yaml'], styles: ['plain', 'plain'] },
    ...form.tables.map(
      (table): Line => ({ values: [table.name, `${table.title}. ${table.lists}.`], styles: ['plain', 'plain'] }),
    ),
    ...form.notes.slice(0, 200).map((note): Line => ({ values: ['Note', note], styles: ['plain', 'plain'] })),
  ];
  return sheet('About', ['What', 'Value'], lines, [26, 90], []);
}
