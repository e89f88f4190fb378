/** One run of gathering: the store, the contexts that gatherers work with, and what each of them came to. */
import { setMaxListeners } from 'node:events';
import { type Fault, FaultError, faultOf } from '../../lib/fault.ts';
import { safeText } from '../../lib/text.ts';
import type { Listener } from '../model/event.ts';
import type { EvidenceRef, Fact, FactType, Gap, Method, Unseen } from '../model/fact.ts';
import type { FileEntry } from '../model/files.ts';
import type { GatherContext, Grounds, Settings } from '../model/gatherer.ts';
import type { GathererStatus } from '../model/report.ts';
import { type Area, nameOf, type Subject } from '../model/target.ts';
import { FactStore, factId } from './facts.ts';
import { gapsOf, type StepKind } from './plan.ts';
import type { Relations } from './relations.ts';

/** Milliseconds that one gatherer may take, all its subjects together. */
export const GATHERER_LIMIT = 600_000;

export interface RunDoors {
  /** A data table; throws where there is none of that id. */
  knowledge(id: string): unknown;
  keep(bytes: Uint8Array, mediaType: string, locator?: string): EvidenceRef;
  /** ISO 8601. */
  clock(): string;
}

/** Where facts and gaps go as they are seen. */
export interface Log {
  fact(fact: Fact): void;
  gap(gap: Gap): void;
  /** Every entry of an image that was opened. */
  files?(entries: Iterable<FileEntry>): void;
}

/** Who is at work: what its facts and gaps are signed with. */
export interface Worker {
  readonly id: string;
  readonly kind: StepKind;
  readonly method: Method;
  readonly produces: readonly FactType[];
  /** What a gap leaves open unless it says otherwise; `produces` where absent. */
  readonly leavesOpen?: readonly FactType[];
}

interface Tally {
  facts: number;
  gaps: number;
  faults: number;
  subjects: number;
  readonly started: number;
  ended: number | undefined;
  readonly worker: Worker;
}

export class Run {
  readonly store: FactStore;
  readonly settings: Settings;
  readonly listen: Listener;
  /** Is told every new fact. */
  onFact: (fact: Fact) => void = () => {};
  readonly #doors: RunDoors;
  readonly #log: Log;
  readonly #limit: number;
  readonly #outer: AbortSignal;
  readonly #tallies = new Map<string, Tally>();
  readonly #closed = new Set<string>();
  readonly #life = { ended: false };

  constructor(options: {
    readonly relations: Relations;
    readonly settings: Settings;
    readonly doors: RunDoors;
    readonly log: Log;
    readonly listen: Listener;
    readonly signal: AbortSignal;
    readonly limit: number;
  }) {
    this.store = new FactStore(options.relations);
    this.settings = options.settings;
    this.listen = options.listen;
    this.#doors = options.doors;
    this.#log = options.log;
    this.#limit = options.limit;
    this.#outer = options.signal;
  }

  /** Nothing that comes later counts: whoever was left behind speaks to nobody. */
  end(): void {
    this.#life.ended = true;
  }

  listFiles(entries: Iterable<FileEntry>): void {
    this.#log.files?.(entries);
  }

