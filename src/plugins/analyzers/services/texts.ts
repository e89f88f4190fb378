/** The texts that say what an image starts, kept from the one read; what is too long to be read whole is told, never taken for empty. */
import { LINES } from '../../../codecs/formats/shell-script.ts';
import { LINE } from '../../../codecs/formats/shell-words.ts';
import { looksLikeText } from '../../../codecs/formats/text-lines.ts';
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { Blob } from '../../../lib/blob.ts';
import { FaultError } from '../../../lib/fault.ts';

export const LIMIT = 1 << 20;
const TEXTS = 20_000;

export type Texts = Map<string, string>;

/** Files that are run or that say what is run, by where they lie. */
const STARTS = /^\/etc\/(inittab$|init\.d\/|rc|inetd\.conf$|xinetd|preinit|init$)|\.(rc|service|socket|target)$/;

/** Keeps the text of a file. Throws `over-budget` where a script or a unit was not read to its end. */
export function keepText(file: FileEntry, content: Blob, texts: Texts): void {
  const text = textOf(content);
  if (text === undefined) return;
  const whole = content.size <= LIMIT && texts.size < TEXTS;
  const script = text.startsWith('#!') || STARTS.test(file.name);
  if (whole) texts.set(file.path, text);
  if (script && (!whole || isLong(text)))
    throw new FaultError('over-budget', 'a start script is too long to be read whole');
}

function textOf(content: Blob): string | undefined {
  const bytes = content.read(0, LIMIT);
  return bytes.subarray(0, 512).includes(0) ? undefined : Buffer.from(bytes).toString('latin1');
}

/** Whether the reader of scripts passes something over: a line, or the lines after so many. */
const isLong = (text: string): boolean => {
  const lines = text.split('\n', LINES + 2);
  return lines.length > LINES + 1 || lines.some((line) => line.length > LINE && !/^\s*#/.test(line));
};

/** Reads scripts outside the usual places when a start script that runs them is come to. */
export function scriptReader(
  texts: ReadonlyMap<string, string>,
  tree: FileTree,
  cut: (why: string) => void,
): (entry: FileEntry) => string | undefined {
  return (entry) => {
    const known = texts.get(entry.path);
    if (known !== undefined || entry.type !== 'file') return known;
    const content = tree.content(entry);
    const start = content.read(0, 2);
    if (start[0] !== 0x23 || start[1] !== 0x21 || !looksLikeText(content)) return undefined;
    const text = textOf(content);
    if (text !== undefined && (content.size > LIMIT || isLong(text))) cut(`${entry.name} is too long to be read whole`);
    return text;
  };
}

/** Reads what a unit, a drop-in or a start line names, wherever it lies. */
export const textReader =
  (read: (entry: FileEntry) => string | undefined, tree: FileTree, cut: (why: string) => void) =>
  (entry: FileEntry): string | undefined => {
    const known = read(entry);
    if (known !== undefined || entry.type !== 'file') return known;
    const content = tree.content(entry);
    if (!looksLikeText(content)) return undefined;
    if (content.size > LIMIT) cut(`${entry.name} is too long to be read whole`);
    return textOf(content);
  };
