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

/** What an inittab runs at boot, and on which consoles somebody can sit down. */
export function inittabOf(
  text: string,
  file: string,
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
  for (const { id, levels, action, process, line } of lines) {
    if (!RUNS.has(action) || process === '' || !isOn(levels, level)) continue;
    const words = process.split(/\s+/);
    commands.push({ words, line, text: process });
    const console = INTERACTIVE.has(action) ? consoleOf(id, words, file, line) : undefined;
    if (console !== undefined) consoles.push(console);
  }
  return { commands, consoles, ...(level === undefined ? {} : { level }) };
}

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

function consoleOf(id: string, words: readonly string[], file: string, line: number): Console | undefined {
  const [program = ''] = words;
  const base = program.slice(program.lastIndexOf('/') + 1);
  const kind = loginOf(base, words);
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

/** Undefined when the program gives nobody a console. */
function loginOf(base: string, words: readonly string[]): Console['login'] | undefined {
  if (/^(sh|ash|bash|dash|cttyhack)$/.test(base)) return runsScript(words) ? undefined : 'none';
  if (base === 'login' || base === 'sulogin') return words.includes('-f') ? 'none' : 'password';
  return /^(getty|agetty|mgetty|mingetty|askfirst)$/.test(base) ? gettyLogin(words) : undefined;
}

const runsScript = (words: readonly string[]): boolean =>
  words.includes('-c') || words.some((word) => /rcS|\.sh$|^\/etc\//.test(word));

function gettyLogin(words: readonly string[]): Console['login'] {
  const own = words.findIndex((word) => word === '-l' || word === '--login-program');
  const shell = own >= 0 && /\/(ba|da|a)?sh$/.test(words[own + 1] ?? '');
  return shell || words.some((word) => /^(-a|--autologin)/.test(word)) ? 'none' : 'password';
}
