/** The entries of one container, by absolute name; links are followed inside it and never out. */
import type { Blob } from '../../lib/blob.ts';
import { FaultError } from '../../lib/fault.ts';
import type { FileType } from '../model/files.ts';
import type { EntryMetadata } from '../model/unpacker.ts';
import { parentOf } from './names.ts';

const MOST_LINKS = 40;

/** One entry while its container is being unpacked. */
export interface Node {
  readonly name: string;
  readonly type: FileType;
  readonly metadata: EntryMetadata;
  readonly size: number;
  readonly content?: Blob;
  readonly target?: string;
  readonly linkTo?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  sha256?: string;
}

export class Folder {
  readonly nodes = new Map<string, Node>([['/', { name: '/', type: 'directory', metadata: {}, size: 0 }]]);
  #children: Map<string, string[]> | undefined;

  /** Puts an entry at its place; a later one replaces an earlier one of the same name. Parents are made as needed. */
  add(node: Node): void {
    const name = this.#placeFor(node.name);
    const there = this.nodes.get(name);
    if (there?.type === 'directory' && node.type === 'directory') {
      this.nodes.set(name, { ...node, name });
      return;
    }
    if (there?.type === 'directory') throw new FaultError('malformed', 'replaces a directory by something else');
    this.nodes.set(name, { ...node, name });
    this.#children = undefined;
  }

  /** The name with links in its folders followed; makes folders that are missing. */
  #placeFor(name: string): string {
    if (name === '/') return name;
    const parent = this.#folderFor(parentOf(name));
    return parent === '/'
      ? `/${name.slice(name.lastIndexOf('/') + 1)}`
      : `${parent}${name.slice(name.lastIndexOf('/'))}`;
  }

  #folderFor(name: string): string {
    if (this.nodes.get(name)?.type === 'directory') return name;
    const { at, missing } = this.#trace('', name);
    let place = at;
    for (const part of missing) {
      if (part === '..') throw new FaultError('malformed', 'leads through a folder that is not there');
      place = `${place}/${part}`;
      this.nodes.set(place, { name: place, type: 'directory', metadata: {}, size: 0 });
    }
    if (missing.length === 0 && place !== '' && this.nodes.get(place)?.type !== 'directory')
      throw new FaultError('malformed', 'lies below something that is no directory');
    return place === '' ? '/' : place;
  }

  /** The name with links in its folders followed, itself not: a hard link to a link is a link too. Throws after 40 of them. */
  lead(name: string): string {
    const { at, missing } = this.#trace('', parentOf(name));
    return [at, ...missing, name.slice(name.lastIndexOf('/') + 1)].join('/');
  }

  /** The entry that an absolute name leads to inside `prefix`, links followed there; undefined when there is none. */
  resolve(prefix: string, name: string): Node | undefined {
    const base = prefix === '/' ? '' : prefix;
    try {
      const { at, missing } = this.#trace(base, name);
      return missing.length > 0 ? undefined : this.nodes.get(base + at === '' ? '/' : base + at);
    } catch {
      return undefined;
    }
  }

  /** Follows a name below `base` as far as it leads; `..` never leads above `base`. */
  #trace(base: string, name: string): { readonly at: string; readonly missing: readonly string[] } {
    const pending = partsOf(name);
    const done: string[] = [];
    let links = 0;
    for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
      if (part === '..') {
        done.pop();
        continue;
      }
      const node = this.nodes.get(`${base}/${[...done, part].join('/')}`);
      if (node === undefined) return { at: joined(done), missing: [part, ...pending] };
      if (node.type === 'symlink') {
        links += 1;
        enter(node.target ?? '', done, pending, links);
      } else done.push(part);
    }
    return { at: joined(done), missing: [] };
  }

  /** Names directly in a directory. */
  childrenOf(name: string): readonly string[] {
    this.#children ??= this.#listed();
    return this.#children.get(name) ?? [];
  }

  #listed(): Map<string, string[]> {
    const children = new Map<string, string[]>();
    for (const child of this.nodes.keys()) {
      if (child === '/') continue;
      const parent = parentOf(child);
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [child]);
      else siblings.push(child);
    }
    return children;
  }
}

const partsOf = (name: string): string[] => name.split('/').filter((part) => part !== '' && part !== '.');
const joined = (parts: readonly string[]): string => parts.map((part) => `/${part}`).join('');

/** A link on the way: what it holds is walked next. */
function enter(target: string, done: string[], pending: string[], links: number): void {
  if (links > MOST_LINKS) throw new FaultError('malformed', `more than ${MOST_LINKS} links in a row`);
  if (target.startsWith('/')) done.length = 0;
  pending.unshift(...partsOf(target));
}
