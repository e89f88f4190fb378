/** inittab of BusyBox and SysV: `id:runlevels:action:process`. */

export interface Console {
  readonly device: string;
  readonly serial: boolean;
  readonly program: string;
  readonly login: 'password' | 'none' | 'unknown';
  readonly started: 'always' | 'unknown';
  readonly file: string;
  readonly line: number;
}

export interface InittabCommand {
  readonly words: readonly string[];
  readonly line: number;
  readonly text: string;
}

const RUNS = new Set([
  'sysinit',
  'boot',
  'bootwait',
  'wait',
  'once',
  'respawn',
  'askfirst',
  'respawnlate',
  'askconsole',
  'askconsolelate',
]);
const INTERACTIVE = new Set(['respawn', 'askfirst', 'respawnlate', 'askconsole', 'askconsolelate', 'once']);

/** Who is let in by a program that is no getty and no shell, as far as the image says. */
export type LoginOf = (program: string) => Console['login'] | undefined;

/** What an inittab runs at boot, and on which consoles somebody can sit down. */
export function inittabOf(
  text: string,
  file: string,
  scripted: LoginOf,
): {
  readonly commands: readonly InittabCommand[];
  readonly consoles: readonly Console[];
  /** The run level that SysV's init comes up in. */
  readonly level?: string;
} {
  const commands: InittabCommand[] = [];
  const consoles: Console[] = [];
  const lines = linesOf(text);
  const level = lines.find(({ action }) => action === 'initdefault')?.levels;
  for (const { id, action, process, line } of lines.filter((one) => isRun(one, level))) {
    const words = process.split(/\s+/);
    commands.push({ words, line, text: process });
    const sits = sitsThere(action, id);
    const console = INTERACTIVE.has(action)
      ? consoleOf(id, words, { file, line, scripted: (program) => scripted(program) ?? (sits ? 'unknown' : undefined) })
      : undefined;
    if (console !== undefined) consoles.push(console);
  }
  return { commands, consoles, ...(level === undefined ? {} : { level }) };
}

const isRun = ({ action, process, levels }: Line, level: string | undefined): boolean =>
  RUNS.has(action) && process !== '' && isOn(levels, level);

/** BusyBox's `ask…` wait for somebody to press a key, and a line of a terminal's own belongs to whoever sits there. */
const sitsThere = (action: string, id: string): boolean =>
  action.startsWith('ask') || (action === 'respawn' && /^(tty|console)/.test(id));

interface Line {
  readonly id: string;
  readonly levels: string;
  readonly action: string;
  readonly process: string;
  readonly line: number;
}

const linesOf = (text: string): readonly Line[] =>
  text.split('\n').flatMap((raw, index) => {
    const [id = '', levels = '', action = '', ...rest] = raw.trim().split(':');
    const process = rest.join(':').trim().replace(/^-/, '');
    return id.startsWith('#') ? [] : [{ id, levels, action, process, line: index + 1 }];
  });

/** A line without run levels counts in all; BusyBox has none, and its lines hold a console there or nothing. */
const isOn = (levels: string, level: string | undefined): boolean =>
  level === undefined || !/^[0-9sS]+$/.test(levels) || /[sS]/.test(levels) || levels.includes(level);

/** Where the line stands, and who is let in by a program that is neither a shell nor a getty. */
interface At {
  readonly file: string;
  readonly line: number;
  readonly scripted: LoginOf;
}

export function consoleOf(id: string, words: readonly string[], { file, line, scripted }: At): Console | undefined {
  const [program = '', ...rest] = bareOf(words);
  const kind = loginOf(program, rest, scripted);
  if (kind === undefined) return undefined;
  const named = words.find((word) => /^(\/dev\/)?(tty|console|ttyS|ttyAMA)/.test(word));
  const device = (named ?? (id === '' || /^[\d\w]{1,2}$/.test(id) ? 'console' : id)).replace(/^\/dev\//, '');
  return {
    device,
    serial: isSerial(device),
    program: words.join(' ').slice(0, 200),
    login: kind,
    started: 'always',
    file,
    line,
  };
}

const WRAPPERS = /^(busybox|toybox|setsid|exec|env|nice|nohup|cttyhack)$/;
const baseOf = (program: string): string => program.slice(program.lastIndexOf('/') + 1);

/** A command without what wraps it: `/bin/busybox sh`, `setsid -c cttyhack sh`. */
function bareOf(words: readonly string[]): readonly string[] {
  let list = words;
  for (let turn = 0; turn < 5 && list.length > 1 && WRAPPERS.test(baseOf(list[0] ?? '')); turn += 1) {
    const next = list.findIndex((word, index) => index > 0 && !/^-|^\d+$|^\w+=/.test(word));
    if (next < 0) return list;
    list = list.slice(next);
  }
  return list;
}

/** Serial lines, and `console`, which on an embedded device is the serial line that the kernel was given. */
export const isSerial = (device: string): boolean =>
  /^(ttyS|ttyAMA|ttyO|ttymxc|ttyUL|ttyPS|ttyMSM|ttyLP|ttySC|ttyHSL|ttyGS|ttyATH|ttyFIQ|hvc|console)/.test(device);

/** Programs that give whoever sits there a command line. */
export const isShell = (program: string): boolean =>
  /^-?(ba|da|a|z|k|mk|hu|tc|c|fi|l)?sh$|^cttyhack$/.test(baseOf(program));
const GETTY = /^(a|m|min|ng|fb)?getty$/;
export const isGetty = (program: string): boolean => GETTY.test(baseOf(program));

/** Undefined when the program gives nobody a console. */
function loginOf(program: string, rest: readonly string[], scripted: LoginOf): Console['login'] | undefined {
  const base = baseOf(program);
  if (isShell(program)) return runsScript(rest) ? undefined : 'none';
  if (/^(login|sulogin)$/.test(base)) return rest.includes('-f') ? 'none' : 'password';
  // Called by init, which is root, it asks for nothing.
  if (base === 'su') return rest.includes('-c') ? undefined : 'none';
  return GETTY.test(base) ? gettyLogin(rest, scripted) : scripted(program);
}

const runsScript = (rest: readonly string[]): boolean =>
  rest.includes('-c') || rest.some((word) => /rcS|\.sh$|^\/etc\//.test(word));

/** getty(8), agetty(8), mingetty(8): who asks for the password, and whether anybody does. */
function gettyLogin(rest: readonly string[], scripted: LoginOf): Console['login'] {
  if (rest.some((word) => /^(-a\S*|--autologin(=.*)?)$/.test(word))) return 'none';
  const options = rest.findIndex((word) => /^(-o|--login-options)/.test(word));
  if (options >= 0 && /(^|["'\s])-f\b/.test(rest.slice(options, options + 4).join(' '))) return 'none';
  const at = rest.findIndex((word) => /^(-l|--login-program|--loginprog)/.test(word));
  const own = /^(?:-l|--login-program=|--loginprog=)(\/.*)$/.exec(rest[at] ?? '')?.[1] ?? rest[at + 1] ?? '';
  if (at < 0 || /^(login|sulogin)$/.test(baseOf(own))) return 'password';
  return isShell(own) ? 'none' : (scripted(own) ?? 'unknown');
}
