/** YAML files → values that remember line and column of every part. */
import { createHash } from 'node:crypto';
import type { Document, LineCounter, Node, Pair, Scalar } from 'yaml';
import { type Place, type Problem, UsageError } from '../../lib/fault.ts';
import type { Json } from '../../lib/schema.ts';
import { readWhole, tooLarge } from '../../lib/whole-file.ts';
import { FAULT_LIMIT, LEXEME_LIMIT, parseBounded } from './stream.ts';
import type { Path } from './value-test.ts';

/** A file as parsed: its value, its digest, and where each part stands. */
export interface SourceDocument {
  readonly file: string;
  /** Hex SHA-256 of the file's bytes. */
  readonly sha256: string;
  readonly value: Json;
  /** The place of the part at `path`, or of its key; the nearest part above it where there is none. */
  place(path: Path, key?: boolean): Place;
}

export const DOCUMENT_LIMIT = 1 << 20;
/** Aliases may multiply what a file says by so much before it counts as an attack. */
const ALIAS_LIMIT = 100;
/** No document of ours nests deeper than 20; the rest of the loader recurses, so this bounds its stack. */
const DEPTH_LIMIT = 64;

/** Reads and parses a YAML file of at most 1 MiB. Throws UsageError with every problem that the parser saw. */
export async function readDocument(path: string): Promise<SourceDocument> {
  return parseYaml(readWhole(path, DOCUMENT_LIMIT), path);
}

/** Parses YAML bytes. Throws UsageError with positions; never anything else, whatever the bytes. */
export async function parseYaml(bytes: Uint8Array, file: string): Promise<SourceDocument> {
  if (bytes.length > DOCUMENT_LIMIT) throw tooLarge(file, DOCUMENT_LIMIT);
  const start: Place = { file, line: 1, column: 1 };
  const text = Buffer.from(bytes).toString('utf8');
  if (text.includes('\0')) throw new UsageError({ message: 'it is no text', at: start });
  if (nestsTooDeep(text)) throw new UsageError({ message: `values nest deeper than ${DEPTH_LIMIT}`, at: start });
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  try {
    const { document: parsed, cutAt } = withoutStacks(() => parseBounded(yaml, text, lines));
    refuse(parsed, lines, file, cutAt);
    refuseRepeated(yaml, parsed, lines, file);
    const value = parsed.toJS({ maxAliasCount: ALIAS_LIMIT }) as Json | undefined;
    if (value === undefined || value === null) throw new UsageError({ message: 'the file is empty', at: start });
    if (depthOf(value) > DEPTH_LIMIT)
      throw new UsageError({ message: `values nest deeper than ${DEPTH_LIMIT}`, at: start });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { file, sha256, value, place: (path, key) => placeOf(parsed, lines, file, path, key === true) };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    // The parser throws on alias bombs (ReferenceError) and on stack overflow (RangeError): both are the file's fault.
    const why = thrown instanceof RangeError ? 'values nest too deeply' : (thrown as Error).message;
    throw new UsageError({ message: why, at: start });
  }
}

/** The parser makes an Error for each fault, up to one a lexeme; their stacks would take seconds. */
function withoutStacks<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function refuseRepeated(yaml: typeof import('yaml'), parsed: Document.Parsed, lines: LineCounter, file: string): void {
  const problems: Problem[] = [];
  const look = (keys: readonly Scalar[]): void => {
    const seen = new Set<unknown>();
    for (const { value, range } of keys) {
      if (seen.has(value))
        problems.push({ message: `'${String(value)}' stands here twice`, at: placeAt(lines, file, range?.[0] ?? 0) });
      seen.add(value);
    }
  };
  yaml.visit(parsed, { Map: (_, map) => look(map.items.map((pair) => pair.key).filter((key) => yaml.isScalar(key))) });
  if (problems.length > 0) throw new UsageError(problems.slice(0, FAULT_LIMIT));
}

