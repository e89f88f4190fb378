/** Probes begin on an endpoint as soon as what feeds them is done there, while others still look for further endpoints. */
import type { Fact } from '../model/fact.ts';
import type { ProbeContext } from '../model/gatherer.ts';
import { nameOf, type SubjectOf } from '../model/target.ts';
import type { Run, Worker } from './gather-run.ts';
import { feeding } from './order.ts';
import type { Step } from './plan.ts';

type Endpoint = SubjectOf<'endpoint'>;
type Place = SubjectOf<'host'> | Endpoint;
type ProbeStep = Extract<Step, { kind: 'probe' }>;
type Slots = <T>(work: () => Promise<T>) => Promise<T>;
/** Looks at one subject with one probe. */
type Look = (step: ProbeStep, subject: Place, context: Omit<ProbeContext, 'dial'>) => Promise<void>;

/** Endpoints of a run that are not waited with; those beyond are looked at once all that feeds their probes is done. */
const MOST = 1024;

/** Whether a probe may begin on one endpoint before all are known: it reads of that endpoint alone, and harms none. */
const flows = (step: Step): step is ProbeStep =>
  step.kind === 'probe' &&
  step.gatherer.consumes.length > 0 &&
  step.gatherer.wide !== true &&
  step.gatherer.last !== true &&
  step.gatherer.intrusion !== 'intrusive';

/** One probe that flows. */
interface Line {
  readonly step: ProbeStep;
  readonly worker: Worker;
  readonly feeds: readonly Step[];
  /** What it waits for beside what feeds it is done. */
  ready: boolean;
  /** Endpoints that it began on, and whether it is done there. */
  readonly begun: Map<string, boolean>;
  readonly works: Promise<void>[];
  /** Each over once that work is done, or has sent all that it sends. */
  readonly quiets: Promise<void>[];
  readonly fed: Latch;
  readonly quiet: Latch;
  whole: Promise<void> | undefined;
  signal: AbortSignal | undefined;
}

/** A promise that others open. */
interface Latch {
  readonly promise: Promise<void>;
  open(): void;
}
function latch(): Latch {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open: () => open() };
}

export class Flow {
  readonly #run: Run;
  readonly #slots: Slots;
  readonly #look: Look;
  readonly #lines: ReadonlyMap<Step, Line>;
  readonly #ended = new Set<Step>();
  /** By probe of hosts that says what it finds. */
  readonly #found = new Map<Step, Set<string>>();
  readonly #known = new Map<string, Endpoint>();

