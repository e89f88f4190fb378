/** `assay gather`: only look, and keep what was seen as a dossier. */
import { nearest } from '../../core/baseline/nearest.ts';
import type { Baseline } from '../../core/model/baseline.ts';
import { UsageError } from '../../lib/fault.ts';
import { plural } from '../../lib/text.ts';
import type { Call } from '../call.ts';
import { library, openRegistry } from '../compose.ts';
import { EXIT } from '../exit-code.ts';
import { kindsFor } from '../gatherers.ts';
import { gatherOptions, judgeOptions } from '../options.ts';
import { partsOf, prepare } from '../prepare.ts';
import { createProgress } from '../progress.ts';
import { readProjectFile } from '../project-file.ts';
import { openRecording } from '../recording.ts';
import { gatherProduct } from '../session.ts';
import { withTargets } from '../targets.ts';

export async function run(call: Call): Promise<number> {
  const { report: _, ...project } = await readProjectFile();
  const raw = withTargets({ ...project, ...call.options }, call.arguments);
  const looking = gatherOptions(raw);
  if (looking.out === undefined)
    throw new UsageError('--out is missing', 'assay gather … --out FOLDER keeps what was seen');
  const [shelf, registry] = await Promise.all([library(), openRegistry(kindsFor(looking))]);
  const baselines: Baseline[] = [];
  for (const name of judgeOptions(raw).baselines) baselines.push(await shelf.baseline(name));
  refuseUnknown(looking.only, [
    ...registry.probes,
    ...registry.analyzers,
    ...registry.inspectors,
    ...registry.declarations,
    ...registry.derivers,
    registry.opening,
  ]);
  const recording = openRecording(looking, new Date().toISOString());
  const prepared = await prepare(looking, recording.at, recording.at);
  if (partsOf(prepared.target) === '' && prepared.declaration === undefined)
    throw new UsageError('there is nothing to look at', 'assay gather HOST|FILE --out FOLDER');
  const progress = createProgress(call.io, looking);
  try {
    const seen = await gatherProduct({
      prepared,
      recording,
      options: looking,
      registry,
      library: shelf,
      ...(baselines.length === 0 ? {} : { baselines }),
      listen: progress.listen,
      signal: call.signal,
    });
    progress.end();
    const missed = seen.gaps.filter(({ unseen }) => unseen.kind !== 'not-given').length;
    if (!looking.quiet)
      call.io.out(
        `${plural(seen.facts.length, 'fact')}, ${plural(missed, 'gap')} → ${looking.out}\nassay evaluate ${looking.out}\n`,
      );
    return missed > 0 || call.signal.aborted ? EXIT.unseen : EXIT.good;
  } finally {
    recording.close();
    progress.end();
  }
}

function refuseUnknown(only: readonly string[], known: readonly { readonly id: string }[]): void {
  const ids = known.map(({ id }) => id);
  const strange = only.filter((id) => !ids.includes(id));
  if (strange.length > 0)
    throw new UsageError(
      strange.map((id) => ({
        message: `there is no gatherer '${id}'`,
        hint: nearest(id, ids) ?? 'assay list gatherers',
      })),
    );
}
