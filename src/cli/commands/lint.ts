/** `assay lint FILE…`: baselines, checks, waivers and declarations, with every mistake at once. */
import { type Lint, lintFile } from '../../core/baseline/lint.ts';
import { UsageError } from '../../lib/fault.ts';
import { inertJson } from '../../lib/json.ts';
import { plural } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { library } from '../compose.ts';
import { readDeclaration } from '../declaration.ts';
import { EXIT } from '../exit-code.ts';
import { problemLines } from '../problems.ts';

/** A declaration is read as a scan reads it, with the keys that it names: core/ knows no key files. */
async function withKeys(lint: Lint): Promise<Lint> {
  if (lint.kind !== 'declaration' || lint.problems.length > 0) return lint;
  try {
    await readDeclaration(lint.file);
    return lint;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { ...lint, problems: error.problems };
  }
}

export async function run({ arguments: files, options, io }: Call): Promise<number> {
  if (files.length === 0) throw new UsageError('there is nothing to look at', 'assay lint FILE…');
  const shelf = await library();
  const looked = [];
  for (const file of files) looked.push(await withKeys(await lintFile(file, shelf)));
  const mistakes = looked.flatMap(({ problems }) => problems);
  const notes = looked.flatMap(({ notes: of }) => of);
  if (options['json'] === true) io.out(`${inertJson(looked)}\n`);
  else {
    if (mistakes.length > 0) io.err(problemLines(mistakes));
    if (options['quiet'] !== true) {
      if (notes.length > 0) io.out(problemLines(notes.map((note) => ({ ...note, message: `note: ${note.message}` }))));
      io.out(
        `${plural(files.length, 'file')}: ${plural(mistakes.length, 'mistake')}, ${plural(notes.length, 'note')}\n`,
      );
    }
  }
  return mistakes.length > 0 ? EXIT.usage : EXIT.good;
}
