/** Reads the files of an image ahead, each once, on threads where that pays: content, digest and words of all analyzers. */
import { type Blob, memoryBlob } from '../../lib/blob.ts';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { Words } from '../../lib/words.ts';
import type { Places } from '../model/gatherer.ts';
import { type FileRead, MOST_PLACES, MOST_SEARCHED, READ_WHOLE, readFile } from './read-file.ts';
import { inputOf, type ReadResult } from './read-job.ts';

/** The id and the built module of the job. Threads of older Nodes cannot load TypeScript. */
export const READ = 'files/read';
export const READ_JOB = import.meta.url.endsWith('.ts')
  ? new URL('../../../dist/core/assessment/read-job.js', import.meta.url)
  : new URL('./read-job.js', import.meta.url);

/** Runs a job on a thread of its own. */
export type Job = (name: string, input: unknown) => Promise<unknown>;

/** Bytes below which starting threads costs more than it gains. */
const MUCH = 4 << 20;
/** What one job reads, unless one file has more. */
const BATCH_BYTES = 4 << 20;
const BATCH_FILES = 256;
/** Jobs that are under way at once. */
const AHEAD = 3;
/** Bytes that are kept for further names of the same file. */
const KEPT = 64 << 20;

type Told = FileRead | { readonly fault: Fault };

/** What reading a file gave. */
export class Read {
  readonly content: Blob;
  readonly sha256: string | undefined;
  readonly #found: Uint32Array;
  readonly #size: number;

  constructor(told: FileRead | undefined, content: Blob) {
    this.content = told?.bytes === undefined ? content : memoryBlob(told.bytes);
    this.sha256 = told?.sha256;
    this.#found = told?.found ?? new Uint32Array(0);
    this.#size = content.size;
  }

  /** Where a word stands, by its number. */
  places(word: number): Places {
    const found = this.#found;
    const cut =
      this.#size > MOST_SEARCHED ? { cut: `only the first ${MOST_SEARCHED >> 20} MiB of the file were searched` } : {};
    for (let at = 0; at < found.length; ) {
      const [number, count = 0] = found.subarray(at, at + 2);
      if (number === word) {
        const list = found.subarray(at + 2, at + 2 + Math.min(count, MOST_PLACES));
        return count <= MOST_PLACES ? { at: list, ...cut } : { at: list, cut: `more than ${MOST_PLACES} places` };
      }
      at += 2 + count;
    }
    return { at: [], ...cut };
  }
}

export interface ToRead<T> {
  readonly of: T;
  /** Absent where nothing is to be read. */
  readonly content?: Blob;
}

/** Where what was read of some content is found. */
interface Place {
  readonly list: Promise<readonly Told[]>;
  readonly index: number;
}

interface Begun<T> {
  readonly batch: readonly ToRead<T>[];
  readonly places: ReadonlyMap<Blob, Place>;
}

/** Reads in the order given; what cannot be read is a fault in the place of its content. Throws an AbortError. */
export class Reading {
  readonly #job: Job | undefined;
  readonly #texts: readonly string[];
  readonly #words: Words;

  /** Each word one byte a character, two characters at least. */
  constructor(words: readonly string[], job: Job | undefined) {
    this.#texts = words;
    this.#words = new Words(words);
    this.#job = job;
  }

