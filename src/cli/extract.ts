/** The files of an unpacked image on disk: plain files and folders only; links, devices, modes and owners stand in manifest.json. */
import { closeSync, constants, lstatSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { FileEntry, FileTree } from '../core/model/files.ts';
import { chunksOf } from '../lib/blob.ts';
import { UsageError } from '../lib/fault.ts';
import { inertJson } from '../lib/json.ts';
import { whyUnwritten } from '../lib/whole-file.ts';

/** An entry that could not be written, and why. */
export interface Unwritten {
  readonly path: string;
  readonly message: string;
}

/** The disk is the trouble, not the entry: nothing further can be written either. */
const HOPELESS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);

/**
 * Writes `folder/<container path>/…` and `folder/manifest.json`. Nothing lands outside of the folder, no link is made and
 * none is followed. An entry that the host can not hold is told in the manifest and given back; the rest goes on.
 */
export function extract(tree: FileTree, folder: string): readonly Unwritten[] {
  const writer = new Writer(folder);
  const entries: object[] = [];
  const errors: Unwritten[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    for (const entry of tree.entries()) {
      try {
        entries.push(manifestEntry(entry, writer.write(tree, entry)));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (code === undefined || HOPELESS.has(code)) throw error;
        entries.push(manifestEntry(entry, entry.path));
        errors.push({ path: entry.path, message: message.replace(/, \w+ '[\s\S]*$/, '') });
      }
    }
    const document = { entries, ...(errors.length === 0 ? {} : { errors }) };
    writeFileSync(join(folder, 'manifest.json'), `${inertJson(document, 1)}\n`, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UsageError(`${folder}: it cannot be written: ${whyUnwritten(error)}`);
  }
  return errors;
}

/** Gives every path through containers a place of its own under a folder, and writes to it. */
class Writer {
  readonly #folder: string;
  /** Places that something lies at or will. */
  readonly #taken = new Set<string>(['manifest.json']);
  /** The next number for a name that is taken. */
  readonly #turns = new Map<string, number>();
  /** Where the folders of the tree lie. */
  readonly #folders = new Map<string, string>([['', '']]);
  /** The folder that was last seen to be real all the way down. */
  #checked: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The place that the entry got. */
  write(tree: FileTree, entry: FileEntry): string {
    const parts = partsOf(entry.path);
    if (entry.type === 'directory') return this.#folderFor(parts);
    const name = parts.pop() ?? 'image';
    // What is only told needs a name of its own, but no folder on the disk.
    const parent = entry.type === 'file' ? this.#folderFor(parts) : (this.#folders.get(keyOf(parts)) ?? plain(parts));
    const place = this.#free(parent === '' ? hostName(name) : `${parent}/${hostName(name)}`);
    if (entry.type === 'file') this.#file(tree, entry, parent, place);
    return place;
  }

  /** Where a folder lies; made with all above it. A file in its place makes it move aside: both are kept. */
  #folderFor(parts: readonly string[]): string {
    let place = '';
    for (let depth = 1; depth <= parts.length; depth++) {
      const key = keyOf(parts.slice(0, depth));
      const known = this.#folders.get(key);
      if (known !== undefined) {
        place = known;
        continue;
      }
      const name = hostName(parts[depth - 1] ?? '');
      const own = this.#free(place === '' ? name : `${place}/${name}`);
      this.#real(place);
      mkdirSync(join(this.#folder, own), { mode: 0o755 });
      this.#folders.set(key, own);
      place = own;
    }
    return place;
  }

  #free(wanted: string): string {
    let place = wanted;
    let turn = this.#turns.get(wanted) ?? 2;
    for (; this.#taken.has(place); turn += 1) place = `${wanted}~${turn}`;
    if (place !== wanted) this.#turns.set(wanted, turn);
    this.#taken.add(place);
    return place;
  }

  #file(tree: FileTree, entry: FileEntry, parent: string, place: string): void {
    this.#real(parent);
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    // Windows knows no O_NOFOLLOW; O_EXCL alone refuses a link there.
    const descriptor = openSync(join(this.#folder, place), O_CREAT | O_EXCL | O_WRONLY | (O_NOFOLLOW ?? 0), 0o600);
    try {
      for (const chunk of chunksOf(tree.content(entry))) writeSync(descriptor, chunk);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Every folder down to `place` is a folder, not a link that somebody put there meanwhile. */
  #real(place: string): void {
    if (place === this.#checked) return;
    let at = this.#folder;
    for (const part of place.split('/')) {
      if (part === '') continue;
      at = join(at, part);
      if (!lstatSync(at).isDirectory())
        throw Object.assign(new Error('a link or file took the place of a folder'), { code: 'ELOOP' });
    }
    this.#checked = place;
  }
}

function manifestEntry(entry: FileEntry, place: string): object {
  const { path, type, mode, uid, gid, size, sha256, target, linkTo, device, xattrs } = entry;
  const moved = place === path ? {} : { place };
  return { path, ...moved, type, mode, uid, gid, size, sha256, target, linkTo, device, xattrs };
}

const keyOf = (parts: readonly string[]): string => parts.join('/');
const plain = (parts: readonly string[]): string => parts.map(hostName).join('/');

/**
 * The names of a path through containers. A file that is itself opened (`fw.bin!tar/x.gz`) and its content
 * (`fw.bin!tar/x.gz!gzip/…`) need two names, so `!` stays part of the name.
 */
const partsOf = (path: string): string[] =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (part === '..' ? '%2e%2e' : part));

/** Control characters, backslashes and colons as %xx; at most 200 bytes. */
function hostName(part: string): string {
  const safe = [...part]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      return code < 0x20 || code === 0x7f || character === '\\' || character === ':'
        ? `%${code.toString(16).padStart(2, '0')}`
        : character;
    })
    .join('');
  return Buffer.byteLength(safe) <= 200 ? safe : `${safe.slice(0, 60)}~${Buffer.byteLength(safe)}`;
}
