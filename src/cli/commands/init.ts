/** `assay init [DOSSIER]`: a declaration to fill in, with what a dossier already shows and a filled workbook answers. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { DOCUMENT_LIMIT } from '../../core/baseline/document.ts';
import { UsageError } from '../../lib/fault.ts';
import { plural, safeText } from '../../lib/text.ts';
import { readWhole, whyUnwritten } from '../../lib/whole-file.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit-code.ts';
import { isFolder } from '../files.ts';
import { declarationOf } from '../prefill.ts';
import { readSeen } from '../reading.ts';

export async function run({ arguments: [folder], options, io }: Call): Promise<number> {
  const { from, ...others } = options;
  const isDossier = typeof from === 'string' && isFolder(from);
  const dossier = folder ?? (isDossier ? from : undefined);
  const seen = dossier === undefined ? undefined : await readSeen(dossier);
  const text = await answered(declarationOf(seen), isDossier ? others : options, io);
  const out = options['out'];
  if (typeof out !== 'string') io.out(text);
  else if (existsSync(out)) throw new UsageError(`${out} is there already`, 'give the name of a new file');
  else save(out, text);
  return EXIT.good;
}

/** With `--from` the answers of a filled workbook; with `--declaration` what that file says besides is kept. */
async function answered(blank: string, options: Call['options'], io: Call['io']): Promise<string> {
  const { from, declaration } = options;
  if (typeof from !== 'string') {
    if (typeof declaration === 'string')
      throw new UsageError(
        '--declaration is kept beside the answers of a workbook, and none was given',
        'assay init --from FILE.xlsx --declaration FILE.yaml',
      );
    return blank;
  }
  const [{ readForm }, { withAnswers }, { library }] = await Promise.all([
    import('../filled-form.ts'),
    import('../form-to-yaml.ts'),
    import('../compose.ts'),
  ]);
  const { tables } = (await library()).knowledge('ixit-tables') as { readonly tables: Parameters<typeof readForm>[1] };
  const form = await readForm(from, tables);
  const base = typeof declaration === 'string' ? await kept(declaration) : blank;
  for (const one of form.notes) io.err(`${safeText(from)}: ${one}\n`);
  const rows = Object.values(form.tables).reduce((sum, list) => sum + list.length, 0);
  io.err(`${safeText(from)}: ${plural(form.ics.length, 'answer')} of the ICS, ${plural(rows, 'row')} of the IXIT\n`);
  if (form.unconfirmed > 0)
    io.err(`${plural(form.unconfirmed, 'observed row')} left out: set the mark to declared to confirm one\n`);
  return withAnswers(base, form, basename(from));
}

/** The text of a declaration that is sound. */
async function kept(path: string): Promise<string> {
  const { readDeclaration } = await import('../declaration.ts');
  await readDeclaration(path);
  return Buffer.from(readWhole(path, DOCUMENT_LIMIT)).toString('utf8');
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`${path}: it cannot be written: ${whyUnwritten(error)}`);
  }
}
