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
    const other = sitsThere(action, id) ? (scripted(words[0] ?? '') ?? 'unknown') : undefined;
    const console = INTERACTIVE.has(action) ? consoleOf(id, words, file, line, other) : undefined;
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

/** `other` is what a program lets in that is neither a shell nor a getty. */
export function consoleOf(
  id: string,
  words: readonly string[],
  file: string,
  line: number,
  other?: Console['login'],
): Console | undefined {
  const [program = ''] = words;
  const base = program.slice(program.lastIndexOf('/') + 1);
  const known = KNOWN.test(base);
  const kind = known ? loginOf(base, words) : other;
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

/** Serial lines, and `console`, which on an embedded device is the serial line that the kernel was given. */
export const isSerial = (device: string): boolean =>
  /^(ttyS|ttyAMA|ttyO|ttymxc|ttyUL|ttyPS|ttyMSM|ttyLP|ttySC|ttyHSL|ttyGS|ttyATH|ttyFIQ|hvc|console)/.test(device);

const KNOWN = /^(sh|ash|bash|dash|cttyhack|login|sulogin|getty|agetty|mgetty|mingetty|askfirst)$/;

/** Undefined when the program gives nobody a console. */
function loginOf(base: string, words: readonly string[]): Console['login'] | undefined {
  if (/^(sh|ash|bash|dash|cttyhack)$/.test(base)) return runsScript(words) ? undefined : 'none';
  if (base === 'login' || base === 'sulogin') return words.includes('-f') ? 'none' : 'password';
  return gettyLogin(words);
}

const runsScript = (words: readonly string[]): boolean =>
  words.includes('-c') || words.some((word) => /rcS|\.sh$|^\/etc\//.test(word));

function gettyLogin(words: readonly string[]): Console['login'] {
  const own = words.findIndex((word) => word === '-l' || word === '--login-program');
  const shell = own >= 0 && /\/(ba|da|a)?sh$/.test(words[own + 1] ?? '');
  return shell || words.some((word) => /^(-a|--autologin)/.test(word)) ? 'none' : 'password';
}
