/** A start script as a list of simple commands: which run always, which under a condition. A reader of habits, no shell. POSIX.1 §2. */

/** One simple command, its words without quotes, where it stands. */
export interface ShellCommand {
  readonly words: readonly string[];
  readonly line: number;
  /** Text of the innermost condition that it hangs on, if any. */
  readonly condition?: string;
  readonly text: string;
}

/** Hangs on an action that no boot asks for: `stop)` or `stop() {`. */
const NEVER = '\u0000';
/** Lines of a script that are read; whoever reads a longer one must tell that its end was not seen. */
export const LINES = 5000;
export const LINE = 4096;

interface Block {
  readonly kind: 'if' | 'case' | 'loop' | 'function';
  readonly condition: string | undefined;
  /** Of a case: the word it switches on. */
  readonly word?: string;
}

/** What a script has come to: its open blocks, its variables, and an early exit that the rest hangs on. */
interface State {
  readonly blocks: Block[];
  readonly commands: ShellCommand[];
  readonly variables: Map<string, string>;
  readonly exists: (path: string) => boolean;
  guard: string | undefined;
}

/** Reads a script. `exists(path)` tells whether a program or file is in the image, so that `[ -x /sbin/x ] && x` is no condition. */
export function readScript(text: string, exists: (path: string) => boolean): readonly ShellCommand[] {
  const state: State = { blocks: [], commands: [], variables: new Map(), exists, guard: undefined };
  let joined = '';
  for (const [index, raw] of text.split('\n').slice(0, LINES).entries()) {
    const line = joined + raw.slice(0, LINE);
    if (line.endsWith('\\') && line.length < LINE) {
      joined = line.slice(0, -1);
      continue;
    }
    joined = '';
    for (const piece of split(withoutComment(line))) take(piece.trim(), index + 1, state);
  }
  return state.commands;
}

/** Cuts a comment that is not inside quotes. */
function withoutComment(line: string): string {
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '#' && (at === 0 || /\s/.test(line[at - 1] ?? ''))) return line.slice(0, at);
  }
  return line;
}

/** Splits a line at `;` and `;;` outside quotes; `then`, `do`, `else` and `{` end a piece too. */
function split(line: string): readonly string[] {
  const pieces: string[] = [];
  let quote = '';
  let piece = '';
  for (const character of line) {
    if (quote !== '') {
      if (character === quote) quote = '';
      piece += character;
    } else if (character === ';') {
      pieces.push(piece);
      piece = '';
    } else {
      if (character === '"' || character === "'") quote = character;
      piece += character;
    }
  }
  pieces.push(piece);
  return pieces;
}

function take(piece: string, line: number, state: State): void {
  let rest = piece;
  for (;;) {
    const next = opened(rest, state.blocks, state.exists);
    if (next === undefined) break;
    rest = next.trim();
  }
  if (!/^(|\}|esac|fi|done)$/.test(rest)) chain(rest, line, state);
}

