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
): { readonly commands: readonly InittabCommand[]; readonly consoles: readonly Console[] } {
  const commands: InittabCommand[] = [];
  const consoles: Console[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const parts = line.startsWith('#') ? [] : line.split(':');
    const [id = '', , action = ''] = parts;
    const process = parts.slice(3).join(':').trim().replace(/^-/, '');
    if (!RUNS.has(action) || process === '') continue;
    const words = process.split(/\s+/);
    commands.push({ words, line: index + 1, text: process });
    const console = INTERACTIVE.has(action) ? consoleOf(id, words, file, index + 1) : undefined;
    if (console !== undefined) consoles.push(console);
  }
  return { commands, consoles };
}

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
