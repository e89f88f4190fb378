/** Lines of a shell script as pieces and words, and the variables in them: quotes, comments, assignments. POSIX.1 §2. */

/** Of a line so much is read. */
export const LINE = 4096;

/** Cuts a comment that is not inside quotes. */
export function withoutComment(line: string): string {
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
export function split(line: string): readonly string[] {
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

/** The line after a here-document that begins on this one: text that is written somewhere, no commands, unless a shell is given it. */
export function endOfDocument(line: string, ends: readonly string[], index: number): number {
  const word = /(?<!<)<<-?\s*["']?([A-Za-z_]\w{0,40})["']?(?!\w|\s*\)\))/.exec(line)?.[1];
  if (word === undefined || /^\s*(\S*\/)?(ba|da|a)?sh\b/.test(line)) return 0;
  return ends.indexOf(word, index + 1) + 1;
}

/** `$NAME` and `${NAME}` of variables that the script itself has set to plain text. */
export const substituted = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.includes('$')
    ? text.replace(/\$\{?(\w+)\}?/g, (whole: string, name: string) => variables.get(name) ?? whole).slice(0, LINE)
    : text;

/** Words without quotes and redirections; leading assignments are dropped. */
export function wordsOf(command: string): readonly string[] {
  const words = (command.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ''));
  const kept = words.filter((word) => !/^\d?[<>]/.test(word) && word !== '&');
  const first = kept.findIndex((word) => !/^\w+=/.test(word));
  return first < 0 ? [] : kept.slice(first);
}

const SETTINGS = 64 << 10;
const ASSIGNED = /^[ \t]*(?:export[ \t]+)?(\w+)=("[^"\n]*"|'[^'\n]*'|[^\s;#]*)[ \t]*$/gm;

/** The lines of a file of settings that set a variable to plain text, without their quotes. */
export const assignmentsIn = (text: string): readonly (readonly [string, string])[] =>
  [...text.slice(0, SETTINGS).matchAll(ASSIGNED)].map(([, name = '', value = '']) => [
    name,
    value.replace(/^["']|["']$/g, ''),
  ]);
