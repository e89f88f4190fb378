/** Risky habits in the scripts and pages of an image: what runs from a stick or off the network, and what reaches a shell or a log. */
import { VERIFIES } from './clients.ts';

export type Habit = 'runs-from-removable' | 'download-and-run' | 'secret-in-log' | 'eval-of-request';

/** What a web server hands a script of a request. */
const REQUEST =
  '\\$\\{?(?:QUERY_STRING|REQUEST_URI|PATH_INFO|HTTP_(?:COOKIE|HOST|REFERER|USER_AGENT|X_[A-Z_]{1,40})|POST_?(?:DATA|BODY|STRING|QUERY)|FORM_\\w{1,40})\\b';
const REACHES_SHELL: readonly RegExp[] = [
  new RegExp(`\\beval\\b[^#\\n]{0,300}${REQUEST}`),
  new RegExp(`\\b(?:ba|da|a)?sh\\s+-c\\b[^#\\n]{0,300}${REQUEST}`),
  /\b(?:system|exec|shell_exec|passthru|popen|proc_open)\s{0,4}\([^;\n]{0,300}\$_(?:GET|POST|REQUEST|COOKIE)\b/,
  /`[^`\n]{0,300}\$_(?:GET|POST|REQUEST|COOKIE)\b/,
  /\b(?:os\.execute|io\.popen|sys\.(?:call|exec)|util\.exec)\s{0,4}\([^\n]{0,300}\b(?:formvalue|get_uri_args|get_post_args|var\.arg_\w)/,
  /\b(?:os\.(?:system|popen)|subprocess\.\w{1,20})\s{0,4}\([^\n]{0,300}\b(?:request\.(?:args|form|values|json|GET|POST)\b|getvalue\()/,
];
/** What makes a part of a request one word for the shell. */
const QUOTED = /escapeshell(arg|cmd)|shellquote|shlex\.quote/;

// Where cards and sticks are mounted: below /mnt and /media, and in folders named after them.
const REMOVABLE =
  /(?:^|[;&|]\s*|\b(?:sh|source|exec|\.)\s+)["']?\/(?:[\w.-]{1,40}\/){0,4}(?:usb\w*|sdcard\w*|sd[a-z]\d*|mmc\w*|udisk\w*|tfcard|usbdisk)\/[\w/.-]{0,80}\.(?:sh|bin)\b/;
const SHELL = '(?:\\S{0,40}\\/)?(?:busybox\\s+)?(?:ba|da|a)?sh\\b';
const RUN_AT_ONCE: readonly RegExp[] = [
  new RegExp(`\\b(?:wget|curl|tftp)\\b[^;|\\n]{0,400}(?:\\||;|&&)\\s*(?:sudo\\s+)?${SHELL}`),
  new RegExp(`(?:\\b(?:eval|source)|${SHELL}\\s+-c|(?:^|[;&|])\\s*\\.)\\s+["']?[$<]\\(\\s*(?:wget|curl)\\b`),
  new RegExp(`(?:\\beval|${SHELL}\\s+-c)\\s+["']?\`\\s*(?:wget|curl)\\b`),
];

/** By what a text names something of a request. */
export const REQUESTED: readonly string[] = [
  ...['QUERY_STRING', 'REQUEST_URI', 'PATH_INFO', 'HTTP_', 'POST', 'FORM_', '$_GET', '$_REQUEST', '$_COOKIE'],
  ...['formvalue', 'get_uri_args', 'get_post_args', 'var.arg_', 'request.', 'getvalue'],
];
const REQUEST_HINT = new RegExp(REQUESTED.map((word) => word.replace(/[$.]/g, '\\$&')).join('|'));
/** What every line has that shows a habit: one search that costs little, before the many that cost more. */
const HINT = new RegExp(`usb|sdcard|sd[a-z]|mmc|disk|tfcard|wget|curl|tftp|logger|echo|${REQUEST_HINT.source}`);

/** The habit that one line of a script shows, if any; `paths` are the variables of the script that name files. */
export function habitOf(line: string, paths: () => ReadonlySet<string>): Habit | undefined {
  if (!HINT.test(line)) return undefined;
  if (REMOVABLE.test(line.trimStart())) return 'runs-from-removable';
  if (RUN_AT_ONCE.some((form) => form.test(line))) return 'download-and-run';
  if (reachesShell(line)) return 'eval-of-request';
  if (!/\blogger\b|\/dev\/console|\.log\b/.test(line)) return undefined;
  const logged = loggedIn(line);
  return logged !== undefined && !paths().has(logged) ? 'secret-in-log' : undefined;
}
const SAYS = /\b(?:logger|echo)\b/i;
const SECRET = /\$\{?(\w*(?:password|passwd|psk|secret)\w*)/gi;

/** The variable that a command hands to a log, in steps: one pattern for all of it would try every variable with every redirection. */
function loggedIn(line: string): string | undefined {
  const commands = line.split(/[|;]/);
  return commands
    .map((command, index) => {
      const said = command.slice(SAYS.exec(command)?.index ?? command.length);
      const end = index === commands.length - 1 ? said.length : lastLogOf(said);
      return [...said.slice(0, end).matchAll(SECRET)].at(-1)?.[1];
    })
    .find((name) => name !== undefined);
}

/** Where the last redirection into a log begins; 0 without one. */
function lastLogOf(command: string): number {
  let [last, at] = [0, 0];
  for (const [index, part] of command.split('>').entries()) {
    if (index > 0 && /^\s*\S*(?:log|console)/i.test(part)) last = at - 1;
    at += part.length + 1;
  }
  return last;
}

/** Variables that name a file: the name of a file of secrets is none. */
export const pathsIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/(?:^|\s)(\w+)=["']?(?:\$\{?\w{1,40}\}?)?\//gm)].map(([, name = '']) => name));

/** A part of a request goes into a line that a shell reads. */
export const reachesShell = (line: string): boolean =>
  REQUEST_HINT.test(line) && !QUOTED.test(line) && REACHES_SHELL.some((form) => form.test(line));

const FETCHED =
  /\b(?:wget\b[^;|\n]{0,300}\s-\w{0,4}O|curl\b[^;|\n]{0,300}\s(?:-\w{0,4}o|--output)|tftp\b[^;|\n]{0,200}\s-l)\s{0,4}["']?((?:\/|\$)[\w./${}-]{2,120})/;
const FETCHES = /wget|curl|tftp/;
const PENDING = 32;

/** The lines that run what an earlier line of the same script has fetched, and nothing has verified. */
export const runsFetched = (lines: readonly string[]): readonly number[] =>
  lines.some((line) => FETCHES.test(line)) ? runsOf(lines) : [];

function runsOf(lines: readonly string[]): readonly number[] {
  const fetched = new Set<string>();
  const found: number[] = [];
  for (const [index, line] of lines.entries()) {
    if (/^\s*#/.test(line) || line.length > 1000) continue;
    if (VERIFIES.test(line)) fetched.clear();
    const run =
      /^\s*(?:(?:then|do|else|exec|nohup|sudo|source|\.|(?:\S{0,40}\/)?(?:ba|da|a)?sh)\s+)*["']?((?:\/|\$)[\w./${}-]{2,120})["']?(?=\s|[;&|]|$)/.exec(
        line,
      )?.[1];
    if (run !== undefined && fetched.has(run)) found.push(index);
    const target = FETCHED.exec(line)?.[1];
    if (target !== undefined && target !== '/dev/null' && fetched.size < PENDING) fetched.add(target);
  }
  return found;
}
