/** What sealing and verifying share: the report that a dossier gives, and a digest of what judged it. */
import type { Sealed } from '../core/evidence/seal.ts';
import type { Report } from '../core/model/report.ts';
import { canonicalJson } from '../lib/canonical.ts';
import { sha256Of } from '../lib/uuid.ts';
import { library, openRegistry } from './compose.ts';
import { NONE } from './gatherers.ts';
import { readSeen } from './reading.ts';
import { readRules } from './rules.ts';
import { judgeProduct, type Seen } from './session.ts';

export interface Rejudged {
  readonly seen: Seen;
  readonly said: Sealed['report'];
}

/** Judges a dossier on its own date. Without baselines the usual ones judge; no waivers do. */
export async function rejudge(folder: string, baselines: readonly string[]): Promise<Rejudged> {
  const seen = await readSeen(folder);
  const shelf = await library();
  const options = { baselines, reports: [], failOn: 'mandatory', strict: false, quiet: true, verbose: false } as const;
  const rules = await readRules(shelf, options);
  const report = judgeProduct({
    seen,
    library: shelf,
    registry: await openRegistry(NONE),
    at: seen.head.gatheredAt,
    ...rules,
  });
  const names = rules.baselines.map(
    ({ id, version, level }) => `${id}@${version}${level === undefined ? '' : `:${level}`}`,
  );
  return { seen, said: saidOf(report, names) };
}

function saidOf(report: Report, baselines: readonly string[]): Sealed['report'] {
  const judged = report.inputs.filter(({ kind }) => kind === 'baseline' || kind === 'checks' || kind === 'knowledge');
  return {
    baselines,
    outcome: report.outcome,
    assessedAt: report.assessedAt,
    sha256: sha256Of(canonicalJson(report)),
    rules: sha256Of(canonicalJson([report.tool, judged])),
  };
}
