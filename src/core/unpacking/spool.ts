/** The private files that hold everything unpacked from one image; removed at the end. */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Blob, descriptorBlob } from '../../lib/blob.ts';

/** Appended content lies in one file, places kept for workers in another, so that neither disturbs the other. */
export class Spool {
  readonly #folder = mkdtempSync(join(tmpdir(), 'assay-'));
  readonly #streamPath = join(this.#folder, 'streams');
  readonly #stream = openSync(this.#streamPath, 'wx+', 0o600);
  /** The file that workers write to. */
  readonly path = join(this.#folder, 'places');
  readonly #places = openSync(this.path, 'wx+', 0o600);
  #streamed = 0;
  #reserved = 0;
  readonly #held = new Set<number>();
  #turn: Promise<void> = Promise.resolve();

  constructor() {
    this.#held.add(this.#stream).add(this.#places);
  }

  get folder(): string {
    return this.#folder;
  }

  /** Keeps a place of `size` bytes that others write to. */
  reserve(size: number): { readonly offset: number; readonly blob: Blob } {
    const offset = this.#reserved;
    this.#reserved += size;
    ftruncateSync(this.#places, this.#reserved);
    return { offset, blob: descriptorBlob(this.#places, this.path, offset, offset + size) };
  }

  /** Runs `write` alone; what it appends is one run of bytes, given back as a Blob, or dropped when it throws. */
  async appending<T>(write: (append: (bytes: Uint8Array) => void) => Promise<T>): Promise<{ blob: Blob; result: T }> {
    const before = this.#turn;
    let done = (): void => undefined;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    const start = this.#streamed;
    try {
      const result = await write((bytes) => this.#append(bytes));
      return { blob: descriptorBlob(this.#stream, this.#streamPath, start, this.#streamed), result };
    } catch (thrown) {
      this.#streamed = start;
      throw thrown;
    } finally {
      done();
    }
  }

  #append(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length)
      done += writeSync(this.#stream, bytes, done, bytes.length - done, this.#streamed + done);
    this.#streamed += bytes.length;
  }

  /** Gives the bytes of the last appended Blob back, when they turned out to be there already. */
  drop(blob: Blob): void {
    if (blob.origin !== undefined && blob.origin.offset + blob.size === this.#streamed)
      this.#streamed = blob.origin.offset;
  }

  dispose(): void {
    for (const descriptor of this.#held) closeSync(descriptor);
    this.#held.clear();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
