/** The one impure stage: runs the planned gatherers layer by layer; whatever breaks becomes a gap. */
import type { Blob } from '../../lib/blob.ts';
import type { Listener } from '../model/event.ts';
import type { Fact, Gap } from '../model/fact.ts';
import type { GatherContext, Gatherer, Inspector, Probe, Settings } from '../model/gatherer.ts';
import type { Dialer } from '../model/network.ts';
import type { GathererStatus } from '../model/report.ts';
import type { Subject, SubjectOf, Target } from '../model/target.ts';
import type { UpdateVerdict } from '../model/verifier.ts';
import type { Heard } from './facts.ts';
import { Flow } from './flow.ts';
import { gatherImages, type ImageDoors } from './gather-images.ts';
import { GATHERER_LIMIT, type Log, Run, type RunDoors, type Worker } from './gather-run.ts';
import { feeding, waitsOf } from './order.ts';
import { feedings, type Plan, type Registry, type Step } from './plan.ts';
import { relationsOf } from './relations.ts';

/** Everything that gathering needs of the world. */
export interface Doors extends RunDoors {
  readonly dialer: Dialer;
  readonly images: ImageDoors;
  /** The bytes of an update artefact or image. */
  artefact(path: string): Blob;
  verify(artefact: Blob, path: string): Promise<readonly UpdateVerdict[]>;
  /** The parsed declaration; empty where none was given. */
  readonly declaration: { readonly [section: string]: unknown };
}

export interface GatherRequest {
  readonly target: Target;
  readonly registry: Registry;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly doors: Doors;
  readonly signal: AbortSignal;
  readonly listen?: Listener;
  readonly log?: Log;
  /** Milliseconds for each gatherer; 10 minutes unless said. */
  readonly limit?: number;
}

export interface Gathered {
  readonly facts: readonly Fact[];
  readonly gaps: readonly Gap[];
  readonly gatherers: readonly GathererStatus[];
  readonly heard: readonly Heard[];
}

/** Subjects that are looked at at once; the dialer holds back further where a device needs it. */
const AT_ONCE = 64;
const SILENT: Log = { fact: () => {}, gap: () => {} };

export async function gather(request: GatherRequest): Promise<Gathered> {
  const run = new Run({
    relations: relationsOf(feedings(request.registry)),
    settings: request.settings,
    doors: request.doors,
    log: request.log ?? SILENT,
    listen: request.listen ?? (() => {}),
    signal: request.signal,
    limit: request.limit ?? GATHERER_LIMIT,
  });
  for (const gap of request.plan.withheld) run.addGap(gap);
  const slots = limiter(AT_ONCE);
  await runSteps(run, request, slots);
  run.end();
  const ran = new Set(request.plan.steps.map(({ gatherer }) => gatherer.id));
  return {
    facts: run.store.all(),
    gaps: run.store.allGaps(),
    gatherers: [...run.statuses(), ...withheldStatuses(request.plan, ran)].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    heard: request.plan.steps.map(({ gatherer }) => ({
      source: gatherer.id,
      types: gatherer.produces.map(({ name }) => name),
    })),
  };
}

function withheldStatuses(plan: Plan, ran: ReadonlySet<string>): readonly GathererStatus[] {
  const ids = new Set(plan.withheld.map(({ source }) => source).filter((id) => !ran.has(id)));
  return [...ids].map((id) => ({ id, status: 'not-given', facts: 0, ms: 0 }));
}

type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** Every step once what it waits for is done; what does not feed on one another runs side by side. */
async function runSteps(run: Run, request: GatherRequest, slots: Slots): Promise<void> {
  const { steps } = request.plan;
  const waits = waitsOf(steps);
  let found: Promise<readonly Artefact[]> | undefined;
  const artefacts = (): Promise<readonly Artefact[]> => {
    found ??= artefactsOf(request);
    return found;
  };
  const { dialer: dial } = request.doors;
  const flow = new Flow(run, steps, {
    slots,
    look: ({ gatherer }, subject, context) => gatherer.observe(subject, { ...context, dial }),
    workerOf,
  });
  const started = new Map<Step, Promise<void>>();
  const start = (step: Step): Promise<void> => {
    const known = started.get(step);
    if (known !== undefined) return known;
    const before = waits.get(step) ?? [];
    const besides = flow.besides(step, before);
    const whole = (): Promise<void> =>
      besides === undefined ? runStep(run, request, step, { artefacts, slots }) : flow.finish(step);
    // What feeds it must have answered; of what it lets go first for care it is enough that it was asked.
    const fed = new Set(feeding(step, steps));
    const cleared = (other: Step): Promise<void> => {
      const done = start(other);
      return fed.has(other) ? done : (flow.quiet(other) ?? done);
    };
    const work = Promise.all(before.map(cleared))
      .then(whole)
      .then(() => flow.end(step));
    started.set(step, work);
    // What breaks there is heard of by whoever waits for all.
    if (besides !== undefined)
      Promise.all(besides.map(start)).then(
        () => flow.ready(step),
        () => {},
      );
    return work;
  };
  await Promise.all(steps.map(start));
}

