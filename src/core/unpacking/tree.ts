/** The files of one image by their path through containers, with look-ups inside its roots. */
import { type Blob, memoryBlob } from '../../lib/blob.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../model/files.ts';
import type { Folder, Node } from './folder.ts';

/** A root with the folder that it lies in. */
interface Rooted {
  readonly root: RootFileSystem;
  readonly folder: Folder;
  readonly container: string;
}

/** Everything of an entry is known from the start but its digest, which whoever reads the content gives. */
type Entry = Omit<FileEntry, 'sha256'> & { sha256?: string };

const NOTHING = memoryBlob(new Uint8Array(0));

export class UnpackedTree implements FileTree {
  readonly image: string;
  readonly #entries = new Map<string, Entry>();
  readonly #contents = new Map<string, Blob>();
  readonly #rooted = new Map<string, Rooted>();

  constructor(image: string) {
    this.image = image;
  }

  get roots(): readonly RootFileSystem[] {
    return [...this.#rooted.values()].map(({ root }) => root);
  }

  /** Takes the entries of a container with the roots (absolute prefixes) that were recognised in it. */
  add(container: string, folder: Folder, roots: readonly RootFileSystem[]): void {
    for (const root of roots) this.#rooted.set(root.path, { root, folder, container });
    for (const node of folder.nodes.values()) {
      if (node.name === '/' && folder.nodes.size === 1) continue;
      const path = pathOf(container, node.name);
      this.#entries.set(path, entryOf(node, container, path, roots));
      if (node.content !== undefined) this.#contents.set(path, node.content);
    }
  }

  /** A stream, a partition or a leaf: a file without metadata. */
  addContent(path: string, container: string, name: string, content: Blob): void {
    this.#entries.set(path, { path, container, name, type: 'file', size: content.size });
    this.#contents.set(path, content);
  }

  /** The SHA-256 of a file, by whoever read it. */
  digested({ path }: Pick<FileEntry, 'path'>, sha256: string): void {
    const entry = this.#entries.get(path);
    if (entry !== undefined) entry.sha256 = sha256;
  }

  entries(): Iterable<FileEntry> {
    return this.#entries.values();
  }

  get(path: string): FileEntry | undefined {
    return this.#entries.get(path);
  }

  resolve(root: RootFileSystem, name: string): FileEntry | undefined {
    const rooted = this.#rooted.get(root.path);
    const node = rooted?.folder.resolve(root.prefix, name);
    return rooted === undefined || node === undefined
      ? undefined
      : this.#entries.get(pathOf(rooted.container, node.name));
  }

  list(root: RootFileSystem, name: string): readonly FileEntry[] {
    const rooted = this.#rooted.get(root.path);
    const node = rooted?.folder.resolve(root.prefix, name);
    if (rooted === undefined || node === undefined) return [];
    return rooted.folder
      .childrenOf(node.name)
      .map((child) => this.#entries.get(pathOf(rooted.container, child)))
      .filter((entry) => entry !== undefined);
  }

  content(entry: FileEntry): Blob {
    return this.#contents.get(entry.path) ?? NOTHING;
  }
}

export const pathOf = (container: string, name: string): string => (name === '/' ? `${container}/` : container + name);

function entryOf(node: Node, container: string, path: string, roots: readonly RootFileSystem[]): FileEntry {
  const root = roots.find(({ prefix }) => prefix === '/' || node.name === prefix || node.name.startsWith(`${prefix}/`));
  const name = root === undefined || root.prefix === '/' ? node.name : node.name.slice(root.prefix.length) || '/';
  const { type, size, metadata, target, linkTo, device, sha256 } = node;
  return {
    path,
    container,
    name,
    type,
    size,
    ...metadata,
    ...(target === undefined ? {} : { target }),
    ...(linkTo === undefined ? {} : { linkTo: pathOf(container, linkTo) }),
    ...(device === undefined ? {} : { device }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(root === undefined ? {} : { root: root.path }),
  };
}
