/** Takes wrappers off a command: what it runs in the end, and as whom. */

const WRAPPERS = new Set([
  'exec',
  'nohup',
  'busybox',
  'sudo',
  'nice',
  'ionice',
  'setsid',
  'env',
  'time',
  'command',
  'daemon',
  'service_start',
  '/bin/busybox',
  'eval',
  'respawn',
  'then',
  'do',
  'else',
  '!',
]);

export type Called = { readonly words: readonly string[]; readonly account: string | undefined };

/** One wrapper taken off: what it runs, and as whom. */
type Unwrapped = { readonly words: readonly string[]; readonly account?: string };

const UNWRAP: { readonly [wrapper: string]: (words: readonly string[]) => Unwrapped } = {
  'start-stop-daemon': startStopDaemon,
  procd_set_param: procd,
  procd_append_param: procd,
  su: superuser,
};

function startStopDaemon(words: readonly string[]): Unwrapped {
  if (words.some((word) => word === '-K' || word === '--stop')) return { words: [] };
  const dashes = words.indexOf('--');
  const own = dashes < 0 ? words : words.slice(0, dashes);
  const account = after(own, ['-c', '--chuid']);
  const run = after(own, ['-x', '--exec', '-a', '--startas']);
  const list = run === undefined ? [] : [run, ...(dashes < 0 ? [] : words.slice(dashes + 1))];
  return { words: list, ...(account === undefined ? {} : { account }) };
}

function procd(words: readonly string[]): Unwrapped {
  if (words[1] === 'user') return { words: [], ...(words[2] === undefined ? {} : { account: words[2] }) };
  return { words: words[1] === 'command' ? words.slice(2) : [] };
}

function superuser(words: readonly string[]): Unwrapped {
  const account = words.find(
    (word, index) => index > 0 && !word.startsWith('-') && words[index - 1] !== '-c' && words[index - 1] !== '-s',
  );
  const list = (after(words, ['-c']) ?? '').split(/\s+/).filter((word) => word !== '');
  return { words: list, ...(account === undefined ? {} : { account }) };
}

/** Takes wrappers off: `start-stop-daemon --exec X -- args`, `procd_set_param command X`, `busybox X`, `su -c X user`. */
export function unwrapped(words: readonly string[]): Called {
  let list = words;
  let account: string | undefined;
  for (let turn = 0; turn < 4; turn += 1) {
    const [first = ''] = list;
    const base = first.slice(first.lastIndexOf('/') + 1);
    const unwrap = Object.hasOwn(UNWRAP, base) ? UNWRAP[base] : undefined;
    if (unwrap === undefined && !WRAPPERS.has(base)) break;
    const inner: Unwrapped = unwrap === undefined ? { words: list.slice(1) } : unwrap(list);
    list = inner.words;
    account = inner.account ?? account;
  }
  return { words: list, account };
}

const SHELL = /^(\/(usr\/)?bin\/)?(ba|da|a)?sh$/;

/** The script that a shell is given as a word, without its quotes where the words were cut at spaces. */
export function givenText([program = '', ...rest]: readonly string[]): string | undefined {
  const at = SHELL.test(program) ? rest.findIndex((word) => /^-[a-z]{0,8}c$/.test(word)) : -1;
  if (at < 0 || rest.slice(0, at).some((word) => !/^[-+]/.test(word))) return undefined;
  const text = rest.slice(at + 1).join(' ');
  const [quote = ''] = text;
  const end = /["']/.test(quote) ? text.lastIndexOf(quote) : 0;
  return end > 0 ? text.slice(1, end) : text;
}

function after(words: readonly string[], options: readonly string[]): string | undefined {
  const at = words.findIndex((word) => options.includes(word));
  return at < 0 ? undefined : words[at + 1];
}
