/** Consoles that a start script opens: a getty, a login, or a shell that sits on a terminal. */
import type { ShellCommand } from '../../../codecs/formats/shell-script.ts';
import { type Console, consoleOf, isGetty, isShell } from './inittab.ts';

const TERMINAL = /<>?\s*\/dev\/(tty\w+|console)\b/;

/** A shell that is fed by a file, a script or the text that follows talks to nobody. */
const isInteractive = (text: string, rest: readonly string[], device: string | undefined): boolean =>
  !text.includes('<<') &&
  (device !== undefined || !text.includes('<')) &&
  rest.every((word) => /^(-[il]+|--login|\/dev\/\w+)$/.test(word));

const isAimed = (base: string, rest: readonly string[], device: string | undefined): boolean =>
  base.endsWith('login') || rest.length > 0 || device !== undefined;

/** The console that one command opens, if any; `words` without what wraps it. */
export function consoleIn(
  words: readonly string[],
  { text, line, piped }: ShellCommand,
  file: string,
  condition: string | undefined,
): Console | undefined {
  const device = TERMINAL.exec(text)?.[1];
  const [program = '', ...rest] = words[0]?.endsWith('cttyhack') === true ? words.slice(1) : words;
  const base = program.slice(program.lastIndexOf('/') + 1);
  if (!isShell(base) && !isGetty(base) && !/^(login|sulogin)$/.test(base)) return undefined;
  const sits = isShell(base) ? piped !== true && isInteractive(text, rest, device) : isAimed(base, rest, device);
  if (!sits) return undefined;
  const console = consoleOf(device ?? '', [program, ...rest], { file, line, scripted: () => undefined });
  return console === undefined ? undefined : { ...console, started: condition === undefined ? 'always' : 'unknown' };
}
