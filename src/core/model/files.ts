/** The virtual tree of an unpacked image: metadata as the target has it, content read on demand. */
import type { Blob } from '../../lib/blob.ts';

export type FileType = 'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'fifo' | 'socket';

/** One entry of an unpacked container. `path` goes through containers; `name` is the path inside `root` or container, absolute (`/etc/shadow`). */
export interface FileEntry {
  readonly path: string;
  /** Path of the container (file system or archive) it lies in: `fw.bin!squashfs`. */
  readonly container: string;
  readonly name: string;
  readonly type: FileType;
  readonly size: number;
  /** Permission bits with setuid, setgid, sticky (0o7777); undefined where the container keeps none. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970. */
  readonly mtime?: number;
  /** Of a symlink: the text it holds. Of a hard link: `linkTo` names the entry that has the content. */
  readonly target?: string;
  readonly linkTo?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: { readonly [name: string]: string };
  /** Hex SHA-256 of the content of a regular file. */
  readonly sha256?: string;
  /** The root file system it belongs to, if any: that root's `path`. */
  readonly root?: string;
}

/** Where a file lies as people see it: what was packed alone (`/usr/share/info/wget.info.gz`) has no place of its own. */
export const seenAt = ({ name, path }: Pick<FileEntry, 'name' | 'path'>): string => {
  const packed = /([^!]*)!(?:gzip|bzip2|xz|lzma|lz4|lzop?|zstd|compress)\/[^/!]*$/.exec(path)?.[1];
  return packed === undefined ? name : `/${packed.replace(/\.(?:gz|bz2|xz|lzma|lz4|lzo|zst|Z)$/, '')}`;
};

/** A container that looks like the root of a Linux system (has /etc, /bin or /sbin …). */
export interface RootFileSystem {
  readonly path: string;
  /** Directory inside the container that is the root, absolute; '/' as a rule. */
  readonly prefix: string;
  /** Whether modes and owners are the target's own (false: an unpacked directory without manifest, a git tree dump). */
  readonly keepsModes: boolean;
}

/** Look-ups across all files of one image. */
export interface FileTree {
  readonly image: string;
  readonly roots: readonly RootFileSystem[];
  entries(): Iterable<FileEntry>;
  /** By full path through containers. */
  get(path: string): FileEntry | undefined;
  /** By absolute name inside a root, symlinks followed inside that root only (40 at most). */
  resolve(root: RootFileSystem, name: string): FileEntry | undefined;
  /** Entries directly in a directory of a root. */
  list(root: RootFileSystem, name: string): readonly FileEntry[];
  /** The content of a regular file (hard links followed); empty for everything else. */
  content(entry: FileEntry): Blob;
}
