/** A start script as a list of simple commands: which run always, which under a condition. A reader of habits, no shell. POSIX.1 §2. */

import { posix } from 'node:path';
import { type Block, CLOSES, endingIn, functionIn, loopNamed, mentions } from './shell-blocks.ts';
import { atBoot, both, filesListed, isAnyScript, isPassed, negated, TRUE } from './shell-tests.ts';
import { assignmentsIn, endOfDocument, LINE, split, substituted, withoutComment, wordsOf } from './shell-words.ts';

/** One simple command, its words without quotes, where it stands. */
export interface ShellCommand {
  readonly words: readonly string[];
  readonly line: number;
  /** Text of the innermost condition that it hangs on, if any. */
  readonly condition?: string;
  readonly text: string;
  /** Reads what the command before it writes. */
  readonly piped?: boolean;
}

/** Hangs on an action that no boot asks for: `stop)` or `stop() {`. */
const NEVER = '\u0000';
/** Lines of a script that are read; whoever reads a longer one must tell that its end was not seen. */
export const LINES = 5000;

/** What a script has come to: its open blocks, its variables, and an early exit that the rest hangs on. */
interface State {
  readonly blocks: Block[];
  readonly commands: (ShellCommand & { readonly within?: string })[];
  readonly variables: Map<string, string>;
  readonly exists: (path: string) => boolean;
  readonly sourced: (path: string) => string | undefined;
  readonly functions: Set<string>;
  /** What was run of each function: under which condition, inside which other. */
  readonly calls: Map<string, Call[]>;
  /** Starts `#!/bin/sh /etc/rc.common`, or hands its first argument on: `start` is called from outside. */
  dispatched: boolean;
  guard: string | undefined;
  /** The same of a `return`, until its function ends. */
  returned: string | undefined;
  /** A function was named and its brace comes on a later line. */
  braceless: boolean;
  /** Where a `cd` has gone, when that is plain. */
  folder: string | undefined;
}

interface Call {
  readonly condition: string | undefined;
  readonly within: string | undefined;
}

/** Functions that OpenWrt's rc.common and its like call. */
const ENTRIES = /^(start|boot|start_service|start_pre|start_post)$/;
const VALUES = 100;
const CALLS = 200;
const COMMANDS = 20_000;

/**
 * Reads a script. `exists(path)` tells whether a program or file is in the image, so that `[ -x /sbin/x ] && x` is no condition;
 * `sourced(path)` gives the text of a file of settings that it reads in; `cut` is told where commands were left out.
 */
export function readScript(
  text: string,
  exists: (path: string) => boolean,
  sourced: (path: string) => string | undefined = () => undefined,
  cut: (why: string) => void = () => undefined,
): readonly ShellCommand[] {
  const state: State = {
    blocks: [],
    commands: [],
    variables: new Map(),
    exists,
    sourced,
    functions: new Set(),
    calls: new Map(),
    dispatched: /^#!\s*(\S+\s+\/etc\/rc\.common|\S*\/(openrc-run|runscript))/.test(text),
    guard: undefined,
    returned: undefined,
    braceless: false,
    folder: undefined,
  };
  let joined = '';
  const lines = text.split('\n').slice(0, LINES);
  const ends = lines.map((line) => line.trim());
  let skipped = 0;
  for (const [index, raw] of lines.entries()) {
    if (index < skipped) continue;
    const line = joined + raw.slice(0, LINE);
    if (line.endsWith('\\') && line.length < LINE) {
      joined = line.slice(0, -1);
      continue;
    }
    joined = '';
    const bare = withoutComment(line);
    for (const piece of split(bare)) take(piece.trim(), index + 1, state);
    skipped = endOfDocument(bare, ends, index);
  }
  if (state.commands.length >= COMMANDS) cut('a start script runs more commands than were followed');
  const conditions = new Map<string, string | undefined>();
  return state.commands.flatMap(({ within, ...command }) => {
    const outer = within === undefined ? undefined : conditionOf(within, state, conditions, 0);
    if (outer === NEVER) return [];
    return [outer === undefined ? command : { ...command, condition: both(command.condition, outer) }];
  });
}

const CALL_DEPTH = 40;

