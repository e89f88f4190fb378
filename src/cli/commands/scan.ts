/** `assay scan`: gather, judge, render. */
import { UsageError } from '../../lib/fault.ts';
import type { Call } from '../call.ts';
import { library, openRegistry } from '../compose.ts';
import type { Ending } from '../exit-code.ts';
import { kindsFor } from '../gatherers.ts';
import { conclude, type Judging, openJudging, tellEnding } from '../judging.ts';
import { gatherOptions, judgeOptions } from '../options.ts';
import { prepare } from '../prepare.ts';
import { createProgress } from '../progress.ts';
import { readProjectFile } from '../project-file.ts';
import { openRecording } from '../recording.ts';
import { gatherProduct } from '../session.ts';
import { withTargets } from '../targets.ts';

export async function run(call: Call): Promise<number> {
  const { ending, bench } = await scan(call);
  return tellEnding(ending, bench);
}

/** The whole of a scan but its last line. */
export async function scan(call: Call): Promise<{ readonly ending: Ending; readonly bench: Judging }> {
  const raw = withTargets({ ...(await readProjectFile()), ...call.options }, call.arguments);
  const looking = gatherOptions(raw);
  const judging = judgeOptions(raw);
  if (
    looking.devices.length + looking.firmware.length + looking.updates.length === 0 &&
    looking.declaration === undefined
  )
    throw new UsageError(
      'there is nothing to look at',
      'assay scan HOST|FILE, or --device, --firmware, --update, --declaration',
    );
  const recording = openRecording(looking, new Date().toISOString());
  const started = recording.at;
  const at = judging.asOf === undefined || judging.asOf === 'now' ? started : judging.asOf;
  const [shelf, registry] = await Promise.all([library(), openRegistry(kindsFor(looking))]);
  const bench = await openJudging(call.io, judging, shelf, registry);
  const prepared = await prepare(looking, started, at);
  const progress = createProgress(call.io, looking);
  const { baselines } = bench.rules;
  try {
    const { listen } = progress;
    const task = {
      recording,
      prepared,
      options: looking,
      registry,
      library: shelf,
      baselines,
      listen,
      signal: call.signal,
    };
    const seen = await gatherProduct(task);
    progress.end();
    return { ending: await conclude(bench, seen, at, call.signal.aborted), bench };
  } finally {
    recording.close();
    progress.end();
  }
}
