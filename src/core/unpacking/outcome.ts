/** What unpacking one image gives, and what is told of it while it goes. */
import type { Fault } from '../../lib/fault.ts';
import type { ContainerClass, UnpackContext, Unpacker } from '../model/unpacker.ts';
import type { UnpackLimits } from './limits.ts';
import type { ByteCoverage, Region } from './regions.ts';
import type { UnpackedTree } from './tree.ts';

/** Bytes that the declaration acknowledges: by hash of a file, stream or open region, or by range of the image. */
export interface OpaqueEntry {
  readonly sha256?: string;
  readonly start?: number;
  readonly end?: number;
  readonly what: string;
  readonly why: string;
}

/** One container, whatever its depth. `start` and `end` count in the surface that it lies in. */
export interface ContainerRecord {
  readonly path: string;
  /** Id of the unpacker: `filesystem/squashfs`. */
  readonly format: string;
  readonly class: ContainerClass;
  /** The path of the surface: the image, a stream or a file. */
  readonly within: string;
  readonly depth: number;
  readonly start: number;
  readonly end: number;
  readonly note?: string;
  readonly opened: boolean;
  readonly files: number;
}

/** Something of the image that was not seen. */
export interface UnpackGap {
  /** Path through containers of what was not seen. */
  readonly path: string;
  readonly area: 'image' | 'root-file-system';
  readonly fault: Fault;
}

export interface UnpackOptions {
  /** A file or a directory; must exist. */
  readonly path: string;
  /** How it is called in paths; its base name unless said. */
  readonly name?: string;
  readonly unpackers: readonly Unpacker[];
  readonly limits?: Partial<UnpackLimits>;
  readonly signal?: AbortSignal;
  /** Runs a job in the worker pool; without it formats that need one are told as not read. */
  readonly job?: UnpackContext['job'];
  readonly opaque?: readonly OpaqueEntry[];
  /** False: the image and its files get no SHA-256, for whoever reads them anyway gives it. */
  readonly digests?: false;
  /** Told as soon as a container is opened. */
  readonly onContainer?: (path: string, format: string) => void;
  /** Told at the end, once for each gap, when it is known which roots there are. */
  readonly onGap?: (gap: UnpackGap) => void;
}

/** The result; content can be read until `dispose`, which removes everything that was written to disk. */
export interface UnpackedImage {
  readonly tree: UnpackedTree;
  readonly size: number;
  /** SHA-256 of the image; absent for a directory, and without `digests`. */
  readonly sha256?: string;
  /** Every byte of the image once; empty for a directory. */
  readonly regions: readonly Region[];
  readonly containers: readonly ContainerRecord[];
  readonly coverage: ByteCoverage & { readonly files: number };
  readonly gaps: readonly UnpackGap[];
  /** Whether the image as it is delivered cannot be told from random bytes, or says that it is encrypted. */
  readonly encryption: { readonly encrypted: boolean; readonly how: string; readonly share: number };
  dispose(): void;
}