/** What the body of a function hangs on: nothing when some call is certain, else the condition of a call. */
function conditionOf(
  name: string,
  state: State,
  known: Map<string, string | undefined>,
  depth: number,
): string | undefined {
  if (known.has(name)) return known.get(name);
  if (state.dispatched && ENTRIES.test(name)) return undefined;
  const calls = state.calls.get(name) ?? [];
  // Nothing in the file calls its start: what runs the file does.
  if (calls.length === 0 && ENTRIES.test(name)) return undefined;
  if (calls.length === 0 || depth > CALL_DEPTH) return `the function ${name} is called`;
  // One that only calls itself is never come to.
  known.set(name, NEVER);
  const conditions = calls.map(({ condition, within }) =>
    condition === undefined && within !== undefined ? conditionOf(within, state, known, depth + 1) : condition,
  );
  const condition = conditions.includes(undefined) ? undefined : (conditions.find((one) => one !== NEVER) ?? NEVER);
  known.set(name, condition);
  return condition;
}

function take(piece: string, line: number, state: State): void {
  let rest = piece;
  for (;;) {
    const next = opened(rest, state);
    if (next === undefined) break;
    rest = next.trim();
  }
  if (!/^(|\}|esac|fi|done)$/.test(rest)) chain(rest, line, state);
}

