/** libconfig files (libconfig manual, 4) and JSON, as SWUpdate's sw-description is written in either. */
import { FaultError } from '../../lib/fault.ts';

export type Setting = string | number | boolean | readonly Setting[] | Group;
export interface Group {
  readonly [name: string]: Setting;
}

const MOST_TOKENS = 400_000;
const MOST_DEPTH = 64;
const bad = (message: string): never => {
  throw new FaultError('malformed', `settings: ${message}`);
};

interface Token {
  readonly kind: 'mark' | 'text' | 'word';
  readonly text: string;
}

/** The groups of a file: names to settings. Throws FaultError where it cannot be read. */
export function settingsOf(text: string): Group {
  const tokens = tokensOf(text);
  const state = { tokens, at: 0, depth: 0 };
  // JSON has braces around the whole.
  if (tokens[0]?.text === '{' && tokens[0].kind === 'mark') {
    state.at = 1;
    return group(state, '}');
  }
  return group(state, undefined);
}

export const isGroup = (setting: Setting | undefined): setting is Group =>
  typeof setting === 'object' && !Array.isArray(setting);

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const here = text[at]!;
    if (/\s/.test(here)) at += 1;
    else if (here === '#' || text.startsWith('//', at)) at = orEnd(text.indexOf('\n', at), text);
    else if (text.startsWith('/*', at)) at = orEnd(text.indexOf('*/', at + 2), text) + 2;
    else if ('{}()[]=:;,'.includes(here)) {
      tokens.push({ kind: 'mark', text: here });
      at += 1;
    } else if (here === '"') {
      const { value, next } = quoted(text, at + 1);
      tokens.push({ kind: 'text', text: value });
      at = next;
    } else {
      let end = at;
      while (end < text.length && !/[\s{}()[\]=:;,"#]/.test(text[end]!)) end += 1;
      tokens.push({ kind: 'word', text: text.slice(at, end) });
      at = Math.max(end, at + 1);
    }
    if (tokens.length > MOST_TOKENS) throw new FaultError('over-budget', 'settings: too long');
  }
  return tokens;
}

const orEnd = (at: number, text: string): number => (at === -1 ? text.length : at);

const ESCAPES: { readonly [letter: string]: string } = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  b: '\b',
  a: '\x07',
  v: '\v',
};

function quoted(text: string, from: number): { readonly value: string; readonly next: number } {
  const parts: string[] = [];
  for (let at = from; at < text.length; at++) {
    const here = text[at]!;
    if (here === '"') return { value: parts.join(''), next: at + 1 };
    if (here !== '\\') {
      parts.push(here);
      continue;
    }
    at += 1;
    const letter = text[at] ?? '';
    const hex = letter === 'x' ? text.slice(at + 1, at + 3) : letter === 'u' ? text.slice(at + 1, at + 5) : '';
    if (hex !== '' && /^[0-9a-f]+$/i.test(hex)) {
      parts.push(String.fromCharCode(Number.parseInt(hex, 16)));
      at += hex.length;
    } else parts.push(ESCAPES[letter] ?? letter);
  }
  return bad('a string without end');
}

interface State {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

const isMark = (token: Token | undefined, text: string): boolean => token?.kind === 'mark' && token.text === text;

function group(state: State, close: string | undefined): Group {
  const found: { [name: string]: Setting } = Object.create(null) as { [name: string]: Setting };
  for (;;) {
    const token = state.tokens[state.at];
    if (token === undefined) return close === undefined ? found : bad('a group without end');
    state.at += 1;
    if (close !== undefined && isMark(token, close)) return found;
    if (isMark(token, ';') || isMark(token, ',')) continue;
    if (token.kind === 'mark') return bad(`${token.text} in place of a name`);
    const equals = state.tokens[state.at];
    if (!isMark(equals, '=') && !isMark(equals, ':')) return bad(`${token.text.slice(0, 40)} without a value`);
    state.at += 1;
    // Two settings of a name could be read either way: the device's reader refuses it too.
    if (token.text in found) return bad(`${token.text.slice(0, 40)} comes twice`);
    found[token.text] = value(state);
  }
}

function value(state: State): Setting {
  const token = state.tokens[state.at];
  if (token === undefined) return bad('ends before a value');
  state.at += 1;
  if (token.kind === 'text') {
    let text = token.text;
    // Adjacent strings are one.
    while (state.tokens[state.at]?.kind === 'text') text += state.tokens[state.at++]?.text ?? '';
    return text;
  }
  if (token.kind === 'word') return scalar(token.text);
  state.depth += 1;
  if (state.depth > MOST_DEPTH) throw new FaultError('over-budget', 'settings: too deep');
  const found = token.text === '{' ? group(state, '}') : list(state, token.text);
  state.depth -= 1;
  return found;
}

function list(state: State, open: string): Setting {
  const close = open === '(' ? ')' : open === '[' ? ']' : bad(`${open} in place of a value`);
  const items: Setting[] = [];
  for (;;) {
    const token = state.tokens[state.at];
    if (token === undefined) return bad('a list without end');
    if (isMark(token, close)) {
      state.at += 1;
      return items;
    }
    if (isMark(token, ',')) state.at += 1;
    else items.push(value(state));
  }
}

function scalar(word: string): Setting {
  if (/^true$/i.test(word)) return true;
  if (/^false$/i.test(word)) return false;
  const number = Number(word.replace(/L{1,2}$/, ''));
  return Number.isNaN(number) ? word : number;
}
