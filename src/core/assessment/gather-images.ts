/** Images by push: opened once, each file read once and handed to every analyzer that wants it. */
import { type Fault, FaultError, faultOf } from '../../lib/fault.ts';
import type { FactType, Unseen } from '../model/fact.ts';
import type { FileEntry, FileTree } from '../model/files.ts';
import type { Analyzer, GatherContext } from '../model/gatherer.ts';
import type { DigestedFile } from '../model/target.ts';
import { Excerpts } from './excerpts.ts';
import type { Run, Worker } from './gather-run.ts';
import { type Around, ImageContext, type Shown } from './image-context.ts';
import type { Opening } from './plan.ts';
import { type Job, Read, Reading } from './reading.ts';

export interface OpenedImage {
  readonly tree: FileTree;
  /** Takes the digest of a file, which is read once for all that want it. */
  digested(entry: FileEntry, sha256: string): void;
  close(): void;
}

export interface ImageDoors {
  /** Opens an image into a tree; emits what it found out about its bytes and containers. */
  open(image: DigestedFile, context: GatherContext): Promise<OpenedImage>;
  job: Job;
}

/** Every so many files the event loop gets its turn: progress and Ctrl-C. */
const BREATHE = 64;

interface Hand {
  readonly analyzer: Analyzer;
  readonly worker: Worker;
  spent: number;
  over: boolean;
}

/** Opens each image and lets the analyzers look, in the order in which they feed on one another when they finish. */
export async function gatherImages(
  run: Run,
  images: readonly DigestedFile[],
  opening: Opening,
  analyzers: readonly Analyzer[],
  doors: ImageDoors,
  limit: number,
): Promise<void> {
  const opener = openingWorker(opening, analyzers);
  const hands = analyzers.map((analyzer): Hand => ({ analyzer, worker: workerOf(analyzer), spent: 0, over: false }));
  const rootless: { readonly image: DigestedFile; readonly torn: boolean }[] = [];
  let roots = 0;
  for (const hand of hands) run.begin(hand.worker);
  await run.whole(opener, async (signal) => {
    for (const image of images) {
      const gapsBefore = run.store.allGaps().length;
      await run.step(opener, { kind: 'image', image: image.path }, signal, async () => {
        const subject = { kind: 'image', image: image.path } as const;
        const context = run.context(opener, subject, signal);
        const opened = await doors.open(image, context);
        try {
          const torn = run.store.allGaps().length > gapsBefore;
          if (opened.tree.roots.length === 0) rootless.push({ image, torn });
          roots += opened.tree.roots.length;
          await analyze(run, opened, hands, { doors, limit, signal, progress: context.progress });
        } finally {
          opened.close();
        }
      });
    }
    if (roots === 0) for (const { image, torn } of rootless) missRoot(run, opener, image, torn);
  });
  for (const { worker } of hands) await run.whole(worker, async () => {});
}

function workerOf(analyzer: Analyzer): Worker {
  return { id: analyzer.id, kind: 'analyzer', method: analyzer.method, produces: analyzer.produces };
}

/** What could not be opened leaves open what every analyzer would have told. */
function openingWorker(opening: Opening, analyzers: readonly Analyzer[]): Worker {
  const all = new Map<string, FactType>();
  for (const type of [...opening.produces, ...analyzers.flatMap(({ produces }) => produces)]) all.set(type.name, type);
  return {
    id: opening.id,
    kind: 'opening',
    method: 'EXAMINE',
    produces: opening.produces,
    leavesOpen: [...all.values()],
  };
}

/** No image holds a root file system: what lies in one was not seen, whoever's fault that is. */
function missRoot(run: Run, opener: Worker, image: DigestedFile, torn: boolean): void {
  const unseen: Unseen = torn
    ? { kind: 'unrecognised', message: 'no root file system was found in what could be read of it' }
    : { kind: 'not-given', flag: '--firmware', message: 'it holds no root file system' };
  run.miss(opener, unseen, { kind: 'image', image: image.path }, { area: 'root-file-system' });
}

interface Pass {
  readonly doors: ImageDoors;
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly progress: GatherContext['progress'];
}

