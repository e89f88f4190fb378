/** What an analyzer is given with each file: made of little, as there is one for each file and analyzer. */

import type { Fault } from '../../lib/fault.ts';
import type { FactView } from '../model/fact.ts';
import type { FileEntry, FileTree } from '../model/files.ts';
import type { AnalyzerContext, GatherContext, Settings } from '../model/gatherer.ts';
import type { SubjectOf } from '../model/target.ts';
import type { Excerpts } from './excerpts.ts';
import type { Run, Worker } from './gather-run.ts';
import { type Job, Read } from './reading.ts';

/** What all files of an image share. */
export interface Around {
  readonly tree: FileTree;
  readonly signal: AbortSignal;
  readonly excerpts: Excerpts;
  readonly job: Job;
}

/** A file, what reading it gave, and the numbers of the words that were looked for in it. */
export interface Shown {
  readonly entry: FileEntry;
  readonly read: Read | Fault;
  readonly sought: ReadonlyMap<string, number>;
}

/** Its functions are made when they are asked for: of most files an analyzer wants none. */
export class ImageContext implements AnalyzerContext {
  readonly #run: Run;
  readonly #worker: Worker;
  readonly #subject: SubjectOf<'file'> | SubjectOf<'image'>;
  readonly #around: Around;
  readonly #shown: Shown | undefined;
  #known: GatherContext | undefined;

  constructor(
    run: Run,
    worker: Worker,
    subject: SubjectOf<'file'> | SubjectOf<'image'>,
    around: Around,
    shown?: Shown,
  ) {
    this.#run = run;
    this.#worker = worker;
    this.#subject = subject;
    this.#around = around;
    this.#shown = shown;
  }

  get #base(): GatherContext {
    this.#known ??= this.#run.context(this.#worker, this.#subject, this.#around.signal);
    return this.#known;
  }

  get facts(): FactView {
    return this.#run.store;
  }
  get signal(): AbortSignal {
    return this.#around.signal;
  }
  get settings(): Settings {
    return this.#run.settings;
  }
  get tree(): FileTree {
    return this.#around.tree;
  }
  get knowledge(): GatherContext['knowledge'] {
    return this.#base.knowledge;
  }
  get gap(): GatherContext['gap'] {
    return this.#base.gap;
  }
  get keep(): GatherContext['keep'] {
    return this.#base.keep;
  }
  get progress(): GatherContext['progress'] {
    return this.#base.progress;
  }
  get job(): AnalyzerContext['job'] {
    return this.#around.job;
  }
  /** Facts with a place in a file get the bytes there as evidence. */
  get emit(): GatherContext['emit'] {
    const { emit } = this.#base;
    return (type, data, grounds = {}) => emit(type, data, this.#around.excerpts.grounded(type, this.#subject, grounds));
  }
  get places(): AnalyzerContext['places'] {
    const shown = this.#shown;
    return (word) => {
      const number = shown?.sought.get(word);
      if (shown === undefined || number === undefined)
        throw new Error(`"${word}" is none of the words that were looked for`);
      return shown.read instanceof Read ? shown.read.places(number) : { at: [] };
    };
  }
}