  async *each<T>(items: readonly ToRead<T>[]): AsyncGenerator<{ readonly of: T; readonly read: Read | Fault }> {
    const shelf = new Shelf(items);
    const job = shelf.bytes < MUCH ? undefined : this.#job;
    for (const { batch, places } of this.#ahead(batchesOf(items), shelf, job))
      for (const { of, content } of batch) yield { of, read: await readOf(content, places) };
  }

  *#ahead<T>(batches: Iterable<readonly ToRead<T>[]>, shelf: Shelf, job: Job | undefined): Generator<Begun<T>> {
    const begun: Begun<T>[] = [];
    for (const batch of batches) {
      begun.push({ batch, places: this.#begin(batch, shelf, job) });
      const first = begun.length < AHEAD && job !== undefined ? undefined : begun.shift();
      if (first !== undefined) yield first;
    }
    yield* begun;
  }

  /** Begins to read what of a batch is not at hand. */
  #begin(batch: readonly ToRead<unknown>[], shelf: Shelf, job: Job | undefined): ReadonlyMap<Blob, Place> {
    const contents = batch.flatMap(({ content }) => (content === undefined ? [] : [content]));
    const places = new Map<Blob, Place>();
    for (const content of contents) {
      const kept = shelf.take(content);
      if (kept !== undefined) places.set(content, kept);
    }
    const fresh = [...new Set(contents)].filter((content) => !places.has(content));
    const list = this.#read(fresh, job);
    // Whoever waits for it hears of it.
    list.catch(() => {});
    for (const [index, content] of fresh.entries()) {
      places.set(content, { list, index });
      shelf.put(content, { list, index });
    }
    return places;
  }

  async #read(contents: readonly Blob[], job: Job | undefined): Promise<readonly Told[]> {
    const here = (): readonly Told[] => contents.map((content) => this.#readHere(content));
    const files = contents.flatMap(({ origin, size }) => (origin === undefined ? [] : [{ ...origin, size }]));
    if (job === undefined || files.length < contents.length) return here();
    return job(READ, inputOf(this.#texts, files)).then(
      (told) => told as ReadResult,
      (thrown: unknown) => {
        // A thread that died takes nothing from the files.
        if (faultOf(thrown).kind === 'bug') return here();
        throw thrown;
      },
    );
  }

  #readHere(content: Blob): Told {
    try {
      return readFile(content, this.#words);
    } catch (thrown) {
      return { fault: faultOf(thrown) };
    }
  }
}

const NOTHING = memoryBlob(new Uint8Array(0));

async function readOf(content: Blob | undefined, places: ReadonlyMap<Blob, Place>): Promise<Read | Fault> {
  const place = content === undefined ? undefined : places.get(content);
  const told = place === undefined ? undefined : (await place.list)[place.index];
  return told !== undefined && 'fault' in told ? told.fault : new Read(told, content ?? NOTHING);
}

/** Of what is larger than is handed on, at most the places of words are kept. */
const costOf = ({ size }: Blob): number => Math.min(size, READ_WHOLE);

/** Keeps content that further names share, so that it is read once. */
class Shelf {
  /** Bytes of all content, shared content once. */
  readonly bytes: number;
  /** How many names are still to come. */
  readonly #uses = new Map<Blob, number>();
  readonly #kept = new Map<Blob, Place>();
  #held = 0;

  constructor(items: readonly ToRead<unknown>[]) {
    for (const { content } of items)
      if (content !== undefined) this.#uses.set(content, (this.#uses.get(content) ?? 0) + 1);
    this.bytes = [...this.#uses.keys()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Counts one name; what was kept for it. */
  take(content: Blob): Place | undefined {
    const left = (this.#uses.get(content) ?? 1) - 1;
    this.#uses.set(content, left);
    const kept = this.#kept.get(content);
    if (left === 0 && this.#kept.delete(content)) this.#held -= costOf(content);
    return kept;
  }

  put(content: Blob, place: Place): void {
    if ((this.#uses.get(content) ?? 0) === 0 || this.#held + costOf(content) > KEPT) return;
    this.#kept.set(content, place);
    this.#held += costOf(content);
  }
}

/** Larger files stand alone, so that no answer is larger than it must be. */
function* batchesOf<T>(items: readonly ToRead<T>[]): Generator<readonly ToRead<T>[]> {
  let batch: ToRead<T>[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = item.content === undefined ? 0 : costOf(item.content);
    if (batch.length > 0 && (bytes + size > BATCH_BYTES || batch.length === BATCH_FILES)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
