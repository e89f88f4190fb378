/** Gives facts about files of an image the bytes that they point at: one place for every analyzer. */

import type { Blob } from '../../lib/blob.ts';
import { excerptAt, Lines } from '../evidence/excerpt.ts';
import type { EvidenceRef, FactType } from '../model/fact.ts';
import type { FileEntry, FileTree } from '../model/files.ts';
import type { Grounds } from '../model/gatherer.ts';
import type { Subject } from '../model/target.ts';

/** Excerpts of one image; what comes later has its place alone. */
const EXCERPTS = 20_000;
/** Files whose lines are remembered. */
const KNOWN = 4;

interface Known {
  readonly content: Blob;
  readonly lines: Lines;
}

export class Excerpts {
  readonly #tree: FileTree;
  readonly #known = new Map<string, Known>();
  #left = EXCERPTS;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** The grounds with the bytes at `where`; as they are where that is no place in a file, or there is evidence already. */
  grounded(type: FactType, subject: Subject, grounds: Grounds): Grounds {
    const { where } = grounds;
    const about = grounds.subject ?? subject;
    if (where === undefined || grounds.evidence !== undefined || about.kind !== 'file' || this.#left <= 0)
      return grounds;
    const evidence = this.#at(about.path, where, type.secret);
    if (evidence === undefined) return grounds;
    this.#left -= 1;
    return { ...grounds, evidence: [evidence] };
  }

  #at(path: string, where: string, secret: FactType['secret']): EvidenceRef | undefined {
    const entry = this.#entry(path);
    if (entry === undefined || entry.type !== 'file') return undefined;
    try {
      const { content, lines } = this.#open(entry);
      return excerptAt(content, lines, where, secret);
    } catch {
      // The file was read once and told already; that it cannot be read again takes nothing from the fact.
      return undefined;
    }
  }

  /** Subjects inside a file carry a `#` and a name. */
  #entry(path: string): FileEntry | undefined {
    let entry = this.#tree.get(path);
    for (let at = path.lastIndexOf('#'); entry === undefined && at > 0; at = path.lastIndexOf('#', at - 1))
      entry = this.#tree.get(path.slice(0, at));
    return entry;
  }

  #open(entry: FileEntry): Known {
    const known = this.#known.get(entry.path);
    if (known !== undefined) return known;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KNOWN && oldest !== undefined) this.#known.delete(oldest);
    const content = this.#tree.content(entry);
    const fresh = { content, lines: new Lines(content) };
    this.#known.set(entry.path, fresh);
    return fresh;
  }
}