async function openImages(
  run: Run,
  request: GatherRequest,
  opening: Extract<Step, { kind: 'opening' }>,
): Promise<void> {
  const analyzers = request.plan.steps.flatMap((step) => (step.kind === 'analyzer' ? [step.gatherer] : []));
  const limit = request.limit ?? GATHERER_LIMIT;
  await gatherImages(run, request.target.images, opening.gatherer, analyzers, request.doors.images, limit);
}

interface Around {
  readonly artefacts: () => Promise<readonly Artefact[]>;
  readonly slots: Slots;
}

async function runStep(run: Run, request: GatherRequest, step: Step, { artefacts, slots }: Around): Promise<void> {
  switch (step.kind) {
    case 'probe':
      return runProbe(run, request, step.gatherer, slots);
    case 'inspector':
      return runInspector(run, request, step.gatherer, await artefacts());
    case 'declaration':
      return runEach(
        run,
        step,
        () => step.gatherer.subjects(run.store),
        slots,
        (subject, context) => step.gatherer.observe(subject, { ...context, declaration: request.doors.declaration }),
      );
    case 'deriver':
      return runEach(
        run,
        step,
        () => step.gatherer.subjects(run.store),
        slots,
        (subject, context) => step.gatherer.observe(subject, context),
      );
    case 'opening':
      return openImages(run, request, step);
    case 'analyzer':
      // The opening runs them.
      return;
  }
}

function runProbe(run: Run, request: GatherRequest, probe: Probe, slots: Slots): Promise<void> {
  const hosts = request.target.devices.map(({ host }) => ({ kind: 'host', host }) as const);
  const subjects = (): readonly (SubjectOf<'host'> | SubjectOf<'endpoint'>)[] =>
    probe.consumes.length === 0 ? hosts : probe.subjects(run.store);
  return runEach(run, { kind: 'probe', gatherer: probe }, subjects, slots, (subject, context) =>
    probe.observe(subject, { ...context, dial: request.doors.dialer, asked: () => {} }),
  );
}

interface Artefact {
  readonly path: string;
  readonly blob: Blob;
  readonly verify: () => Promise<readonly UpdateVerdict[]>;
}

/** The updates that were given, and the images that are updates by nature. */
async function artefactsOf(request: GatherRequest): Promise<readonly Artefact[]> {
  const open = (path: string): Artefact => {
    const blob = request.doors.artefact(path);
    let verdicts: Promise<readonly UpdateVerdict[]> | undefined;
    const verify = (): Promise<readonly UpdateVerdict[]> => {
      verdicts ??= request.doors.verify(blob, path);
      return verdicts;
    };
    return { path, blob, verify };
  };
  const given = request.target.updates.map(({ path }) => open(path));
  const images = await Promise.all(
    request.target.images.map(async ({ path }) => {
      const artefact = open(path);
      // What breaks while an image is tried as an update is told by the inspector of real updates, not here.
      const verdicts = await artefact.verify().catch((): readonly UpdateVerdict[] => []);
      return verdicts.some(({ updateByNature }) => updateByNature) ? [artefact] : [];
    }),
  );
  return [...given, ...images.flat()];
}

function runInspector(
  run: Run,
  request: GatherRequest,
  inspector: Inspector,
  artefacts: readonly Artefact[],
): Promise<void> {
  const worker = workerOf({ kind: 'inspector', gatherer: inspector });
  if (artefacts.length === 0) {
    run.begin(worker);
    const message = 'no update was given, and no firmware is an update by its nature';
    run.miss(worker, { kind: 'not-given', flag: '--update', message }, { kind: 'target' });
  }
  return run.whole(worker, async (signal) => {
    for (const { path, blob, verify } of artefacts) {
      const subject = { kind: 'update', update: path } as const;
      const context = run.context(worker, subject, signal);
      const own = (artefact: Blob): Promise<readonly UpdateVerdict[]> =>
        artefact === blob ? verify() : request.doors.verify(artefact, path);
      await run.step(worker, subject, signal, () =>
        inspector.observe(subject, { ...context, artefact: blob, dial: request.doors.dialer, verify: own }),
      );
    }
  });
}

interface Named {
  readonly kind: Step['kind'];
  readonly gatherer: Pick<Gatherer<Subject, GatherContext>, 'id' | 'method' | 'produces'>;
}
const workerOf = ({ kind, gatherer }: Named): Worker => ({
  id: gatherer.id,
  kind,
  method: gatherer.method,
  produces: gatherer.produces,
});

/** All subjects of one gatherer side by side. */
function runEach<S extends Subject>(
  run: Run,
  named: Named,
  subjects: () => readonly S[],
  slots: Slots,
  look: (subject: S, context: GatherContext) => Promise<void>,
): Promise<void> {
  const worker = workerOf(named);
  return run.whole(worker, async (signal) => {
    await Promise.all(
      subjects().map((subject) =>
        slots(() => run.step(worker, subject, signal, () => look(subject, run.context(worker, subject, signal)))),
      ),
    );
  });
}

/** At most `count` works at a time, in the order in which they were asked for. */
function limiter(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
