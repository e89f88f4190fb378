/** The answers of a filled workbook inside a declaration: what it said besides stays, comments and order too. */
import type { Document, YAMLMap, YAMLSeq } from 'yaml';
import { UsageError } from '../lib/fault.ts';
import type { FilledForm, FilledRow } from './filled-form.ts';

/** `text` is a declaration in YAML; `source` names the workbook in comments. */
export async function withAnswers(text: string, form: FilledForm, source: string): Promise<string> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0)
    throw new UsageError(`the declaration cannot be parsed: ${document.errors[0]?.message.split('\n')[0] ?? ''}`);
  if (form.ics.length > 0) document.set('ics', sequenceOf(document, form.ics, source));
  for (const name of form.replaced) document.deleteIn(['ixit', name]);
  for (const [name, rows] of Object.entries(form.tables))
    document.setIn(['ixit', name], sequenceOf(document, rows, source));
  return document.toString({ lineWidth: 120 });
}

/** Each row with a comment that says where it stood. */
function sequenceOf(document: Document, rows: readonly FilledRow[], source: string): YAMLSeq {
  const sequence = document.createNode(rows.map(({ answers }) => answers)) as YAMLSeq<YAMLMap>;
  for (const [index, row] of rows.entries()) {
    const item = sequence.items[index];
    if (item !== undefined) item.commentBefore = ` ${source.replaceAll(/[^\w. -]/g, '_')} ${row.at}`;
  }
  return sequence;
}
