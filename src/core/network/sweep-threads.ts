/** A sweep of very many ports on two threads: where no pace holds it back, what Node does for each connect is what it waits for. */
import { FaultError } from '../../lib/fault.ts';
import type { SweepResult } from '../model/network.ts';
import { joined, type Part, type SweepOptions, sweep } from './sweep.ts';
import type { SweepTask } from './sweep-job.ts';

/** The id and the built module of the job that `Threads` runs. Threads of older Nodes cannot load TypeScript. */
export const SWEEP = 'network/sweep';
export const SWEEP_JOB = import.meta.url.endsWith('.ts')
  ? new URL('../../../dist/core/network/sweep-job.js', import.meta.url)
  : new URL('./sweep-job.js', import.meta.url);

/** Runs a job on a thread of its own. */
export type Threads = (job: string, input: unknown, signal?: AbortSignal) => Promise<unknown>;

const THREADS = 2;
/** Ports below which starting threads costs more than it gains. */
const MANY = 8192;
/** Ports in a row of one thread: firewalls drop by ranges and devices by parity, and each thread must see of both. */
const ROW = 64;
/** Milliseconds between looks at how far the threads are. */
const LOOK = 200;

/** Throws FaultError `stopped`. */
export async function sweepOnThreads(
  host: string,
  ports: readonly number[],
  options: SweepOptions,
  threads: Threads | undefined,
): Promise<SweepResult> {
  if (threads === undefined || ports.length < MANY || options.rate !== Number.POSITIVE_INFINITY)
    return sweep(host, ports, options);
  const done = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const counter = new Int32Array(done);
  const look = setInterval(() => options.onProgress?.(Atomics.load(counter, 0)), LOOK);
  const shares = Array.from({ length: THREADS }, (_, thread) =>
    ports.filter((_port, index) => Math.floor(index / ROW) % THREADS === thread),
  );
  try {
    const parts = await Promise.all(
      shares.map((share) => {
        const task: SweepTask = { host, ports: share, inFlight: Math.ceil(options.inFlight / THREADS), done };
        return threads(SWEEP, task, options.signal) as Promise<Part>;
      }),
    );
    return joined(parts);
  } catch (thrown) {
    if (options.signal?.aborted === true) throw new FaultError('stopped', 'stopped before it was done');
    throw thrown;
  } finally {
    clearInterval(look);
    options.count(ports.length);
  }
}
