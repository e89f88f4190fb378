/** What judges: baselines and waivers, read before anything is gathered. */
import type { Library } from '../core/baseline/library.ts';
import type { Baseline, Waiver } from '../core/model/baseline.ts';
import type { Input } from '../core/model/report.ts';
import { readWaivers } from './declaration.ts';
import { locate } from './files.ts';
import type { JudgeOptions } from './options.ts';

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
  for (const name of new Set(names)) {
    const found = await library.baseline(name);
    // One edition by two names (`x` and `x@1`) is judged by once.
    if (!baselines.some((one) => one.id === found.id && one.version === found.version && one.level === found.level))
      baselines.push(found);
  }
  if (options.waivers === undefined) return { baselines, waivers: [], inputs: [] };
  const { waivers, sha256 } = await readWaivers(options.waivers);
  const [file] = locate([options.waivers]);
  return { baselines, waivers, inputs: [{ kind: 'waivers', id: file?.path ?? options.waivers, sha256 }] };
}
