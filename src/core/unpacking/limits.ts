/** What hostile images may cost: limits with their defaults, and the counter that enforces them over a whole image. */
import { FaultError } from '../../lib/fault.ts';

export interface UnpackLimits {
  /** Containers inside containers. */
  readonly depth: number;
  /** Entries of all containers together. */
  readonly files: number;
  /** Unpacked bytes of all containers together. */
  readonly bytes: number;
  /** Unpacked bytes per byte of one container. */
  readonly ratio: number;
  /** Bytes of a path inside its container, and of one name of it. */
  readonly path: number;
  readonly name: number;
}

export const DEFAULT_LIMITS: UnpackLimits = {
  depth: 16,
  files: 300_000,
  bytes: 16 * 2 ** 30,
  ratio: 1000,
  path: 4096,
  name: 255,
};

/** What every container may unpack whatever its own size: the packed image of an empty partition is no bomb. */
const RATIO_FREE = 32 * 2 ** 20;

/** A piece that is larger than this share of what an image may unpack to may be refused and the next one have room. */
const SMALL = 1 / 8;

/** Counts over one image; throws `over-budget` when a limit is passed. */
export class Budget {
  readonly limits: UnpackLimits;
  #files = 0;
  #bytes = 0;
  #spent = false;
  constructor(limits: UnpackLimits) {
    this.limits = limits;
  }

  get files(): number {
    return this.#files;
  }

  /** Whether nothing more can be unpacked from the image. */
  get spent(): boolean {
    return this.#spent;
  }

  countEntry(): void {
    this.#spent ||= this.#files >= this.limits.files;
    if (this.#files >= this.limits.files)
      throw new FaultError('over-budget', `more than ${this.limits.files} files in one image`);
    this.#files += 1;
  }

  countBytes(bytes: number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || this.#bytes + bytes > this.limits.bytes) {
      this.#spent ||= bytes <= this.limits.bytes * SMALL;
      throw new FaultError('over-budget', `more than ${this.limits.bytes} bytes unpacked from one image`);
    }
    this.#bytes += bytes;
  }
}

/** The share of one container in the budget: adds the ratio to the limits of the image. */
export class ContainerBudget {
  readonly #image: Budget;
  readonly #most: number;
  #bytes = 0;
  constructor(image: Budget, containerSize: number) {
    this.#image = image;
    this.#most = Math.max(RATIO_FREE, containerSize * image.limits.ratio);
  }

  get limits(): UnpackLimits {
    return this.#image.limits;
  }

  countEntry(): void {
    this.#image.countEntry();
  }

  countBytes(bytes: number): void {
    if (!(this.#bytes + bytes <= this.#most))
      throw new FaultError('over-budget', `unpacks to more than ${this.#image.limits.ratio} times its own size`);
    this.#image.countBytes(bytes);
    this.#bytes += bytes;
  }
}
