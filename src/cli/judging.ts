/** What scan and evaluate share after the facts are there: baselines, waivers, the report, its files and the exit code. */
import type { Registry } from '../core/assessment/plan.ts';
import type { Library } from '../core/baseline/library.ts';
import type { Baseline } from '../core/model/baseline.ts';
import type { Dossier } from '../core/model/renderer.ts';
import type { Report } from '../core/model/report.ts';
import { safeText } from '../lib/text.ts';
import { type Ending, endingOf } from './exit-code.ts';
import type { Io } from './io.ts';
import type { JudgeOptions } from './options.ts';
import { chooseReports, writeReports } from './output.ts';
import { type Rules, readRules } from './rules.ts';
import { judgeProduct, type Seen } from './session.ts';

export interface Judging {
  readonly io: Io;
  readonly options: JudgeOptions;
  readonly library: Library;
  readonly registry: Registry;
  readonly rules: Rules;
  readonly chosen: Awaited<ReturnType<typeof chooseReports>>;
  readonly old?: Report;
}

/** Renderers and the report to compare with, found before anything is gathered. */
export async function openJudging(
  io: Io,
  options: JudgeOptions,
  library: Library,
  registry: Registry,
): Promise<Judging> {
  const rules = await readRules(library, options);
  const chosen = await chooseReports(options.reports, { quiet: options.quiet, exports: true });
  if (options.against === undefined) return { io, options, library, registry, rules, chosen };
  const { readReportOf } = await import('./reading.ts');
  const old = await readReportOf(options.against, { library, registry, rules });
  return { io, options, library, registry, rules, chosen, old };
}

/** Judges, writes every report, and says how the run ends. */
export async function conclude(judging: Judging, seen: Seen, at: string, interrupted: boolean): Promise<Ending> {
  const { io, options, library, registry, rules, chosen, old } = judging;
  const report = judgeProduct({ seen, library, registry, at, ...rules });
  await writeReports(io, chosen, report, async () => dossierOf(report, seen, rules.baselines, library));
  const against =
    old === undefined ? undefined : (await import('../core/assessment/diff.ts')).compareReports(old, report);
  return endingOf(report, {
    failOn: options.failOn,
    strict: options.strict,
    interrupted,
    ...(against === undefined ? {} : { against }),
  });
}

/** Details told one by one. */
const TOLD = 10;

/** The last line of a run says why it ends as it does: a log is read from its end. */
export function tellEnding({ code, because, details }: Ending, { io, options: { quiet } }: Judging): number {
  const more = details.length > TOLD ? [`and ${details.length - TOLD} more`] : [];
  const lines = [...details.slice(0, TOLD), ...more].map((line) => `  ${safeText(line)}\n`);
  if (!quiet) io.err(`exit code ${code}: ${because}\n${lines.join('')}`);
  return code;
}

function dossierOf(report: Report, seen: Seen, baselines: readonly Baseline[], library: Library): Dossier {
  const controls = baselines.map(({ id, version, controls: of }) => [`${id}@${version}`, of]);
  return {
    report,
    facts: seen.facts,
    gaps: seen.gaps,
    ...(seen.head.declaration === undefined ? {} : { declaration: seen.head.declaration }),
    controls: Object.fromEntries(controls) as Dossier['controls'],
    knowledge: (id) => library.knowledge(id),
    open: (evidence) => seen.open(evidence),
  };
}