  addGap(gap: Gap): void {
    if (this.#life.ended) return;
    const clear = { ...gap, unseen: { ...gap.unseen, message: safeText(gap.unseen.message) } };
    for (const fresh of this.store.addGap(clear)) {
      this.#log.gap(fresh);
      this.listen({ kind: 'gap', gap: fresh });
    }
  }

  /** Gaps by a worker on one subject. */
  miss(
    worker: Worker,
    unseen: Unseen,
    scope: Subject,
    options: { area?: Area; facts?: readonly FactType[] } = {},
  ): void {
    const tally = this.#tallies.get(worker.id);
    if (tally !== undefined && unseen.kind !== 'not-given') tally.gaps += 1;
    const types = options.facts ?? worker.leavesOpen ?? worker.produces;
    for (const gap of gapsOf(worker, types, unseen, scope, options.area)) this.addGap(gap);
  }

  context(worker: Worker, subject: Subject, signal: AbortSignal): GatherContext {
    return {
      facts: this.store,
      signal,
      settings: this.settings,
      knowledge: (id) => this.#doors.knowledge(id),
      emit: (type, data, grounds = {}) => this.#emit(worker, subject, type, data, grounds),
      gap: (unseen, { scope = subject, ...rest } = {}) => {
        if (!this.#closed.has(worker.id)) this.miss(worker, unseen, scope, rest);
      },
      keep: (bytes, mediaType, locator) => this.#doors.keep(bytes, mediaType, locator),
      progress: (done, of) =>
        this.listen({ kind: 'step-progress', gatherer: worker.id, subject: nameOf(subject), done, of }),
    };
  }

  #emit<T>(worker: Worker, subject: Subject, type: FactType<T>, data: T, grounds: Grounds): Fact<T> {
    const about = { type: type.name, subject: grounds.subject ?? subject, data, source: worker.id };
    const fact: Fact<T> = {
      id: factId(about),
      ...about,
      method: worker.method,
      observedAt: this.#doors.clock(),
      ...(grounds.where === undefined ? {} : { where: grounds.where }),
      evidence: grounds.evidence ?? [],
      derivedFrom: (grounds.derivedFrom ?? []).map(({ id }) => id),
    };
    if (this.#life.ended || this.#closed.has(worker.id)) return fact;
    if (!this.store.add(fact)) return (this.store.get(fact.id) as Fact<T> | undefined) ?? fact;
    const tally = this.#tallies.get(worker.id);
    if (tally !== undefined) tally.facts += 1;
    this.#log.fact(fact);
    this.onFact(fact);
    return fact;
  }

  /** Runs what a gatherer does as a whole, within its time; afterwards it counts as heard. Never throws. */
  async whole(worker: Worker, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const tally = this.#tallies.get(worker.id) ?? this.#open(worker);
    const timer = new AbortController();
    const alarm = setTimeout(() => timer.abort(), this.#limit);
    const signal = AbortSignal.any([this.#outer, timer.signal]);
    // Every subject of the gatherer waits on it: that is no leak.
    setMaxListeners(0, signal);
    try {
      await within(signal, () => this.#stopped(timer.signal), work);
    } catch (thrown) {
      this.fault(worker, faultOf(thrown), { kind: 'target' });
    } finally {
      clearTimeout(alarm);
      if (signal.aborted) this.#closed.add(worker.id);
      tally.ended = Date.now();
      this.store.hear({ source: worker.id, types: worker.produces.map(({ name }) => name) });
    }
  }

  /** Looks at one subject: what is thrown becomes a gap on it, and no more. */
  async step(worker: Worker, subject: Subject, signal: AbortSignal, look: () => Promise<void> | void): Promise<void> {
    const tally = this.#tallies.get(worker.id) ?? this.#open(worker);
    const name = nameOf(subject);
    const started = Date.now();
    const before = tally.facts;
    tally.subjects += 1;
    this.listen({ kind: 'step-started', gatherer: worker.id, subject: name });
    try {
      signal.throwIfAborted();
      await within(
        signal,
        () => this.#stopped(signal),
        async () => look(),
      );
    } catch (thrown) {
      this.fault(worker, this.#why(thrown, signal), subject);
    }
    const facts = tally.facts - before;
    this.listen({ kind: 'step-ended', gatherer: worker.id, subject: name, facts, ms: Date.now() - started });
  }

  fault(worker: Worker, fault: Fault, subject: Subject): void {
    const tally = this.#tallies.get(worker.id);
    if (tally !== undefined) tally.faults += 1;
    this.miss(worker, fault, subject);
  }

  /** An abort that the alarm caused is a timeout; one from outside is `stopped`. */
  #why(thrown: unknown, signal: AbortSignal): Fault {
    return signal.aborted && !(thrown instanceof Error && thrown.name === 'FaultError')
      ? this.#stopped(signal)
      : faultOf(thrown);
  }
  #stopped(signal: AbortSignal): Fault {
    if (this.#outer.aborted || !signal.aborted) return { kind: 'stopped', message: 'stopped before it was done' };
    return { kind: 'timeout', message: `took longer than ${Math.round(this.#limit / 1000)} s` };
  }

  #open(worker: Worker): Tally {
    const tally = { facts: 0, gaps: 0, faults: 0, subjects: 0, started: Date.now(), ended: undefined, worker };
    this.#tallies.set(worker.id, tally);
    return tally;
  }
  begin(worker: Worker): void {
    if (!this.#tallies.has(worker.id)) this.#open(worker);
  }

  statuses(): readonly GathererStatus[] {
    return [...this.#tallies.values()].map((tally) => ({
      id: tally.worker.id,
      status: statusOf(tally),
      facts: tally.facts,
      ms: (tally.ended ?? tally.started) - tally.started,
    }));
  }
}

function statusOf(tally: Tally): GathererStatus['status'] {
  if (tally.faults > 0 && tally.facts === 0 && tally.faults >= tally.subjects) return 'failed';
  return tally.gaps > 0 ? 'partial' : 'done';
}

/** Waits for the work, or for the signal when the work does not heed it. */
async function within(
  signal: AbortSignal,
  why: () => Fault,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (signal.aborted) throw stopping(why());
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => setTimeout(() => reject(stopping(why())), GRACE);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([work(signal), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const stopping = (fault: Fault): FaultError => new FaultError(fault.kind, fault.message);

/** Milliseconds that an aborted gatherer has to say itself what it left. */
const GRACE = 100;
