/** A sweep of very many ports on two threads: where no pace holds it back, what Node does for each connect is what it waits for. */
import { FaultError } from '../../lib/fault.ts';
import type { SweepResult, SweepWishes } from '../model/network.ts';
import { joined, type Part, type SweepOptions, sweep, sweepPart } from './sweep.ts';
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
  { onOpen, likely = new Set(), ...options }: SweepOptions & SweepWishes,
  threads: Threads | undefined,
): Promise<SweepResult> {
  // At a bounded pace nobody is told before the end: what would be asked meanwhile comes on top of the pace.
  if (options.rate !== Number.POSITIVE_INFINITY) return sweep(host, ports, options);
  const hearing = { ...options, ...(onOpen === undefined ? {} : { onOpen }) };
  if (threads === undefined || ports.length < MANY) return sweep(host, ports, hearing);
  const done = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const counter = new Int32Array(done);
  const look = setInterval(() => options.onProgress?.(Atomics.load(counter, 0)), LOOK);
  const shares = Array.from({ length: THREADS }, (_, thread) =>
    ports.filter((port, index) => !likely.has(port) && Math.floor(index / ROW) % THREADS === thread),
  );
  const first = ports.filter((port) => likely.has(port));
  try {
    const parts = await Promise.all([
      sweepPart(host, first, { ...hearing, onProgress: () => {}, count: () => {} }),
      ...shares.map((share) => {
        const task: SweepTask = { host, ports: share, inFlight: Math.ceil(options.inFlight / THREADS), done };
        return threads(SWEEP, task, options.signal) as Promise<Part>;
      }),
    ]);
    return joined(parts);
  } catch (thrown) {
    if (options.signal?.aborted === true) throw new FaultError('stopped', 'stopped before it was done');
    throw thrown;
  } finally {
    clearInterval(look);
    options.count(ports.length);
  }
}
