/** Which files make up the configuration of a daemon: what its start line names, what it reads by itself, what these take in. */
import { posix } from 'node:path';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import { isOutside } from './outside.ts';
import type { Line, Rule } from './setting-lines.ts';

/** What a start line says, as far as files are concerned. */
export interface Call {
  readonly words: readonly string[];
  readonly file: string;
  readonly line: number;
}
export interface Place {
  readonly root: RootFileSystem;
  readonly tree: FileTree;
  /** The text of a file; undefined where it is none or too long. */
  readonly read: (entry: FileEntry) => string | undefined;
}

const DEPTH = 8;
const FILES = 500;
/** Of all files of one configuration so many lines are read, and so many lines and names take in others. */
const LINES = 100_000;
const INCLUDES = 1000;
const PATH = 4096;
const TOO_MANY = 'more files are taken in than were read';

/** A daemon's configuration as one run of it reads it. */
export interface Configuration {
  readonly lines: readonly Line[];
  readonly read: ReadonlySet<string>;
}

const NO_BLOCK: readonly string[] = [];
const hidden = (unseen: string, within = NO_BLOCK, file?: FileEntry, line = 0): Line => ({
  key: '',
  value: '',
  line,
  within,
  unseen,
  ...(file === undefined ? {} : { file }),
});

/** The configuration that a start line leads to. */
export function configurationOf(rule: Rule, call: Call, place: Place, others: readonly FileEntry[]): Configuration {
  const walk: Walk = { rule, place, files: new Set(), lines: 0, includes: 0 };
  const own = rule.byWords?.(call.words) ?? [];
  const named = namedBy(rule, call.words);
  const lines =
    named.length > 0 ? named.flatMap((name) => namedLines(walk, name, call)) : usualLines(walk, call, others);
  return { lines: [...own, ...lines], read: walk.files };
}

/** One file by itself, with what it takes in. */
export function configurationIn(rule: Rule, entry: FileEntry, place: Place): Configuration {
  const walk: Walk = { rule, place, files: new Set(), lines: 0, includes: 0 };
  return { lines: linesOf(walk, entry, NO_BLOCK, 0), read: walk.files };
}

interface Walk {
  readonly rule: Rule;
  readonly place: Place;
  readonly files: Set<string>;
  lines: number;
  includes: number;
}

/** The files that an option, or an argument without one, names. */
function namedBy({ option = [], valued = [] }: Rule, words: readonly string[]): readonly string[] {
  const rest = words.slice(1);
  return rest.flatMap((word, index) => {
    const before = rest[index - 1] ?? '';
    const byOption = option.find(
      (one) => one !== '' && (before === one || (one.length > 2 && word.startsWith(`${one}=`))),
    );
    if (byOption !== undefined) return [word.startsWith(`${byOption}=`) ? word.slice(byOption.length + 1) : word];
    const glued = option.find((one) => one.length === 2 && word.startsWith(one) && /^.{2}[/$]/.test(word));
    if (glued !== undefined) return [word.slice(2)];
    const isBare = option.includes('') && /^[/$.\w]/.test(word) && !valued.includes(before) && /[/.$]/.test(word);
    return isBare ? [word] : [];
  });
}

function namedLines(walk: Walk, name: string, call: Call): readonly Line[] {
  const { root, tree } = walk.place;
  const entry = name.startsWith('/') ? tree.resolve(root, name) : undefined;
  if (entry?.type === 'file') return linesOf(walk, entry, NO_BLOCK, 0);
  return [
    hidden(
      `${call.file}:${call.line} has ${walk.rule.daemon} read ${name}, which is not in what was given (--firmware)`,
    ),
  ];
}

/** Without a name: the usual place, else whatever of that name the image holds, else nothing is known but what it does without. */
function usualLines(walk: Walk, call: Call, others: readonly FileEntry[]): readonly Line[] {
  const { rule, place } = walk;
  const usual = (rule.usual ?? [])
    .map((name) => place.tree.resolve(place.root, name))
    .find((one) => one?.type === 'file');
  if (usual !== undefined) return linesOf(walk, usual, NO_BLOCK, 0);
  const elsewhere = (rule.usual ?? []).find((name) => isOutside(place.root, place.tree, name));
  if (elsewhere !== undefined && others.length === 0 && place.root.keepsModes)
    return [hidden(`${elsewhere} is not in what was given (--firmware): how ${rule.daemon} is set up is not known`)];
  if (others.length > 0) return others.flatMap((entry) => linesOf(walk, entry, NO_BLOCK, 0));
  if (rule.needsNone === true) return [];
  return [hidden(`${call.file}:${call.line} starts ${rule.daemon}, and no configuration of it was found`)];
}

