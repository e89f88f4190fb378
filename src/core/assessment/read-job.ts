/** A job for workers: reads files that lie on disk, each once. */
import { closeSync, openSync, readSync } from 'node:fs';
import { type Fault, FaultError, faultOf } from '../../lib/fault.ts';
import { Words } from '../../lib/words.ts';
import { type FileRead, readFile } from './read-file.ts';

export interface ReadInput {
  readonly words: readonly string[];
  /** Of each file the number of its path, its place in that and its size, flat: to hand over objects costs more than to read. */
  readonly files: Float64Array<ArrayBuffer>;
  readonly paths: readonly string[];
}

export function inputOf(
  words: readonly string[],
  files: readonly { readonly path: string; readonly offset: number; readonly size: number }[],
): ReadInput {
  const paths = [...new Set(files.map(({ path }) => path))];
  const numbers = new Map(paths.map((path, number) => [path, number]));
  const flat = files.flatMap(({ path, offset, size }) => [numbers.get(path) ?? 0, offset, size]);
  return { words, files: Float64Array.from(flat), paths };
}

/** One for each file, in order. */
export type ReadResult = readonly (FileRead | { readonly fault: Fault })[];

/** The words of one scan are the same for all its files. */
let known: { readonly key: string; readonly words: Words } | undefined;

function prepared(words: readonly string[]): Words {
  const key = JSON.stringify(words);
  if (known?.key !== key) known = { key, words: new Words(words) };
  return known.words;
}

export function run({ words: texts, files, paths }: ReadInput): ReadResult {
  const words = prepared(texts);
  let open: { readonly path: string; readonly descriptor: number } | undefined;
  const close = (): void => {
    if (open !== undefined) closeSync(open.descriptor);
    open = undefined;
  };
  try {
    return Array.from({ length: files.length / 3 }, (_, index) => {
      const [number = 0, offset = 0, size = 0] = files.subarray(index * 3, index * 3 + 3);
      const path = paths[number] ?? '';
      try {
        if (open?.path !== path) {
          close();
          open = { path, descriptor: openSync(path, 'r') };
        }
        const { descriptor } = open;
        return readFile({ size, read: (at, length) => pread(descriptor, offset, at, length, size) }, words);
      } catch (thrown) {
        return { fault: unreadable(thrown) };
      }
    });
  } finally {
    close();
  }
}

/** What is handed over instead of copied. */
export const transfer = (result: ReadResult): ArrayBuffer[] =>
  result.flatMap((one) =>
    'fault' in one ? [] : [one.found.buffer, ...(one.bytes === undefined ? [] : [one.bytes.buffer])],
  );

/** Fewer bytes at the end, as everywhere. */
function pread(descriptor: number, offset: number, at: number, length: number, size: number): Uint8Array {
  const into = new Uint8Array(Math.max(0, Math.min(length, size - at)));
  let have = 0;
  while (have < into.length) {
    const got = readSync(descriptor, into, have, into.length - have, offset + at + have);
    if (got === 0) return into.slice(0, have);
    have += got;
  }
  return into;
}

function unreadable(thrown: unknown): Fault {
  if (thrown instanceof FaultError) return thrown.fault;
  const code = (thrown as NodeJS.ErrnoException).code;
  return code === undefined ? faultOf(thrown) : { kind: 'unreadable', message: `it could not be read (${code})` };
}
