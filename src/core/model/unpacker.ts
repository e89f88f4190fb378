/** Opening one container format: where it lies, and what is in it. */
import type { Blob } from '../../lib/blob.ts';
import type { Fault } from '../../lib/fault.ts';
import type { FileType } from './files.ts';

export interface Magic {
  readonly bytes: readonly number[];
  /** Distance from the start of the container to the magic; 0 unless said. */
  readonly at?: number;
}

/** The exact extent [start, end) of a container, and a note for the tree (`xz, 4.0, little-endian`). */
export interface Extent {
  readonly start: number;
  readonly end: number;
  readonly note?: string;
}

/** `archive` and `compression` hold files or one stream; `file-system` may be a root; `image` wraps other containers; `leaf` is understood, not opened. */
export type ContainerClass = 'archive' | 'compression' | 'file-system' | 'image' | 'leaf';

export interface Unpacker {
  readonly id: string;
  readonly title: string;
  readonly class: ContainerClass;
  readonly magic: readonly Magic[];
  /**
   * For formats without magic: asked once for the whole, at offset 0 only, and for what no magic claims. `rest`: programs,
   * asked for stretches between long padding, with what is `embedded` in them.
   */
  readonly whole?: true | 'rest';
  /** Programs hold such data among their own. */
  readonly embedded?: true;
  /** The exact extent of the container whose magic matched for a start at `offset`, or nothing when it was a coincidence. */
  locate(blob: Blob, offset: number): Extent | undefined;
  /** Opens it. Throws FaultError when it is malformed; what was given to the sink before stays. Absent: recognised and told, not read. */
  unpack?(container: Blob, into: Sink, context: UnpackContext): Promise<void>;
}

export interface UnpackContext {
  readonly signal: AbortSignal;
  /** Runs a job of the worker pool (`core/work`). */
  job(name: string, input: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
}

export interface EntryMetadata {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly xattrs?: { readonly [name: string]: string };
}

/** Where a part of the container's own bytes is described: header, data, padding, or unread. Offsets are inside the container. */
export interface PartNote {
  readonly start: number;
  readonly end: number;
  readonly what: string;
  readonly kind: 'understood' | 'padding' | 'unknown' | 'encrypted';
}

/** Where unpacked entries go. It alone makes names safe and counts the budget, so no unpacker can forget to. */
export interface Sink {
  directory(name: string, metadata?: EntryMetadata): void;
  /** A regular file; content as one Blob or as chunks. */
  file(
    name: string,
    content: Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    metadata?: EntryMetadata,
  ): Promise<void>;
  /** A file of known size whose bytes workers write themselves: gives the place in the spool to write to (`size` bytes are counted). */
  reserve(name: string, size: number, metadata?: EntryMetadata): { readonly path: string; readonly offset: number };
  symlink(name: string, target: string, metadata?: EntryMetadata): void;
  hardLink(name: string, to: string): void;
  special(
    name: string,
    type: Exclude<FileType, 'file' | 'directory' | 'symlink'>,
    device?: { readonly major: number; readonly minor: number },
    metadata?: EntryMetadata,
  ): void;
  /** One inner stream or partition that is itself looked at (a payload of a uImage, the data of a gzip). */
  part(name: string, content: Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** A piece that is broken, or that cannot be read: told, and the rest goes on. A text alone says that it is malformed. */
  broken(name: string, what: string | Fault): void;
  /** Accounts for bytes of the container more finely than «all of it»; optional. */
  note(part: PartNote): void;
}
