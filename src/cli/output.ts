/** Rendered reports → stdout or files. A format never changes verdict or exit code; every file that was asked for is written. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { nearest } from '../core/baseline/nearest.ts';
import type { Dossier, Exporter, Renderer, Reporter } from '../core/model/renderer.ts';
import type { Report } from '../core/model/report.ts';
import { type Problem, UsageError } from '../lib/fault.ts';
import { whyUnwritten } from '../lib/whole-file.ts';
import { exporters, reporters } from './compose.ts';
import type { Io } from './io.ts';

/** One `--report FORMAT[=FILE]`. */
export interface Wish {
  readonly format: string;
  readonly file?: string;
}

export function parseWish(text: string): Wish {
  const at = text.indexOf('=');
  if (at < 0) return { format: text };
  const file = text.slice(at + 1);
  if (file === '') throw new UsageError(`--report ${text}: the file is missing`, '--report FORMAT=FILE');
  return file === '-' ? { format: text.slice(0, at) } : { format: text.slice(0, at), file };
}

interface Chosen {
  readonly wish: Wish;
  readonly reporter?: Reporter;
  readonly exporter?: Exporter;
}

/** Finds the renderers of all wishes before anything is gathered. Without a wish for stdout the text report goes there. */
export async function chooseReports(
  texts: readonly string[],
  options: { readonly quiet: boolean; readonly exports: boolean },
): Promise<readonly Chosen[]> {
  const wishes = texts.map(parseWish);
  const twice = wishes.find(({ file }, at) => file !== undefined && wishes.findIndex((one) => one.file === file) < at);
  if (twice !== undefined) throw new UsageError(`--report: two reports are to be written to ${twice.file}`);
  const all: readonly Wish[] =
    options.quiet || wishes.some(({ file }) => file === undefined) ? wishes : [{ format: 'text' }, ...wishes];
  const known = all.length === 0 ? [] : await reporters();
  const isReporter = ({ format }: Wish): boolean => known.some(({ id }) => id === format);
  const exporting = all.every(isReporter) ? [] : await exporters();
  return all.map((wish) => choose(wish, known, exporting, options.exports));
}

function choose(
  wish: Wish,
  known: readonly Reporter[],
  exporting: readonly Exporter[],
  exportsAllowed: boolean,
): Chosen {
  const reporter = known.find(({ id }) => id === wish.format);
  if (reporter !== undefined) return { wish, reporter };
  const exporter = exporting.find(({ id }) => id === wish.format);
  if (exporter !== undefined && exportsAllowed) return { wish, exporter };
  if (exporter !== undefined)
    throw new UsageError(
      `${wish.format} needs the facts, which a report does not hold`,
      `assay evaluate DOSSIER --report ${wish.format}`,
    );
  const formats = [...known, ...exporting].map(({ id }) => id);
  throw new UsageError(
    `there is no report format '${wish.format}'`,
    nearest(wish.format, formats) ?? `formats: ${formats.join(', ')}`,
  );
}

/** Renders and writes everything; afterwards throws one UsageError for all files that could not be written. */
export async function writeReports(
  io: Io,
  chosen: readonly Chosen[],
  report: Report,
  dossier: (() => Promise<Dossier>) | undefined,
): Promise<void> {
  const problems: Problem[] = [];
  let whole: Dossier | undefined;
  for (const { wish, reporter, exporter } of chosen) {
    if (exporter !== undefined) whole ??= await dossier?.();
    const bytes = await attempt(problems, () =>
      reporter === undefined ? rendered(exporter, whole, io, wish) : rendered(reporter, report, io, wish),
    );
    if (bytes === undefined) continue;
    if (wish.file === undefined) io.out(bytes);
    else writeTo(wish.file, bytes, problems);
  }
  if (problems.length > 0) throw new UsageError(problems);
}

/** A format that this report cannot fill keeps no other from being written. */
async function attempt<T>(problems: Problem[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

async function rendered<T>(
  renderer: Renderer<T> | undefined,
  input: T | undefined,
  io: Io,
  { file }: Wish,
): Promise<string | Uint8Array | undefined> {
  if (renderer === undefined || input === undefined) return undefined;
  const options = {
    colour: file === undefined && io.colour,
    width: file === undefined && io.outIsTerminal ? io.columns : 80,
  };
  return renderer.render(input, options);
}

function writeTo(file: string, bytes: string | Uint8Array, problems: Problem[]): void {
  try {
    // One level only: Node's recursive mkdir never comes back from places such as /proc.
    if (!existsSync(dirname(file))) mkdirSync(dirname(file));
    writeFileSync(file, bytes);
  } catch (error) {
    problems.push({ message: `the report cannot be written: ${whyUnwritten(error)}`, at: { file } });
  }
}
