/** A Blob that remembers where in its surface it lies, so that what is known of a part is known of the whole. */
import type { Blob } from '../../lib/blob.ts';

export class PlacedBlob implements Blob {
  /** The surface that it is a part of; compared by identity. */
  readonly surface: object;
  /** Where it starts in that surface. */
  readonly place: number;
  readonly size: number;
  readonly origin?: { readonly path: string; readonly offset: number };
  readonly #blob: Blob;

  constructor(blob: Blob, surface: object, place: number) {
    this.#blob = blob;
    this.surface = surface;
    this.place = place;
    this.size = blob.size;
    if (blob.origin !== undefined) this.origin = blob.origin;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#blob.read(offset, length);
  }

  slice(start: number, end: number = this.size): PlacedBlob {
    const from = Math.min(Math.max(0, Math.trunc(start) || 0), this.size);
    return new PlacedBlob(this.#blob.slice(start, end), this.surface, this.place + from);
  }
}

/** Where `blob` lies in `surface`; undefined when it was not cut out of it. */
export const placeIn = (blob: Blob, surface: object): number | undefined =>
  blob instanceof PlacedBlob && blob.surface === surface ? blob.place : undefined;
