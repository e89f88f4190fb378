/** Settings of routers in markup: elements with text, attributes, tables of rows (TR-098 and TR-181 models, and makers' own trees), read forgivingly. */

import type { Blob } from '../../lib/blob.ts';
import { wholeText } from './text-lines.ts';

export interface SettingValue {
  readonly value: string;
  readonly line: number;
}
/** What one element holds: its attributes and the values right below it, by name in lower case. */
export interface SettingGroup {
  /** Of the element; of a table's row the table's. */
  readonly name: string;
  readonly up?: SettingGroup;
  readonly values: ReadonlyMap<string, SettingValue>;
}
interface Open {
  readonly element: string;
  readonly name: string;
  readonly values: Map<string, SettingValue>;
  readonly up?: Open;
}

const MOST_DEPTH = 60;
const MOST_TAG = 2048;
const MOST_VALUE = 500;
const ATTRIBUTE = /([\w:.-]{1,80})\s{0,4}=\s{0,4}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+?)(?=\/?$|\s))/g;

export const isMarkup = (text: string): boolean => /^(?:\xef\xbb\xbf)?\s{0,80}</.test(text.slice(0, 100));

/** The text of a file that is markup; undefined for every other. Throws `over-budget` for one longer than `limit`. */
export const markupIn = (blob: Blob, limit: number): string | undefined =>
  isMarkup(Buffer.from(blob.read(0, 100)).toString('latin1')) ? wholeText(blob, limit) : undefined;

/** Every element in the order in which they open. What is not well-formed is passed over. */
export function settingGroups(text: string): readonly SettingGroup[] {
  const groups: SettingGroup[] = [];
  const lines = lineCounter(text);
  let open: Open | undefined;
  let depth = 0;
  for (const tag of tagsOf(text)) {
    if (tag.kind === 'close') {
      open = closed(open, tag.element);
      depth = depthOf(open);
      continue;
    }
    const attributes = attributesOf(tag.body);
    const line = lines(tag.at);
    const leaf = leafOf(tag, attributes, text);
    if (leaf !== undefined) open?.values.set(leaf.name.toLowerCase(), { value: leaf.value, line });
    // Of the deepest the values count, but nothing opens below them: ends are sought among all that is open.
    if (tag.kind === 'alone' || depth < MOST_DEPTH || (leaf !== undefined && depth === MOST_DEPTH)) {
      const made = groupOf(tag.element, attributes, line, open);
      if (made.values.size > 0 || tag.kind === 'open') groups.push(made);
      if (tag.kind === 'open') {
        open = made;
        depth += 1;
      }
    }
  }
  return groups;
}

const depthOf = (open: Open | undefined): number => {
  let depth = 0;
  for (let one = open; one !== undefined; one = one.up) depth += 1;
  return depth;
};

/** The element around the one that ends; a stray end changes nothing. */
function closed(open: Open | undefined, element: string): Open | undefined {
  for (let one = open; one !== undefined; one = one.up) if (one.element === element) return one.up;
  return open;
}

function groupOf(element: string, attributes: ReadonlyMap<string, string>, line: number, up: Open | undefined): Open {
  const values = new Map([...attributes].map(([name, value]) => [name.toLowerCase(), { value, line }]));
  const name = element === 'Row' && up !== undefined ? up.name : element === 'Tbl' ? attributes.get('name') : undefined;
  return { element, name: name ?? element, values, ...(up === undefined ? {} : { up }) };
}

interface Tag {
  readonly kind: 'open' | 'close' | 'alone';
  readonly element: string;
  readonly body: string;
  readonly at: number;
  readonly end: number;
}

/** A value of the element around: `<DM name="User" val="x"/>`, `<User val=x />`, `<User>x</User>`. */
function leafOf(
  { kind, element, end }: Tag,
  attributes: ReadonlyMap<string, string>,
  text: string,
): { readonly name: string; readonly value: string } | undefined {
  const given = attributes.get('val');
  if (given !== undefined)
    return { name: element === 'DM' ? (attributes.get('name') ?? element) : element, value: given };
  if (kind !== 'open') return undefined;
  const stop = text.indexOf('<', end);
  if (stop === -1 || stop - end > MOST_VALUE || !text.startsWith(`</${element}>`, stop)) return undefined;
  return { name: element, value: plain(text.slice(end, stop)) };
}

function attributesOf(body: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', double, single, bare] of body.matchAll(ATTRIBUTE))
    if (!found.has(name)) found.set(name, plain(double ?? single ?? bare ?? '').slice(0, MOST_VALUE));
  return found;
}

const NAMED: { readonly [name: string]: string } = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const plain = (text: string): string =>
  text.trim().replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => NAMED[name] ?? '');

/** Tags, with comments and declarations left out. Linear: what follows a broken one starts at the next `<`. */
function* tagsOf(text: string): Generator<Tag> {
  for (let at = text.indexOf('<'); at !== -1; ) {
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at);
      if (end === -1) return;
      at = text.indexOf('<', end);
      continue;
    }
    const end = endOf(text, at);
    const match = end === undefined ? null : /^<(\/?)([A-Za-z_][\w:.-]{0,79})/.exec(text.slice(at, at + 82));
    if (end !== undefined && match !== null) {
      const body = text.slice(at + match[0].length, end);
      const kind = match[1] === '/' ? 'close' : body.endsWith('/') ? 'alone' : 'open';
      yield { kind, element: match[2] ?? '', body, at, end: end + 1 };
    }
    at = text.indexOf('<', end ?? at + 1);
  }
}

/** Where the tag ends, quotes passed over; undefined where another begins before. */
function endOf(text: string, start: number): number | undefined {
  let quote = '';
  for (let at = start + 1; at < text.length && at - start < MOST_TAG; at += 1) {
    const one = text[at]!;
    if (quote !== '') {
      if (one === quote) quote = '';
    } else if (one === '"') quote = one;
    else if (one === '>') return at;
    else if (one === '<') return undefined;
  }
  return undefined;
}

/** Lines of places that only grow. */
function lineCounter(text: string): (place: number) => number {
  let line = 1;
  let next = text.indexOf('\n');
  return (place) => {
    for (; next !== -1 && next < place; next = text.indexOf('\n', next + 1)) line += 1;
    return line;
  };
}
