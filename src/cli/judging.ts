/** What scan and evaluate share after the facts are there: baselines, waivers, the report, its files and the exit code. */
import type { Registry } from '../core/assessment/plan.ts';
import type { Library } from '../core/baseline/library.ts';
import type { Baseline, Waiver } from '../core/model/baseline.ts';
import type { Dossier } from '../core/model/renderer.ts';
import type { Input, Report } from '../core/model/report.ts';
import { readWaivers } from './declaration.ts';
import { exitCodeOf } from './exit-code.ts';
import { locate } from './files.ts';
import type { Io } from './io.ts';
import type { JudgeOptions } from './options.ts';
import { chooseReports, writeReports } from './output.ts';
import { judgeProduct, type Seen } from './session.ts';

/** `xiaomi-consumer-iot:medium` and the newest edition of ETSI EN 303 645. */
export const DEFAULT_BASELINES: readonly string[] = ['xiaomi-consumer-iot:medium', 'etsi-en-303-645'];

export interface Rules {
  readonly baselines: readonly Baseline[];
  readonly waivers: readonly Waiver[];
  readonly inputs: readonly Input[];
}

/** Reads everything that judges before anything is gathered: a mistake in it costs no scan. */
export async function readRules(library: Library, options: JudgeOptions): Promise<Rules> {
  const names = options.baselines.length > 0 ? options.baselines : DEFAULT_BASELINES;
  const baselines: Baseline[] = [];
  for (const name of new Set(names)) baselines.push(await library.baseline(name));
  if (options.waivers === undefined) return { baselines, waivers: [], inputs: [] };
  const { waivers, sha256 } = await readWaivers(options.waivers);
  const [file] = locate([options.waivers]);
  return { baselines, waivers, inputs: [{ kind: 'waivers', id: file?.path ?? options.waivers, sha256 }] };
}

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

/** Judges, writes every report, and gives the exit code. */
export async function conclude(judging: Judging, seen: Seen, at: string, interrupted: boolean): Promise<number> {
  const { io, options, library, registry, rules, chosen, old } = judging;
  const report = judgeProduct({ seen, library, registry, at, ...rules });
  await writeReports(io, chosen, report, async () => dossierOf(report, seen, rules.baselines, library));
  const against =
    old === undefined ? undefined : (await import('../core/assessment/diff.ts')).compareReports(old, report);
  return exitCodeOf(report, {
    failOn: options.failOn,
    strict: options.strict,
    interrupted,
    ...(against === undefined ? {} : { against }),
  });
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
