/** ICS and IXIT as Markdown: the same form as the workbook, for a repository and its reviews. */
import type { Exporter } from '../../../core/model/renderer.ts';
import { inertPage } from '../../../lib/text.ts';
import { type Cell, type Form, type FormTable, formOf, type IcsRow, paragraphs } from './form.ts';

export const icsIxitMarkdown: Exporter = {
  id: 'ics-ixit-markdown',
  title: 'ICS and IXIT of ETSI EN 303 645 as Markdown: each cell declared, observed or missing',
  extension: 'md',
  mediaType: 'text/markdown',
  render: (dossier) => `${pageOf(formOf(dossier), dossier.report.target.name)}\n`,
};

/** Foreign text in a table: no markup, no mention, one line. */
const inTable = (text: string): string => inertPage(paragraphs(text)).replaceAll('\n', '<br>');

const cell = ({ value, mark }: Cell): string =>
  mark === 'missing' ? '*missing*' : `${inTable(String(value))}${mark === 'observed' ? ' *(observed)*' : ''}`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const head = (names: readonly string[]): readonly string[] => [row(names), row(names.map(() => '---'))];

function pageOf(form: Form, name: string): string {
  return [
    `# ICS and IXIT of ${inTable(name)}`,
    '',
    `${inTable(form.standard)}, edition ${form.edition}. What is not marked is declared; *(observed)* was seen by assay and is for the maker to confirm; *missing* has no answer.`,
    ...form.notes.slice(0, 200).map((note) => `\n> ${inTable(note)}`),
    '',
    '## ICS',
    '',
    ...head(['Reference', 'Status', 'Support', 'Detail', 'Subject', 'Seen by assay', 'Evidence']),
    ...form.ics.map(icsLine),
    ...form.tables.flatMap(tableLines),
  ].join('\n');
}

const icsLine = (one: IcsRow): string =>
  row([
    `Provision ${one.provision}`,
    one.status,
    cell(one.support),
    cell(one.detail),
    inTable(one.title),
    inTable(one.outcome),
    inTable(one.evidence.join('\n')),
  ]);

function tableLines({ name, title, lists, layout, fields, rows }: FormTable): readonly string[] {
  const body =
    layout === 'list'
      ? [
          ...head(['Field', 'Answer', 'Evidence']),
          ...rows.map((one, at) => row([fields[at] ?? '', ...one.cells.map(cell), inTable(one.evidence.join('\n'))])),
        ]
      : [
          ...head([...fields, 'Evidence']),
          ...rows.map((one) => row([...one.cells.map(cell), inTable(one.evidence.join('\n'))])),
        ];
  return ['', `## ${name}`, '', `${title}. ${lists}.`, '', ...body];
}
