/** The worker pool with the jobs that plug-ins may call; threads start when the first job comes. */
import { JOBS } from '../codecs/jobs.ts';
import { READ, READ_JOB } from '../core/assessment/reading.ts';
import { SWEEP, SWEEP_JOB } from '../core/network/sweep-threads.ts';
import type { Pool } from '../core/work/pool.ts';

export interface Jobs {
  run(name: string, input: unknown, transfer?: readonly ArrayBuffer[], own?: AbortSignal): Promise<unknown>;
  /** Threads are started meanwhile: much work for them comes soon. */
  warm(): void;
  close(): Promise<void>;
}

/** `signal` ends the jobs that run; one of its own, which `signal` ends too, may end a job before. */
export function openPool(signal: AbortSignal): Jobs {
  let opening: Promise<Pool> | undefined;
  let closed = false;
  const open = async (): Promise<Pool> => {
    const { createPool } = await import('../core/work/pool.ts');
    return createPool({ jobs: { ...JOBS, [SWEEP]: SWEEP_JOB, [READ]: READ_JOB } });
  };
  return {
    async run(name, input, transfer, own) {
      if (closed) throw new Error('the worker pool is closed');
      opening ??= open();
      return (await opening).run(name, input, transfer, own ?? signal);
    },
    warm() {
      opening ??= open();
      opening.then((pool) => pool.warm()).catch(() => {});
    },
    async close() {
      closed = true;
      await (await opening)?.close();
    },
  };
}
