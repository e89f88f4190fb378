/** The worker pool with the jobs that plug-ins may call; threads start when the first job comes. */
import { JOBS } from '../codecs/jobs.ts';
import { SWEEP, SWEEP_JOB } from '../core/network/sweep-threads.ts';

export interface Jobs {
  run(name: string, input: unknown, transfer?: readonly ArrayBuffer[], own?: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** `signal` ends the jobs that run; one of its own, which `signal` ends too, may end a job before. */
export async function openPool(signal: AbortSignal): Promise<Jobs> {
  const { createPool } = await import('../core/work/pool.ts');
  const pool = createPool({ jobs: { ...JOBS, [SWEEP]: SWEEP_JOB } });
  return {
    run: (name, input, transfer, own) => pool.run(name, input, transfer, own ?? signal),
    close: () => pool.close(),
  };
}
