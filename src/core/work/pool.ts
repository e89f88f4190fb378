/** Worker threads for what costs time: started when first needed, one job each at a time, ended on abort. */
import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FaultError } from '../../lib/fault.ts';
import type { Answer } from './messages.ts';

export interface PoolOptions {
  /** By id, the built module (`.js`) that exports `run(input)`. */
  readonly jobs: { readonly [id: string]: URL };
  /** Threads at most; one for each processor (at least 2, at most 8) unless said. */
  readonly size?: number;
}

export interface Pool {
  /** Threads at most. */
  readonly size: number;
  /** Runs a job on a thread. Throws the job's FaultError, an AbortError when `signal` ends it, or a `bug` fault when the thread dies. */
  run(id: string, input: unknown, transfer?: readonly ArrayBuffer[], signal?: AbortSignal): Promise<unknown>;
  /** Starts all threads, so that the first jobs do not wait for them. */
  warm(): void;
  close(): Promise<void>;
}

interface Task {
  readonly id: number;
  readonly url: string;
  readonly input: unknown;
  readonly transfer: readonly ArrayBuffer[];
  readonly signal: AbortSignal | undefined;
  resolve(result: unknown): void;
  reject(thrown: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  task: Task | undefined;
}

/** Worker entries are built files: threads of older Nodes cannot load TypeScript. */
function entry(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? '../../../dist/core/work/worker.js' : './worker.js', here);
}

class WorkerPool implements Pool {
  readonly size: number;
  readonly #jobs: PoolOptions['jobs'];
  readonly #threads = new Set<Thread>();
  readonly #queue: Task[] = [];
  #next = 1;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#jobs = options.jobs;
    this.size = Math.max(1, options.size ?? Math.min(8, Math.max(2, availableParallelism())));
  }

  run(id: string, input: unknown, transfer: readonly ArrayBuffer[] = [], signal?: AbortSignal): Promise<unknown> {
    const url = this.#jobs[id];
    if (url === undefined) throw new Error(`no job ${id}`);
    if (this.#closed) throw new Error('the worker pool is closed');
    if (signal?.aborted === true) return Promise.reject(aborted());
    return new Promise((resolve, reject) => {
      const over =
        <T>(settle: (value: T) => void): ((value: T) => void) =>
        (value) => {
          signal?.removeEventListener('abort', stop);
          settle(value);
        };
      const task: Task = {
        id: this.#next,
        url: url.href,
        input,
        transfer,
        signal,
        resolve: over(resolve),
        reject: over(reject),
      };
      this.#next += 1;
      this.#queue.push(task);
      const stop = (): void => this.#abort(task);
      // Many tasks of one run share a signal: that is no leak, for each stops listening when it is over.
      if (signal !== undefined) setMaxListeners(0, signal);
      signal?.addEventListener('abort', stop, { once: true });
      this.#dispatch();
    });
  }

  warm(): void {
    while (!this.#closed && this.#start() !== undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#queue.splice(0)) task.reject(aborted());
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread = [...this.#threads].find(({ task }) => task === undefined) ?? this.#start();
      if (thread === undefined) return;
      const task = this.#queue.shift();
      if (task === undefined) return;
      thread.task = task;
      thread.worker.ref();
      thread.worker.postMessage({ id: task.id, url: task.url, input: task.input }, [...task.transfer]);
    }
  }

  #start(): Thread | undefined {
    if (this.#threads.size >= this.size) return undefined;
    const worker = new Worker(entry(), { stdin: false });
    const thread: Thread = { worker, task: undefined };
    // An idle thread keeps no process alive.
    worker.unref();
    this.#threads.add(thread);
    worker.on('message', (answer: Answer) => this.#settle(thread, answer));
    worker.on('error', (thrown: Error) => this.#died(thread, thrown.message));
    worker.on('exit', () => this.#died(thread, 'the thread ended'));
    return thread;
  }

  #settle(thread: Thread, answer: Answer): void {
    const { task } = thread;
    if (task === undefined || task.id !== answer.id) return;
    thread.task = undefined;
    thread.worker.unref();
    if (answer.fault === undefined) task.resolve(answer.result);
    else task.reject(new FaultError(answer.fault.kind, answer.fault.message));
    this.#dispatch();
  }

  #died(thread: Thread, message: string): void {
    if (!this.#threads.delete(thread)) return;
    thread.task?.reject(new FaultError('bug', `a worker thread died: ${message}`));
    thread.task = undefined;
    if (!this.#closed) this.#dispatch();
  }

  #abort(task: Task): void {
    const waiting = this.#queue.indexOf(task);
    if (waiting >= 0) {
      this.#queue.splice(waiting, 1);
      task.reject(aborted());
      return;
    }
    const thread = [...this.#threads].find((one) => one.task === task);
    if (thread === undefined) return;
    thread.task = undefined;
    task.reject(aborted());
    void this.#end(thread).then(() => this.#dispatch());
  }

  async #end(thread: Thread): Promise<void> {
    this.#threads.delete(thread);
    thread.task?.reject(aborted());
    thread.task = undefined;
    await thread.worker.terminate();
  }
}

function aborted(): DOMException {
  return new DOMException('stopped before it was done', 'AbortError');
}

export function createPool(options: PoolOptions): Pool {
  return new WorkerPool(options);
}
