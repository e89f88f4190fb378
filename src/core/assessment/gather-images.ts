/** Images by push: opened once, each file read once and handed to every analyzer that wants it. */
import { type Blob, memoryBlob } from '../../lib/blob.ts';
import { type Fault, faultOf } from '../../lib/fault.ts';
import type { FactType, Unseen } from '../model/fact.ts';
import type { FileEntry, FileTree } from '../model/files.ts';
import type { Analyzer, AnalyzerContext, GatherContext } from '../model/gatherer.ts';
import type { DigestedFile, SubjectOf } from '../model/target.ts';
import { Excerpts } from './excerpts.ts';
import type { Run, Worker } from './gather-run.ts';
import type { Opening } from './plan.ts';

export interface OpenedImage {
  readonly tree: FileTree;
  close(): void;
}

export interface ImageDoors {
  /** Opens an image into a tree; emits what it found out about its bytes and containers. */
  open(image: DigestedFile, context: GatherContext): Promise<OpenedImage>;
  job(name: string, input: unknown): Promise<unknown>;
}

/** Files up to this size are read once into memory for all analyzers; larger ones are read by place. */
const READ_WHOLE = 32 << 20;
/** Every so many files the event loop gets its turn: progress and Ctrl-C. */
const BREATHE = 64;
const NOTHING = memoryBlob(new Uint8Array(0));

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
          run.listFiles(opened.tree.entries());
          const excerpts = new Excerpts(opened.tree);
          await analyze(run, opened.tree, hands, { doors, limit, signal, progress: context.progress, excerpts });
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
  readonly excerpts: Excerpts;
}

async function analyze(run: Run, tree: FileTree, hands: readonly Hand[], pass: Pass): Promise<void> {
  let count = 0;
  const all = [...tree.entries()];
  for (const entry of all) {
    pass.signal.throwIfAborted();
    await showFile(run, tree, entry, hands, pass);
    count += 1;
    if (count % BREATHE !== 0) continue;
    pass.progress(count, all.length);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  for (const hand of byFeeding(hands)) {
    const subject = { kind: 'image', image: tree.image } as const;
    await run.step(hand.worker, subject, pass.signal, () =>
      hand.analyzer.finish?.(contextFor(run, hand, subject, tree, pass)),
    );
  }
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

async function showFile(run: Run, tree: FileTree, entry: FileEntry, hands: readonly Hand[], pass: Pass): Promise<void> {
  const subject = { kind: 'file', path: entry.path } as const;
  let content: Blob | undefined;
  for (const hand of hands) {
    if (hand.over) continue;
    const started = performance.now();
    try {
      if (hand.analyzer.wants(entry)) {
        content ??= readOnce(tree, entry);
        const looking = hand.analyzer.observe(entry, content, contextFor(run, hand, subject, tree, pass));
        if (looking !== undefined) await abortable(looking, pass.signal);
      }
    } catch (thrown) {
      run.fault(hand.worker, faultOf(thrown), subject);
    }
    spend(run, hand, performance.now() - started, tree, pass.limit);
  }
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

/** The content of a file for all analyzers: read once where it is of a usual size. */
function readOnce(tree: FileTree, entry: FileEntry): Blob {
  if (entry.type !== 'file') return NOTHING;
  const content = tree.content(entry);
  return content.size <= READ_WHOLE ? memoryBlob(content.read(0, content.size)) : content;
}

function contextFor(
  run: Run,
  hand: Hand,
  subject: SubjectOf<'file'> | SubjectOf<'image'>,
  tree: FileTree,
  pass: Pass,
): AnalyzerContext {
  const context = run.context(hand.worker, subject, pass.signal);
  return {
    ...context,
    tree,
    emit: (type, data, grounds = {}) => context.emit(type, data, pass.excerpts.grounded(type, subject, grounds)),
    job: (name, input) => pass.doors.job(name, input),
  };
}
