/** Runs in a worker thread: sweeps its share of the ports, and counts in shared memory for whoever shows progress. */
import { type Part, sweepPart } from './sweep.ts';

export interface SweepTask {
  readonly host: string;
  readonly ports: readonly number[];
  readonly inFlight: number;
  /** One 32-bit number: ports done by all threads together. */
  readonly done: SharedArrayBuffer;
}

export function run(input: unknown): Promise<Part> {
  const { host, ports, inFlight, done } = input as SweepTask;
  const counter = new Int32Array(done);
  let told = 0;
  return sweepPart(host, ports, {
    rate: Number.POSITIVE_INFINITY,
    inFlight,
    count: () => {},
    onProgress: (now) => {
      Atomics.add(counter, 0, now - told);
      told = now;
    },
  });
}