function placeAt(lines: LineCounter, file: string, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

function refuse(parsed: Document.Parsed, lines: LineCounter, file: string, cutAt: number | undefined): void {
  const faults = [...parsed.errors, ...parsed.warnings].slice(0, FAULT_LIMIT);
  const problems = faults.map((fault): Problem => {
    return { message: firstLine(fault.message), at: placeAt(lines, file, fault.pos[0]) };
  });
  if (cutAt !== undefined)
    problems.push({
      message: `the file has more than ${LEXEME_LIMIT} words and marks`,
      at: placeAt(lines, file, cutAt),
    });
  if (problems.length > 0) throw new UsageError(problems);
}

const firstLine = (message: string): string =>
  message.includes('call stack') ? 'values nest too deeply' : message.replace(/\n.*$/s, '');

/**
 * How deep the text may nest, before the recursive parser sees it: brackets that are still open (those inside text count
 * too, hence the generous bound), and runs of compact `- - -` or `? ? ?`.
 */
function nestsTooDeep(text: string): boolean {
  let open = 0;
  for (const { 0: token } of text.matchAll(/[[\]{}]/g)) {
    open = Math.max(0, open + (token === '[' || token === '{' ? 1 : -1));
    if (open > TEXT_DEPTH_LIMIT) return true;
  }
  return COMPACT_RUN.test(text);
}
const TEXT_DEPTH_LIMIT = 500;
/** 256 indicators in a row, each followed by one or a few blanks: linear, since each repetition begins with its own character. */
const COMPACT_RUN = /(?:[-?:][ \t]{1,8}){256}/;

/** How deep a value nests; shared parts (aliases) are looked at again, which the alias bound keeps small. */
function depthOf(value: Json): number {
  let level: Json[] = [value];
  let depth = 0;
  while (level.length > 0 && depth <= DEPTH_LIMIT) {
    depth += 1;
    const next: Json[] = [];
    for (const one of level) if (typeof one === 'object' && one !== null) next.push(...Object.values(one));
    level = next;
  }
  return depth;
}

/** Walks down the nodes as far as `path` goes; aliases end the walk. */
function placeOf(parsed: Document.Parsed, lines: LineCounter, file: string, path: Path, key: boolean): Place {
  let node: Node | null | undefined = parsed.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const found = stepInto(node, step);
    if (found === undefined) break;
    const wantsKey = key && index === path.length - 1;
    offset = (wantsKey ? found.key : (found.value?.range?.[0] ?? found.key)) ?? offset;
    node = found.value;
  }
  return placeAt(lines, file, offset);
}

interface Found {
  readonly key: number | undefined;
  readonly value: Node | null;
}

function stepInto(node: Node | null | undefined, step: string | number): Found | undefined {
  if (node === null || node === undefined || !('items' in node)) return undefined;
  const items = node.items as readonly (Node | Pair<Node, Node | null>)[];
  if (typeof step === 'number') {
    const item = items[step] as Node | undefined;
    return item === undefined ? undefined : { key: item.range?.[0], value: item };
  }
  for (const item of items) {
    const { key, value } = item as Pair<Node, Node | null>;
    if (key !== undefined && String((key as { value?: unknown }).value) === step) return { key: key.range?.[0], value };
  }
  return undefined;
}

/** A document as `scripts/build-assets.js` compiled it: positions of the parts that messages name. */
export interface CompiledDocument {
  readonly file: string;
  readonly sha256: string;
  readonly value: Json;
  /** Line and column by JSON path: `/controls/3/units/0`. */
  readonly places: { readonly [pointer: string]: readonly [number, number] };
}

const pointerOf = (path: Path): string => path.map((step) => `/${step}`).join('');

/** The parts whose places are kept: list elements at depths up to two lists (`/controls/3/units/0`, `/checks/1/examples/2`). */
export function compileDocument(document: SourceDocument): CompiledDocument {
  const places: { [pointer: string]: readonly [number, number] } = {};
  const note = (path: Path): void => {
    const { line = 1, column = 1 } = document.place(path);
    places[pointerOf(path)] = [line, column];
  };
  const members = (value: Json, path: Path, lists: number): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [key, item] of Object.entries(value)) if (Array.isArray(item)) items(item, [...path, key], lists);
  };
  const items = (list: readonly Json[], path: Path, lists: number): void => {
    if (lists === 2) return;
    for (const [index, item] of list.entries()) {
      note([...path, index]);
      members(item, [...path, index], lists + 1);
    }
  };
  members(document.value, [], 0);
  return { file: document.file, sha256: document.sha256, value: document.value, places };
}

/** A compiled document as a source: places of the nearest part above. */
export function openCompiled({ file, sha256, value, places }: CompiledDocument): SourceDocument {
  return {
    file,
    sha256,
    value,
    place(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const place = places[pointerOf(path.slice(0, length))];
        if (place !== undefined) return { file, line: place[0], column: place[1] };
      }
      return { file, line: 1, column: 1 };
    },
  };
}
