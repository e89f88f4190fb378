/** Programs and libraries of an image that name a server and can run commands: what starts the server may be they, though no script does. */
import { isElf } from '../../../codecs/formats/elf.ts';
import type { FileEntry, FileTree, RootFileSystem } from '../../../core/model/files.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';
import { type Blob, textIn } from '../../../lib/blob.ts';
import { daemonNames, daemonOf, WATCHED } from './daemons.ts';
import { FOLDERS, listens } from './vendor.ts';

/** Functions that run a command. */
const RUNNERS = ['\0system', '\0popen', '\0execv', '\0execl', '\0posix_spawn'];
/** Programs of many names, which name all their applets. */
const MANY =
  /^(busybox|toybox|dropbearmulti|dbclient|scp|ssh[\w-]*|strace|gdb\w*|perl[\d.]*|python[\d.]*|lib(wrap|pam|c|ssl|crypto|python|perl)[\w.+-]*)$/;

export interface Server {
  readonly name: string;
  readonly entry: FileEntry;
}

const PROGRAMS = 2000;

/** Programs of no known kind that take connections: which of them runs is worth a word where another program names it. */
function listenersIn(root: RootFileSystem, tree: FileTree, cut: (why: string) => void): readonly Server[] {
  const programs = FOLDERS.flatMap((folder) => tree.list(root, folder.slice(0, -1))).filter(
    ({ type, name }) => type === 'file' && daemonOf(name) === undefined && !MANY.test(baseOf(name)),
  );
  if (programs.length > PROGRAMS)
    cut(`more than ${PROGRAMS} programs: which of the others take connections is not known`);
  return programs
    .slice(0, PROGRAMS)
    .filter(({ name }) => listens(tree, root, name))
    .map((entry) => ({ name: baseOf(entry.name), entry }));
}

/** Servers that lie in a root and are worth a word though nothing starts them. */
export function serversIn(root: RootFileSystem, tree: FileTree, cut: (why: string) => void): readonly Server[] {
  const known = [...daemonNames()].flatMap((name) => {
    const daemon = daemonOf(name);
    if (daemon === undefined || !WATCHED.has(daemon.kind)) return [];
    const entry = FOLDERS.map((folder) => tree.resolve(root, folder + name)).find((one) => one !== undefined);
    return entry === undefined ? [] : [{ name, entry }];
  });
  return [...known, ...listenersIn(root, tree, cut)];
}

export const mayName = (file: FileEntry): boolean =>
  file.size >= 256 && /\/(s?bin|lib\w*|app|apps|home|opt|system|userfs|usr)\//.test(file.name);

const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** What is looked for in every program. A name of one letter stands in all of them. */
export const wordsFor = (servers: readonly Server[]): readonly string[] => [
  ...RUNNERS,
  ...servers.map(({ name }) => name).filter(isWord),
];
const isWord = (name: string): boolean => name.length > 1 && /^[ -~]+$/.test(name);

/** Those of the servers that the file names as a word of its own, or may name where not all places were looked at. */
export function namedIn(
  file: FileEntry,
  content: Blob,
  servers: readonly Server[],
  { places }: Pick<AnalyzerContext, 'places'>,
): readonly string[] {
  const base = baseOf(file.name);
  if (servers.length === 0 || MANY.test(base) || !isElf(content.read(0, 20))) return [];
  const mayHave = (word: string): boolean => places(word).at.length > 0 || places(word).cut !== undefined;
  if (!RUNNERS.some(mayHave)) return [];
  return servers
    .filter(({ name, entry }) => name !== base && entry.path !== file.path && isWord(name))
    .map(({ name }) => name)
    .filter((name) => {
      const { at: found, cut } = places(name);
      for (const at of found)
        if (!isPart(textIn(content, at - 1, at === 0 ? 0 : 1)) && !isPart(textIn(content, at + name.length, 1)))
          return true;
      return cut !== undefined;
    });
}

const isPart = (character: string): boolean => /[\w.-]/.test(character);
