/** Takes what an unpacker gives: makes names safe, counts the budget, stores content once, and tells what it refuses. */
import { createHash } from 'node:crypto';
import { type Blob, chunksOf } from '../../lib/blob.ts';
import { type Fault, FaultError, faultOf } from '../../lib/fault.ts';
import type { EntryMetadata, PartNote, Sink } from '../model/unpacker.ts';
import { Folder, type Node } from './folder.ts';
import type { ContainerBudget } from './limits.ts';
import { safeName, shown } from './names.ts';
import type { Spool } from './spool.ts';

type Content = Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** A stream or partition that is looked at in turn. */
export interface Part {
  readonly name: string;
  readonly content: Blob;
}

/** Content by its hash, over a whole image: what is there twice is stored once. */
export type ContentStore = Map<string, Blob>;

const isBlob = (content: Content): content is Blob => 'size' in content && 'read' in content;

export class ContainerSink implements Sink {
  readonly folder = new Folder();
  readonly parts: Part[] = [];
  readonly notes: PartNote[] = [];
  readonly brokenPieces: { readonly name: string; readonly fault: Fault }[] = [];
  readonly #budget: ContainerBudget;
  readonly #spool: Spool;
  readonly #store: ContentStore;
  readonly #links: { readonly name: string; readonly to: string }[] = [];
  #told = 0;

  constructor(budget: ContainerBudget, spool: Spool, store: ContentStore) {
    this.#budget = budget;
    this.#spool = spool;
    this.#store = store;
  }

  directory(name: string, metadata: EntryMetadata = {}): void {
    this.#put(name, { type: 'directory', metadata, size: 0 });
  }

  symlink(name: string, target: string, metadata: EntryMetadata = {}): void {
    if (target.length > this.#budget.limits.path) {
      this.#tell(name, { kind: 'over-budget', message: 'link target longer than any path may be' });
      return;
    }
    this.#put(name, { type: 'symlink', metadata, size: Buffer.byteLength(target), target });
  }

  special: Sink['special'] = (name, type, device, metadata = {}) => {
    this.#put(name, { type, metadata, size: 0, ...(device === undefined ? {} : { device }) });
  };

  hardLink(name: string, to: string): void {
    this.#budget.countEntry();
    try {
      const from = safeName(name, this.#budget.limits);
      this.#links.push({ name: from, to: safeName(to, this.#budget.limits) });
    } catch (thrown) {
      this.#refuse(name, thrown);
    }
  }

  async file(name: string, content: Content, metadata: EntryMetadata = {}): Promise<void> {
    const stored = await this.#keep(content);
    this.#put(name, {
      type: 'file',
      metadata,
      size: stored.blob.size,
      content: stored.blob,
      ...(stored.sha256 === undefined ? {} : { sha256: stored.sha256 }),
    });
  }

  reserve(name: string, size: number, metadata: EntryMetadata = {}): { path: string; offset: number } {
    this.#budget.countBytes(size);
    const { offset, blob } = this.#spool.reserve(size);
    this.#put(name, { type: 'file', metadata, size, content: blob });
    return { path: this.#spool.path, offset };
  }

  async part(name: string, content: Content): Promise<void> {
    this.#budget.countEntry();
    const kept = isBlob(content) && content.origin !== undefined ? content : (await this.#keep(content)).blob;
    this.parts.push({ name, content: kept });
  }

  broken(name: string, what: string | Fault): void {
    this.#tell(name, typeof what === 'string' ? { kind: 'malformed', message: what } : what);
  }

  note(part: PartNote): void {
    if (this.notes.length < 65_536) this.notes.push(part);
  }

  /** Links that were named before what they point to are settled; to be called when the container was read. */
  settle(): void {
    for (const { name, to } of this.#links) this.#link(name, to);
    if (this.#told > MOST_TOLD)
      this.brokenPieces.push({
        name: '',
        fault: { kind: 'malformed', message: `${this.#told - MOST_TOLD} further pieces are broken` },
      });
  }

  #link(name: string, to: string): void {
    try {
      const seen = new Set<string>([name]);
      let place = this.folder.lead(to);
      let node = this.folder.nodes.get(place);
      while (node?.linkTo !== undefined && !seen.has(place)) {
        seen.add(place);
        place = node.linkTo;
        node = this.folder.nodes.get(place);
      }
      if (node === undefined || node.type === 'directory' || place === name)
        throw new FaultError('malformed', `hard link to ${shown(to)}, which is not there`);
      this.folder.add({ ...node, name, linkTo: place });
    } catch (thrown) {
      this.#refuse(name, thrown);
    }
  }

  #put(name: string, node: Omit<Node, 'name'>): void {
    this.#budget.countEntry();
    try {
      this.folder.add({ ...node, name: safeName(name, this.#budget.limits) });
    } catch (thrown) {
      this.#refuse(name, thrown);
    }
  }

  /** Bytes that lie on disk stay where they are; all else goes to the spool. */
  async #keep(content: Content): Promise<{ readonly blob: Blob; readonly sha256?: string }> {
    if (isBlob(content) && content.origin !== undefined) {
      this.#budget.countBytes(content.size);
      return { blob: content };
    }
    const hash = createHash('sha256');
    const { blob } = await this.#spool.appending(async (append) => {
      for await (const chunk of isBlob(content) ? chunksOf(content) : content) {
        this.#budget.countBytes(chunk.length);
        hash.update(chunk);
        append(chunk);
      }
    });
    const sha256 = hash.digest('hex');
    const there = this.#store.get(sha256);
    if (there !== undefined) {
      this.#spool.drop(blob);
      return { blob: there, sha256 };
    }
    this.#store.set(sha256, blob);
    return { blob, sha256 };
  }

  #refuse(name: string, thrown: unknown): void {
    const fault = faultOf(thrown);
    if (fault.kind === 'bug') throw thrown;
    this.#tell(name, fault);
  }

  #tell(name: string, fault: Fault): void {
    this.#told += 1;
    if (this.#told <= MOST_TOLD) this.brokenPieces.push({ name, fault });
  }
}

/** More broken pieces of one container than this are only counted. */
const MOST_TOLD = 100;