/** Handles one word of structure at the start; gives what follows it, or undefined when there is none. */
function opened(piece: string, state: State): string | undefined {
  const { blocks } = state;
  const word = /^(if|elif|else|then|fi|while|until|for|do|done|case|esac|\{|\})(?=\s|$)/.exec(piece)?.[1];
  if (word === undefined) return openedPattern(piece, state);
  const rest = piece.slice(word.length).trim();
  switch (word) {
    case 'if':
      blocks.push({ kind: 'if', condition: tested(substituted(rest, state.variables), rest, state) });
      return '';
    case 'elif':
    case 'else': {
      const top = blocks.at(-1);
      if (top?.kind === 'if')
        blocks[blocks.length - 1] = {
          kind: 'if',
          condition: word === 'elif' ? rest : top.condition === NEVER ? undefined : `not (${top.condition ?? 'found'})`,
        };
      return word === 'else' ? rest : '';
    }
    case 'while':
    case 'until':
    case 'for':
      blocks.push({ kind: 'loop', condition: undefined, ...(word === 'for' ? loopOf(rest, state) : {}) });
      return '';
    case 'case':
      blocks.push({ kind: 'case', condition: undefined, word: rest.replace(/\s+in\b.*$/, '').replace(/["']/g, '') });
      return /\bin\s+(\S.*)$/.exec(rest)?.[1] ?? '';
    case 'fi':
    case 'esac':
    case 'done':
    case '}':
      close(state, word);
      return rest;
    case '{':
      // A line of an awk program within quotes ends on its brace; a group's last command ends on `;`.
      if (!state.braceless && !rest.endsWith('}')) blocks.push({ kind: 'group', condition: undefined });
      state.braceless = false;
      return rest;
    default:
      return rest;
  }
}

/** What a branch hangs on: nothing after a test that the image itself answers, its text after any other. */
function tested(test: string, text: string, state: State): string | undefined {
  const answer = atBoot(test);
  if (answer !== undefined) return answer ? undefined : NEVER;
  return plain(test, state) ? undefined : text;
}

function loopOf(rest: string, { variables }: State): { readonly loop?: NonNullable<Block['loop']> } {
  const [, name, list = ''] = /^(\w+)\s+in\s+(.*)$/.exec(rest) ?? [];
  if (name === undefined) return {};
  return { loop: { name, values: wordsOf(filesListed(substituted(list, variables))).slice(0, VALUES) } };
}

function close(state: State, word: string): void {
  const { blocks } = state;
  const kinds = CLOSES[word] ?? [];
  const at = blocks.findLastIndex(({ kind }) => kinds.includes(kind));
  if (at < 0) return;
  const kind = blocks[at]?.kind;
  blocks.splice(at);
  if (kind === 'function') state.returned = undefined;
}

/** `start)` of a case, `start() {` of a function. Arguments of the script itself (`$1`) are no condition for `start` and `boot`. */
function openedPattern(piece: string, state: State): string | undefined {
  const { blocks, functions } = state;
  if (piece.startsWith(')') && blocks.some(({ kind }) => kind === 'subshell')) {
    close(state, ')');
    return piece.slice(1);
  }
  const definition = /^(?:function\s+)?([\w.-]+)\s*\(\s*\)\s*(\{)?/.exec(piece);
  if (definition !== null) {
    const name = definition[1] ?? '';
    functions.add(name);
    state.braceless = definition[2] === undefined;
    blocks.push({
      kind: 'function',
      name,
      condition: /^(stop|restart|reload|shutdown|status|usage|uninstall)/.test(name) ? NEVER : undefined,
    });
    return piece.slice(definition[0].length);
  }
  const top = blocks.at(-1);
  const pattern = top?.kind === 'case' ? /^\(?([^()]{1,200})\)\s*/.exec(piece) : null;
  if (pattern === null || top === undefined) return undefined;
  const argument = /^\$\{?[1@*]/.test(top.word ?? '');
  const label = pattern[1] ?? '';
  const ofLoop = loopNamed(top.word ?? '', blocks) !== undefined && isAnyScript(label);
  const always = ofLoop || (argument && /\b(start|boot)\b|^\*$/.test(label) && !/\b(stop|restart)\b/.test(label));
  const condition = always ? undefined : argument ? NEVER : `${top.word ?? ''} is ${label.trim()}`;
  blocks[blocks.length - 1] = { ...top, condition, ending: ofLoop && label.trim() !== '*' ? '.sh' : '' };
  return piece.slice(pattern[0].length);
}

/** Whether a test only asks for what the image has: `[ -x /usr/sbin/telnetd ]`. */
function plain(test: string, state: State): boolean {
  const path = /^\[{0,2}\s*(?:test\s+)?-[xefrs]\s+["']?(\$\w+|\$\{\w+\}|\/[\w./*?-]+)["']?\s*\]{0,2}$/.exec(
    test.replace(/^\[\s/, '[ '),
  )?.[1];
  if (path === undefined) return false;
  // Of the files that a loop goes through there is no question whether they are.
  return path.startsWith('$') ? loopNamed(path, state.blocks) !== undefined : /[*?]/.test(path) || state.exists(path);
}

/** Splits `a && b || c`: what stands after a test that is not plain is conditional; after `||` it hangs on the opposite. */
function chain(whole: string, line: number, state: State): void {
  const piece = endsSubshell(whole, state) ? whole.slice(0, whole.lastIndexOf(')')) : whole;
  if (piece.trim() !== '') links(piece, line, state);
  if (piece !== whole) close(state, ')');
}

/** A bracket at the end that none on the same piece opens: `( a; b )`. */
const endsSubshell = (piece: string, { blocks }: State): boolean =>
  /\)\s*&?$/.test(piece) &&
  blocks.some(({ kind }) => kind === 'subshell') &&
  piece.split(')').length > piece.split('(').length;

function links(piece: string, line: number, state: State): void {
  if (state.guard === NEVER || state.blocks.some(({ condition }) => condition === NEVER)) {
    noteCall(wordsOf(piece), NEVER, state);
    return;
  }
  let outer = state.blocks.findLast((block) => block.condition !== undefined)?.condition;
  for (const guard of [state.guard, state.returned]) if (guard !== undefined) outer = both(outer, guard);
  const parts = piece.split(/(&&|\|\|)/);
  let own: string | undefined;
  for (const [index, part] of parts.entries()) {
    const text = part.trim();
    if (index % 2 === 1 || text === '') continue;
    const isTest = /^(\[|test\b)/.test(text) || atBoot(text) !== undefined;
    if (parts[index - 1] === '||') own = otherwise(own, parts.slice(0, index), piece);
    if (isTest) own = alsoIf(own, tested(substituted(text, state.variables), text, state));
    else {
      const body = grouped(text, own, state);
      if (own !== NEVER && body !== '') simple(body, line, own === undefined ? outer : both(outer, own), state);
    }
  }
}

/** `test && {` and `test || (`: what follows on other lines hangs on the test too. Gives the command that stands behind the bracket. */
function grouped(text: string, condition: string | undefined, { blocks }: State): string {
  const group = /^\{(\s|$)/.test(text);
  if (!group && !/^\((?!\()[^)]*$/.test(text)) return text;
  blocks.push({ kind: group ? 'group' : 'subshell', condition });
  return text.slice(1).trim();
}

const alsoIf = (one: string | undefined, other: string | undefined): string | undefined =>
  one === NEVER || other === undefined ? one : other === NEVER ? NEVER : both(one, other);

/** What hangs on `||`: a test that does not hold, or a command that fails. */
function otherwise(own: string | undefined, before: readonly string[], piece: string): string | undefined {
  if (own === NEVER) return undefined;
  if (own !== undefined) return negated(own);
  const isTest = (part: string): boolean => /^(\[|test\b)/.test(part) || TRUE.test(part) || atBoot(part) !== undefined;
  const onlyTests = before.every((part, index) => index % 2 === 1 || isTest(part.trim()));
  return onlyTests ? NEVER : `failure of ${piece.slice(0, 60)}`;
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
    // What comes after an exit that hangs on a condition hangs on its opposite; after one at the outermost nothing is come to.
    if (condition === undefined) {
      if (/^exit\b[^)]*$/.test(text) && state.blocks.length === 0) state.guard = NEVER;
      return;
    }
    if (isPassed(condition, state.blocks)) return;
    if (text.startsWith('exit')) state.guard = both(state.guard, negated(condition));
    else state.returned = both(state.returned, negated(condition));
    return;
  }
  leave(text, condition, state);
  readSettings(/^(?:\.|source)\s+["']?(\/[\w./-]+)/.exec(text)?.[1], state);
  const loop = loopNamed(text, state.blocks);
  let piped = false;
  for (const [index, command] of text.split(/(?<![|&><])([|&])(?![|&>])/).entries()) {
    if (index % 2 === 1) {
      piped = command === '|';
      continue;
    }
    const values =
      loop !== undefined && mentions(command, loop.name) ? endingIn(loop.values, state.blocks) : [undefined];
    for (const value of values) {
      if (state.commands.length >= COMMANDS) return;
      const variables =
        value === undefined || loop === undefined ? state.variables : new Map(state.variables).set(loop.name, value);
      push(wordsOf(substituted(command, variables)), { text: command, line, condition, piped }, state);
    }
  }
}

/** What is run in the script's own place (`exec`) is not come back from. */
function leave(text: string, condition: string | undefined, state: State): void {
  if (!/^exec\s+(?!\d*[<>])\S/.test(text)) return;
  if (condition !== undefined) {
    if (!isPassed(condition, state.blocks)) state.guard = both(state.guard, negated(condition));
  } else if (state.blocks.length === 0) state.guard = NEVER;
}

/** The plain assignments of a file that is read in. */
function readSettings(path: string | undefined, { sourced, variables }: State): void {
  const text = path === undefined ? undefined : sourced(path);
  for (const [name, value] of assignmentsIn(text ?? ''))
    if (variables.size < 500) variables.set(name, substituted(value, variables));
}

interface Pushed {
  readonly text: string;
  readonly line: number;
  readonly condition: string | undefined;
  readonly piped: boolean;
}

function push(given: readonly string[], { text, line, condition, piped }: Pushed, state: State): void {
  if (given[0] === 'cd') state.folder = /^\/[\w./-]*$/.test(given[1] ?? '') ? given[1] : undefined;
  const words = given
    .slice(0, 2)
    .map((word) => placed(word, state))
    .concat(given.slice(2));
  if (words.length === 0) return;
  if (/^\$\{?[1@*]/.test(words[0] ?? '')) state.dispatched = true;
  noteCall(words, condition, state);
  const within = functionIn(state.blocks);
  state.commands.push({
    words,
    line,
    text: text.trim().slice(0, 400),
    ...(piped ? { piped } : {}),
    ...(condition === undefined ? {} : { condition }),
    ...(within === undefined ? {} : { within }),
  });
}

/** `./run.sh` after `cd /app`. */
const placed = (word: string, { folder }: State): string =>
  folder === undefined || !/^\.\.?\/[\w./-]{1,200}$/.test(word) ? word : posix.resolve(folder, word);

/** Functions are called by name, and handed on by name: `config_foreach start_instance dropbear`. */
function noteCall(words: readonly string[], condition: string | undefined, state: State): void {
  const failsafe = words[0] === 'boot_hook_add' && words[1] === 'failsafe' ? 'fail-safe mode is entered' : undefined;
  const call = { condition: condition ?? failsafe, within: functionIn(state.blocks) };
  for (const word of words.slice(0, 4)) {
    if (!/^[A-Za-z_][\w.-]*$/.test(word)) continue;
    const list = state.calls.get(word);
    if (list === undefined) state.calls.set(word, [call]);
    else if (list.length < CALLS) list.push(call);
  }
}
