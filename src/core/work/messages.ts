/** What the pool and its workers say to each other. */
import type { Fault } from '../../lib/fault.ts';

/** A job module: `run` takes what can be cloned to a thread and gives the same. */
export interface JobModule {
  run(input: unknown): unknown;
  /** What of a result is handed over instead of copied; an array that is the whole result is by itself. */
  transfer?(result: unknown): ArrayBuffer[];
}

export interface Request {
  readonly id: number;
  readonly url: string;
  readonly input: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly fault?: Fault;
}