/** Handles one word of structure at the start; gives what follows it, or undefined when there is none. */
function opened(piece: string, blocks: Block[], exists: (path: string) => boolean): string | undefined {
  const word = /^(if|elif|else|then|fi|while|until|for|do|done|case|esac|\{|\})(?=\s|$)/.exec(piece)?.[1];
  if (word === undefined) return openedPattern(piece, blocks);
  const rest = piece.slice(word.length).trim();
  switch (word) {
    case 'if':
      blocks.push({ kind: 'if', condition: plain(rest, exists) ? undefined : rest });
      return '';
    case 'elif':
    case 'else': {
      const top = blocks.at(-1);
      if (top?.kind === 'if')
        blocks[blocks.length - 1] = {
          kind: 'if',
          condition: word === 'else' ? `not (${top.condition ?? 'found'})` : rest,
        };
      return word === 'else' ? rest : '';
    }
    case 'while':
    case 'until':
    case 'for':
      blocks.push({ kind: 'loop', condition: undefined });
      return '';
    case 'case':
      blocks.push({ kind: 'case', condition: undefined, word: rest.replace(/\s+in\b.*$/, '').replace(/["']/g, '') });
      return /\bin\s+(\S.*)$/.exec(rest)?.[1] ?? '';
    case 'fi':
    case 'esac':
    case 'done':
    case '}':
      close(blocks, word);
      return rest;
    default:
      return rest;
  }
}

function close(blocks: Block[], word: string): void {
  const kind = { fi: 'if', esac: 'case', done: 'loop', '}': 'function' }[word];
  const at = blocks.findLastIndex((block) => block.kind === kind);
  if (at >= 0) blocks.splice(at);
}

/** `start)` of a case, `start() {` of a function. Arguments of the script itself (`$1`) are no condition for `start` and `boot`. */
function openedPattern(piece: string, blocks: Block[]): string | undefined {
  const definition = /^(?:function\s+)?([\w.-]+)\s*\(\s*\)\s*(\{)?/.exec(piece);
  if (definition !== null) {
    const name = definition[1] ?? '';
    blocks.push({
      kind: 'function',
      condition: /^(stop|restart|reload|shutdown|status|usage|uninstall)/.test(name) ? NEVER : undefined,
    });
    return piece.slice(definition[0].length);
  }
  const top = blocks.at(-1);
  const pattern = top?.kind === 'case' ? /^\(?([^()]{1,200})\)\s*/.exec(piece) : null;
  if (pattern === null || top === undefined) return undefined;
  const argument = /^\$\{?[1@*]/.test(top.word ?? '');
  const label = pattern[1] ?? '';
  const always = argument && /\b(start|boot)\b|^\*$/.test(label) && !/\b(stop|restart)\b/.test(label);
  blocks[blocks.length - 1] = {
    ...top,
    condition: always ? undefined : argument ? NEVER : `${top.word ?? ''} is ${label.trim()}`,
  };
  return piece.slice(pattern[0].length);
}

/** Whether a test only asks for what the image has: `[ -x /usr/sbin/telnetd ]`. */
function plain(test: string, exists: (path: string) => boolean): boolean {
  const path = /^\[{0,2}\s*(?:test\s+)?-[xefrs]\s+["']?(\/[\w./-]+)["']?\s*\]{0,2}$/.exec(
    test.replace(/^\[\s/, '[ '),
  )?.[1];
  return path !== undefined && exists(path);
}

/** Splits `a && b || c`: what stands after a test that is not plain is conditional; after `||` it is so too. */
function chain(piece: string, line: number, state: State): void {
  if (state.blocks.some((block) => block.condition === NEVER)) return;
  let condition = state.blocks.findLast((block) => block.condition !== undefined)?.condition ?? state.guard;
  const parts = piece.split(/(&&|\|\|)/);
  let plainTests = true;
  for (const [index, part] of parts.entries()) {
    const text = part.trim();
    if (index % 2 === 1 || text === '') continue;
    if (/^(\[|test\b)/.test(text)) {
      const only = plain(substituted(text, state.variables), state.exists);
      plainTests &&= only;
      if (!only) condition ??= text;
      continue;
    }
    if (parts[index - 1] === '||') condition ??= plainTests && index > 0 ? NEVER : `failure of ${piece.slice(0, 60)}`;
    if (condition !== NEVER) simple(text, line, condition, state);
  }
}

function simple(text: string, line: number, condition: string | undefined, state: State): void {
  const assignment = /^(?:export\s+|local\s+)?(\w+)=("[^"]*"|'[^']*'|[^\s;]*)$/.exec(text);
  if (assignment !== null) {
    if (state.variables.size < 500)
      state.variables.set(
        assignment[1] ?? '',
        substituted((assignment[2] ?? '').replace(/^["']|["']$/g, ''), state.variables),
      );
    return;
  }
  if (/^(exit|return)\b/.test(text)) {
    // What comes after an exit that hangs on a condition hangs on its opposite.
    if (condition !== undefined) state.guard ??= `not ${condition}`;
    return;
  }
  for (const command of text.split(/(?<![|&>])[|&](?![|&>])/)) {
    const words = wordsOf(substituted(command, state.variables));
    if (words.length > 0)
      state.commands.push({
        words,
        line,
        text: command.trim().slice(0, 400),
        ...(condition === undefined ? {} : { condition }),
      });
  }
}

/** `$NAME` and `${NAME}` of variables that the script itself has set to plain text. */
const substituted = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.includes('$')
    ? text.replace(/\$\{?(\w+)\}?/g, (whole: string, name: string) => variables.get(name) ?? whole).slice(0, LINE)
    : text;

/** Words without quotes and redirections; leading assignments are dropped. */
function wordsOf(command: string): readonly string[] {
  const words = (command.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ''));
  const kept = words.filter((word) => !/^\d?[<>]/.test(word) && word !== '&');
  const first = kept.findIndex((word) => !/^\w+=/.test(word));
  return first < 0 ? [] : kept.slice(first);
}