function linesOf(walk: Walk, entry: FileEntry, within: readonly string[], depth: number): readonly Line[] {
  const { rule, place, files } = walk;
  if (files.has(entry.path)) return [];
  if (depth > DEPTH || files.size >= FILES) return [hidden(TOO_MANY, within, entry)];
  files.add(entry.path);
  const text = place.read(entry);
  if (text === undefined) return [hidden(`${entry.name} could not be read as text`, within, entry)];
  const lines = rule.grammar(text);
  const room = Math.max(0, LINES - walk.lines);
  walk.lines += lines.length;
  const cut = lines.length > room ? [hidden('the configuration has more lines than were read', within, entry)] : [];
  const told = lines.slice(0, room).flatMap((line): readonly Line[] => {
    const here = { ...line, within: [...within, ...line.within], file: entry };
    if (rule.include?.test(line.key) !== true) return [here];
    return included(walk, here, entry, depth);
  });
  return [...told, ...cut];
}

/** The lines of all that one line takes in. */
function included(walk: Walk, line: Line, entry: FileEntry, depth: number): readonly Line[] {
  const { rule, place } = walk;
  if (line.key === 'include_shell')
    return [hidden(`${entry.name}:${line.line} takes in what a command prints`, line.within, entry, line.line)];
  return line.value
    .split(/\s+/)
    .filter((name) => name !== '')
    .flatMap((raw) => {
      walk.includes += 1;
      if (walk.includes > INCLUDES || raw.length > PATH)
        return walk.includes > INCLUDES + 1 ? [] : [hidden(TOO_MANY, line.within, entry)];
      const name = raw.replace(/^["']|["']$/g, '');
      const full = name.startsWith('/') ? name : posix.join(rule.base ?? posix.dirname(entry.name), name);
      const targets = matching(place, full);
      if (targets === undefined)
        return [
          hidden(
            `${entry.name}:${line.line} takes in ${name}, which is not in what was given (--firmware)`,
            line.within,
            entry,
            line.line,
          ),
        ];
      return targets.flatMap((target) => linesOf(walk, target, line.within, depth + 1));
    });
}

/** Files that a name, a pattern or a folder stands for, in order; undefined where they may lie on what was not given. */
function matching({ root, tree }: Place, name: string): readonly FileEntry[] | undefined {
  if (name.includes('$')) return undefined;
  const found = tree.resolve(root, name);
  if (found?.type === 'file') return [found];
  const at = name.lastIndexOf('/');
  const [folder, last] = found?.type === 'directory' ? [name, '*'] : [name.slice(0, at), name.slice(at + 1)];
  if (/[*?[]/.test(folder))
    return expandedFolders({ root, tree }, folder)?.flatMap((one) => within({ root, tree }, one, last));
  if (/[*?[]/.test(last))
    return tree.resolve(root, folder)?.type !== 'directory' && isOutside(root, tree, `${folder}/x`)
      ? undefined
      : within({ root, tree }, folder, last);
  return isOutside(root, tree, name) ? undefined : [];
}

type Where = Pick<Place, 'root' | 'tree'>;

/** Folders of a pattern whose last part alone has signs: `/etc/nginx/sites-*`. */
function expandedFolders({ root, tree }: Where, pattern: string): readonly string[] | undefined {
  const at = pattern.lastIndexOf('/');
  const parent = pattern.slice(0, at);
  if (/[*?[]/.test(parent)) return undefined;
  const fits = shapeOf(pattern.slice(at + 1));
  return tree
    .list(root, parent)
    .map(({ name }) => name.slice(name.lastIndexOf('/') + 1))
    .filter(fits)
    .map((name) => `${parent}/${name}`);
}

function within({ root, tree }: Where, folder: string, shape: string): readonly FileEntry[] {
  const fits = shapeOf(shape);
  return tree
    .list(root, folder)
    .map(({ name }) => name.slice(name.lastIndexOf('/') + 1))
    .filter((name) => (!name.startsWith('.') || shape.startsWith('.')) && fits(name))
    .sort()
    .map((name) => tree.resolve(root, `${folder}/${name}`))
    .filter((entry): entry is FileEntry => entry?.type === 'file');
}

/** A pattern of the shell as a test that needs no more than one step for each letter and part. */
function shapeOf(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/\[[^[\]]*\]/g, '?'));
  const [first = '', ...others] = parts;
  const last = others.pop();
  return (name) => {
    if (last === undefined) return name.length === first.length && fitsAt(name, first, 0);
    if (!fitsAt(name, first, 0)) return false;
    let at = first.length;
    for (const part of others) {
      while (at + part.length <= name.length && !fitsAt(name, part, at)) at += 1;
      at += part.length;
    }
    return at + last.length <= name.length && fitsAt(name, last, name.length - last.length);
  };
}

const fitsAt = (name: string, part: string, at: number): boolean =>
  at + part.length <= name.length && [...part].every((letter, index) => letter === '?' || letter === name[at + index]);
