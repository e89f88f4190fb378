/** `assay evaluate`: judge a dossier, offline, by any baseline, as of any date. */
import { UsageError } from '../../lib/fault.ts';
import type { Call } from '../call.ts';
import { library, openRegistry } from '../compose.ts';
import { NONE } from '../gatherers.ts';
import { conclude, openJudging, tellEnding } from '../judging.ts';
import { judgeOptions } from '../options.ts';
import { readSeen } from '../reading.ts';

export async function run({ arguments: [folder], options: raw, io, signal }: Call): Promise<number> {
  if (folder === undefined) throw new UsageError('the dossier is missing', 'assay evaluate DOSSIER');
  const options = judgeOptions(raw);
  const seen = await readSeen(folder);
  const bench = await openJudging(io, options, await library(), await openRegistry(NONE));
  const at = options.asOf === 'now' ? new Date().toISOString() : (options.asOf ?? seen.head.gatheredAt);
  return tellEnding(await conclude(bench, seen, at, signal.aborted), bench);
}
