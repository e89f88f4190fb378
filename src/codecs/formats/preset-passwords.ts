/** Passwords that configurations, NVRAM defaults and scripts carry in plain text or as a hash, by forms that say what they are. */
import { hashOf } from './crypt.ts';
import type { NamedField } from './shadow.ts';

/** Whose login a key of a settings file sets: the management interface's, never that of a remote service. */
const KEY =
  /^(?:[\w-]{1,24}[._:])?(?:http|https|web|www|webui|gui|login|admin|administrator|root|telnet|ftp|ssh|sys|system|super|superuser|support|mgmt|router|device)[_.-]?(?:user|login|admin|account)?[_.-]?(?:pass|passwd|password|passwrd|pwd|psw|pw)\d?$/i;
const MADE =
  /^(x+|\*+|-+|none|null|undefined|password_here|your.*|changeme_.*|encrypted|disabled?|true|false|yes|no|on|off|0|1)$/i;
/** A user and a password as attributes of one element: `UserName="root" Password="…"`. */
const ATTRIBUTES =
  /\b(?:User|UserName|Username|user|username|login|Login)="([\w.@-]{1,64})"\s+(?:[\w:-]{1,40}="[^"]{0,80}"\s+){0,3}(?:Pass|PassWord|Password|password|passwd|Passwd)="([^"\s]{1,64})"/;
const ELEMENT = /^<([\w:.-]{1,64})(?:\s[^>]{0,100})?>([^<\s]{1,64})<\/\1>$/;

function fieldOf(account: string, value: string): NamedField | undefined {
  if (MADE.test(value) || /[$%`{}<>@]{2}|^[$%@{<`]/.test(value.replace(/^\$[\w-]{1,8}\$/, ''))) return undefined;
  const hash = hashOf(value);
  if (hash !== undefined) return { account, state: 'usable', scheme: hash.scheme, hash };
  // A digest of a form that is not known is no plain password.
  if (/^\$\w{1,8}\$|^[0-9a-fA-F]{32,}$/.test(value)) return undefined;
  return { account, state: 'usable', scheme: 'plain', plain: value };
}

const ownerOf = (key: string): string =>
  /(root|admin|super|support|user|telnet|ftp)/i.exec(key)?.[1]?.toLowerCase() ?? 'admin';

/** One line of NVRAM defaults, an INI, a shell-like configuration or an XML backup. */
export function presetLine(line: string): NamedField | undefined {
  const text = line.trim();
  if (/^(#|;|\/\/|<!--)/.test(text)) return undefined;
  const attributes = ATTRIBUTES.exec(text);
  if (attributes !== null) return fieldOf(attributes[1] ?? '', attributes[2] ?? '');
  const element = ELEMENT.exec(text);
  const pair =
    element ??
    /^(?:option\s+|set\s+|export\s+)?["']?([\w.-]{2,64})["']?\s*(?:=|:|\s)\s*["']?([^"'\s,;]{1,64})["']?[,;]?$/.exec(
      text,
    );
  if (pair === null || !KEY.test(pair[1] ?? '')) return undefined;
  return fieldOf(ownerOf(pair[1] ?? ''), pair[2] ?? '');
}

/** `/path:user:password` of BusyBox httpd (httpd.conf). */
export function busyboxLine(line: string): NamedField | undefined {
  const match = /^(\/[^:\s]{0,200}):([^:\s*]{1,64}):([^:\s]{1,200})$/.exec(line.trim());
  if (match === null || match[3] === '*') return undefined;
  return fieldOf(match[2] ?? '', match[3] ?? '');
}

export interface ScriptPassword extends NamedField {
  /** Not yet known: the script puts the content of a file in this place. */
  readonly from?: string;
}

/** A password that a command of a script sets or asks for: `telnetd -u NAME:PASSWORD`, `echo NAME:PASSWORD | chpasswd`, `usermod -p HASH NAME`. */
export function scriptLine(line: string): ScriptPassword | undefined {
  const text = line.trim();
  if (text.startsWith('#') || text.length > 1000) return undefined;
  const quoted = spansOf(text);
  const free = (match: RegExpExecArray | null): RegExpExecArray | null =>
    match !== null && quoted.some(([from, to]) => match.index > from && match.index < to) ? null : match;
  const daemon = free(/\bu?telnetd\b[^|;&]{0,200}\s-u\s+["']?([\w.-]{1,32}):([^\s"'|;&]{1,64})/.exec(text));
  if (daemon !== null) return resolvable(daemon[1] ?? '', daemon[2] ?? '');
  const piped = free(
    /\b(?:echo|printf)\s+(?:-\w+\s+)?["']?([a-z_][\w.-]{0,31}):([^\s"'|;&]{1,200})["']?\s*\|\s*\S*\bchpasswd\b/.exec(
      text,
    ),
  );
  if (piped !== null) return fieldOf(piped[1] ?? '', (piped[2] ?? '').replace(/\\n$/, ''));
  const twice = free(
    /\b(?:echo|printf)\s+(?:-\w+\s+)?["']?([^\s"'|;&\\$`]{1,64})(?:\\n|["']?\s*;\s*(?:sleep\s+\d+\s*;\s*)?echo\s+["']?)\1(?:\\n)?["']?\s*\)?\s*\|\s*\S*\bpasswd(?:\s+([a-z_][\w.-]{0,31}))?\s*(?:[>;&]|$)/.exec(
      text,
    ),
  );
  if (twice !== null) return fieldOf(twice[2] ?? 'root', twice[1] ?? '');
  const user = free(
    /\b(?:usermod|useradd)\b[^|;&]{0,120}\s-p\s+["']?(\$[^\s"']{8,200})["']?\s+(?:-\S+\s+\S+\s+){0,4}([a-z_][\w.-]{0,31})\b/.exec(
      text,
    ),
  );
  return user === null ? undefined : fieldOf(user[2] ?? '', user[1] ?? '');
}

/** Where quotes begin and end: what stands between them is a word, no command. `su -c "…"` and its like do run it. */
function spansOf(text: string): readonly (readonly [number, number])[] {
  if (/\b(sh|su|eval|ssh)\b\s/.test(text)) return [];
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g)].map((match) => [match.index, match.index + match[0].length]);
}

function resolvable(account: string, value: string): ScriptPassword | undefined {
  const variable = /^\$\{?(\w{1,40})\}?$/.exec(value)?.[1];
  if (variable === undefined) return fieldOf(account, value);
  return { account, state: 'usable', scheme: 'plain', from: variable };
}
