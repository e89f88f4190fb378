/** The worker pool with the jobs that plug-ins may call; threads start when the first job comes. */
import { JOBS } from '../codecs/jobs.ts';

export interface Jobs {
  run(name: string, input: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
  close(): Promise<void>;
}

/** `signal` ends the jobs that run. */
export async function openPool(signal: AbortSignal): Promise<Jobs> {
  const { createPool } = await import('../core/work/pool.ts');
  const pool = createPool({ jobs: JOBS });
  return { run: (name, input, transfer) => pool.run(name, input, transfer, signal), close: () => pool.close() };
}