  constructor(
    run: Run,
    steps: readonly Step[],
    { slots, look, workerOf }: { slots: Slots; look: Look; workerOf: (step: ProbeStep) => Worker },
  ) {
    this.#run = run;
    this.#slots = slots;
    this.#look = look;
    this.#lines = new Map(
      steps.filter(flows).map((step): [Step, Line] => {
        const line = { step, worker: workerOf(step), feeds: feeding(step, steps), ready: false };
        const state = { begun: new Map(), works: [], quiets: [], fed: latch(), quiet: latch() };
        return [step, { ...line, ...state, whole: undefined, signal: undefined }];
      }),
    );
    const finders = new Map<string, Step>();
    for (const step of steps)
      if (step.kind === 'probe' && step.gatherer.finds !== undefined) finders.set(step.gatherer.id, step);
    run.onFact = (fact) => this.#hear(fact, finders.get(fact.source));
  }

  /** Of what a step waits for, that which is more than being fed; undefined for a step that does not flow. */
  besides(step: Step, waits: readonly Step[]): readonly Step[] | undefined {
    const line = this.#lines.get(step);
    return line === undefined ? undefined : waits.filter((one) => !line.feeds.includes(one));
  }

  /** What the step waits for beside being fed is done. */
  ready(step: Step): void {
    const line = this.#lines.get(step);
    if (line === undefined) return;
    line.ready = true;
    for (const endpoint of this.#known.values()) this.#lookAt(endpoint);
  }

  /** All that feeds the step is done: it looks at the endpoints that are left, and ends. */
  async finish(step: Step): Promise<void> {
    const line = this.#lines.get(step);
    if (line === undefined) return;
    this.#open(line);
    line.fed.open();
    await line.whole;
    line.quiet.open();
  }

  /** When the step has sent all that it sends, and at most waits for answers; undefined for a step that does not flow. */
  quiet(step: Step): Promise<void> | undefined {
    return this.#lines.get(step)?.quiet.promise;
  }

  /** A step is done as a whole. */
  end(step: Step): void {
    this.#ended.add(step);
    for (const endpoint of this.#known.values()) this.#lookAt(endpoint);
  }

  #hear({ subject }: Fact, finder: Step | undefined): void {
    if (finder === undefined || subject.kind !== 'endpoint') return;
    const place = nameOf(subject);
    const found = this.#found.get(finder) ?? new Set();
    if (found.has(place) || this.#known.size >= MOST) return;
    this.#found.set(finder, found.add(place));
    this.#known.set(place, subject);
    // All that it tells of an endpoint it tells at once.
    queueMicrotask(() => this.#lookAt(subject));
  }

  /** Begins there with every probe that can. */
  #lookAt(endpoint: Endpoint): void {
    const place = nameOf(endpoint);
    for (const line of this.#lines.values())
      if (
        !line.begun.has(place) &&
        this.#fedAt(line, endpoint, place) &&
        this.#concerns(line, endpoint, place) === true
      )
        this.#begin(line, endpoint, place);
  }

  #fedAt(line: Line, endpoint: Endpoint, place: string): boolean {
    return line.ready && line.feeds.every((feed) => this.#doneAt(feed, endpoint, place));
  }

  #doneAt(step: Step, endpoint: Endpoint, place: string): boolean {
    if (this.#ended.has(step)) return true;
    const line = this.#lines.get(step);
    if (line !== undefined)
      return (
        line.begun.get(place) ?? (this.#fedAt(line, endpoint, place) && this.#concerns(line, endpoint, place) === false)
      );
    const finds = step.kind === 'probe' ? step.gatherer.finds : undefined;
    return finds !== undefined && (finds !== endpoint.transport || this.#found.get(step)?.has(place) === true);
  }

  /** Undefined where the probe breaks, which shows again, and is told, once it looks at all endpoints. */
  #concerns({ step }: Line, endpoint: Endpoint, place: string): boolean | undefined {
    try {
      return step.gatherer.subjects(this.#run.store.at(endpoint)).some((one) => nameOf(one) === place);
    } catch {
      return undefined;
    }
  }

  #open(line: Line): void {
    line.whole ??= this.#run.whole(line.worker, async (signal) => {
      line.signal = signal;
      await line.fed.promise;
      for (const subject of line.step.gatherer.subjects(this.#run.store))
        if (!line.begun.has(nameOf(subject))) this.#begin(line, subject, nameOf(subject));
      void Promise.all(line.quiets).then(() => line.quiet.open());
      await Promise.all(line.works);
    });
  }

  #begin(line: Line, subject: Place, place: string): void {
    line.begun.set(place, false);
    this.#open(line);
    const { signal, step, worker } = line;
    // Stopped before it began: the run has told so.
    if (signal === undefined) return;
    const facts = subject.kind === 'endpoint' ? this.#run.store.at(subject) : this.#run.store;
    const quiet = latch();
    const asked = quiet.open;
    const look = (): Promise<void> =>
      this.#look(step, subject, { ...this.#run.context(worker, subject, signal), facts, asked });
    const work = this.#slots(() => this.#run.step(worker, subject, signal, look)).then(() => {
      line.begun.set(place, true);
      quiet.open();
      if (subject.kind === 'endpoint' && this.#known.has(place)) this.#lookAt(subject);
    });
    line.works.push(work);
    line.quiets.push(quiet.promise);
  }
}
