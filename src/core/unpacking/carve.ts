/** Finds the containers that lie side by side in a surface: candidates by magic, settled by structure alone. */
import type { Blob } from '../../lib/blob.ts';
import { faultOf } from '../../lib/fault.ts';
import type { Extent, Unpacker } from '../model/unpacker.ts';
import type { Candidate, MagicIndex } from './magic.ts';

const CHUNK = 1 << 20;
/** Bytes that one format may read in vain, as a multiple of the surface and as a floor. */
const VAIN_SHARE = 8;
const VAIN_FLOOR = 64 * 2 ** 20;

/** A container that holds the bytes [start, end) of its surface. `cut`: it says that it is longer than what there is. */
export interface Claim {
  readonly unpacker: Unpacker;
  readonly start: number;
  readonly end: number;
  readonly note?: string;
  readonly cut?: boolean;
}

export interface CarveOutcome {
  readonly claims: readonly Claim[];
  /** Formats that were given up because too many of their magics were false. */
  readonly givenUp: readonly string[];
  /** Bugs of formats, in words: such a format is not asked again in this surface. */
  readonly bugs: readonly string[];
}

/** One pass over `blob` from start to end. Claimed bytes are not scanned again, so that nested containers cost nothing. */
export function carve(blob: Blob, index: MagicIndex, signal: AbortSignal): CarveOutcome {
  const carver = new Carver(blob, index, signal);
  carver.run();
  return { claims: carver.claims, givenUp: [...carver.locator.givenUp], bugs: carver.locator.bugs };
}

class Carver {
  readonly claims: Claim[] = [];
  readonly locator: Locator;
  readonly #blob: Blob;
  readonly #index: MagicIndex;
  readonly #signal: AbortSignal;
  #waiting: Candidate[] = [];
  #free = 0;

  constructor(blob: Blob, index: MagicIndex, signal: AbortSignal) {
    this.#blob = blob;
    this.#index = index;
    this.#signal = signal;
    this.locator = new Locator(blob);
  }

  run(): void {
    let at = 0;
    while (at < this.#blob.size) {
      this.#signal.throwIfAborted();
      const to = Math.min(at + CHUNK, this.#blob.size);
      this.#scan(at, to);
      this.#settle(to === this.#blob.size ? Number.POSITIVE_INFINITY : to - this.#index.reach);
      at = Math.max(to, this.#free);
    }
    this.#settle(Number.POSITIVE_INFINITY);
  }

  #scan(at: number, to: number): void {
    const bytes = this.#blob.read(at, to - at + this.#index.longest);
    this.#index.scan(bytes, at, to - at, (candidate) => {
      if (candidate.start >= this.#free) this.#waiting.push(candidate);
    });
  }

  /** Takes the candidates that start before `limit`, by place; of those at one place the longest wins. */
  #settle(limit: number): void {
    if (this.#waiting.length === 0) return;
    this.#waiting.sort((a, b) => a.start - b.start);
    let taken = 0;
    while (taken < this.#waiting.length) {
      const start = this.#waiting[taken]?.start ?? 0;
      if (start >= limit) break;
      const first = taken;
      while (this.#waiting[taken]?.start === start) taken += 1;
      if (start < this.#free) continue;
      this.#claim(this.#waiting.slice(first, taken), start);
    }
    this.#waiting = this.#waiting.slice(taken);
  }

  #claim(candidates: readonly Candidate[], start: number): void {
    const claim = this.locator.longest(
      candidates.map(({ unpacker }) => unpacker),
      start,
    );
    if (claim === undefined || claim.start < this.#free) return;
    this.claims.push(claim);
    this.#free = claim.end;
  }
}

/** Asks formats where they end; counts what they read in vain, so that false magics cannot cost more than a few passes. */
export class Locator {
  readonly givenUp = new Set<string>();
  readonly bugs: string[] = [];
  readonly #blob: Blob;
  readonly #vain = new Map<Unpacker, number>();

  constructor(blob: Blob) {
    this.#blob = blob;
  }

  /** The longest of the containers that these formats see at `start`. */
  longest(unpackers: Iterable<Unpacker>, start: number): Claim | undefined {
    let best: Claim | undefined;
    for (const unpacker of new Set(unpackers)) {
      const claim = this.locate(unpacker, start);
      if (claim !== undefined && (best === undefined || claim.end > best.end)) best = claim;
    }
    return best;
  }

  locate(unpacker: Unpacker, start: number): Claim | undefined {
    if (this.givenUp.has(unpacker.id)) return undefined;
    const counted = new Counted(this.#blob);
    const extent = this.#extentOf(unpacker, counted, start);
    if (extent !== undefined) return claimOf(unpacker, extent, this.#blob.size);
    const vain = (this.#vain.get(unpacker) ?? 0) + counted.bytes;
    this.#vain.set(unpacker, vain);
    if (vain > VAIN_FLOOR + this.#blob.size * VAIN_SHARE) this.givenUp.add(unpacker.id);
    return undefined;
  }

  /** A format that stumbles over hostile bytes has not recognised them; anything but a fault is a bug of ours and told. */
  #extentOf(unpacker: Unpacker, blob: Blob, start: number): Extent | undefined {
    try {
      return unpacker.locate(blob, start);
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault.kind === 'bug') {
        this.givenUp.add(unpacker.id);
        this.bugs.push(`${unpacker.id} at 0x${start.toString(16)}: ${fault.message}`);
      }
      return undefined;
    }
  }
}

function claimOf(unpacker: Unpacker, extent: Extent, size: number): Claim | undefined {
  const { start, end, note } = extent;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end <= start || start >= size)
    return undefined;
  const noted = note === undefined ? {} : { note };
  return end > size ? { unpacker, start, end: size, ...noted, cut: true } : { unpacker, start, end, ...noted };
}

/** Counts what is read through it; its parts count too. */
class Counted implements Blob {
  bytes = 0;
  readonly #blob: Blob;
  readonly #parent: Counted | undefined;
  readonly origin?: { readonly path: string; readonly offset: number };

  constructor(blob: Blob, parent?: Counted) {
    this.#blob = blob;
    this.#parent = parent;
    if (blob.origin !== undefined) this.origin = blob.origin;
  }

  get size(): number {
    return this.#blob.size;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = this.#blob.read(offset, length);
    this.count(bytes.length);
    return bytes;
  }

  slice(start: number, end?: number): Blob {
    return new Counted(this.#blob.slice(start, end), this);
  }

  count(bytes: number): void {
    this.bytes += bytes;
    this.#parent?.count(bytes);
  }
}