async function analyze(run: Run, opened: OpenedImage, hands: readonly Hand[], pass: Pass): Promise<void> {
  const { tree } = opened;
  const around: Around = { tree, signal: pass.signal, excerpts: new Excerpts(tree), job: pass.doors.job };
  const sought = soughtBy(run, tree, hands);
  let count = 0;
  const all = [...tree.entries()].map((entry) => {
    return { of: entry, ...(entry.type === 'file' ? { content: tree.content(entry) } : {}) };
  });
  try {
    for await (const { of: entry, read } of new Reading([...sought.keys()], pass.doors.job).each(all)) {
      pass.signal.throwIfAborted();
      if (read instanceof Read && read.sha256 !== undefined) opened.digested(entry, read.sha256);
      await showFile(run, around, { entry, read, sought }, hands, pass.limit);
      count += 1;
      if (count % BREATHE !== 0) continue;
      pass.progress(count, all.length);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  } finally {
    run.listFiles(tree.entries());
  }
  await finish(run, hands, around);
}

/** Lets all conclude; nobody waits for an analyzer on whose facts none feeds, such as one that guesses passwords on threads. */
async function finish(run: Run, hands: readonly Hand[], around: Around): Promise<void> {
  const subject = { kind: 'image', image: around.tree.image } as const;
  const eaten = new Set(hands.flatMap(({ analyzer }) => analyzer.consumes.map(({ name }) => name)));
  const ends: Promise<void>[] = [];
  for (const { analyzer, worker } of byFeeding(hands)) {
    const end = run.step(worker, subject, around.signal, () =>
      analyzer.finish?.(new ImageContext(run, worker, subject, around)),
    );
    if (analyzer.produces.some(({ name }) => eaten.has(name))) await end;
    else ends.push(end);
  }
  await Promise.all(ends);
}

/** The words of all analyzers and their numbers. */
function soughtBy(run: Run, tree: FileTree, hands: readonly Hand[]): ReadonlyMap<string, number> {
  const words = new Set<string>();
  for (const hand of hands) {
    try {
      for (const word of hand.analyzer.words?.(tree) ?? []) words.add(word);
    } catch (thrown) {
      hand.over = true;
      run.fault(hand.worker, faultOf(thrown), { kind: 'image', image: tree.image });
    }
  }
  return new Map([...words].map((word, number) => [word, number]));
}

/** Those that feed others finish first; a circle keeps the order of the registry. */
function byFeeding(hands: readonly Hand[]): readonly Hand[] {
  const ordered = new Set<Hand>();
  const visit = (hand: Hand, path: readonly Hand[]): void => {
    if (ordered.has(hand) || path.includes(hand)) return;
    const eaten = new Set(hand.analyzer.consumes.map(({ name }) => name));
    for (const other of hands)
      if (other !== hand && other.analyzer.produces.some(({ name }) => eaten.has(name))) visit(other, [...path, hand]);
    ordered.add(hand);
  };
  for (const hand of hands) visit(hand, []);
  return [...ordered];
}

async function showFile(run: Run, around: Around, shown: Shown, hands: readonly Hand[], limit: number): Promise<void> {
  const subject = { kind: 'file', path: shown.entry.path } as const;
  for (const hand of hands) {
    if (hand.over) continue;
    const started = performance.now();
    try {
      if (hand.analyzer.wants(shown.entry)) await observe(run, around, shown, hand);
    } catch (thrown) {
      run.fault(hand.worker, faultOf(thrown), subject);
    }
    spend(run, hand, performance.now() - started, around.tree, limit);
  }
}

function observe(run: Run, around: Around, shown: Shown, hand: Hand): Promise<void> | undefined {
  const { entry, read } = shown;
  if (!(read instanceof Read)) throw new FaultError(read.kind, read.message);
  const context = new ImageContext(run, hand.worker, { kind: 'file', path: entry.path }, around, shown);
  const looking = hand.analyzer.observe(entry, read.content, context);
  return looking === undefined ? undefined : abortable(looking, around.signal);
}

/** Lets go of work that does not end when it is told to; what it emits later is dropped with the rest of the run. */
async function abortable(looking: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return looking;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => setTimeout(() => reject(signal.reason), 50);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([looking, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function spend(run: Run, hand: Hand, ms: number, tree: FileTree, limit: number): void {
  hand.spent += ms;
  if (hand.spent <= limit) return;
  hand.over = true;
  const fault: Fault = { kind: 'timeout', message: `took longer than ${Math.round(limit / 1000)} s` };
  run.fault(hand.worker, fault, { kind: 'image', image: tree.image });
}
