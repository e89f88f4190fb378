/** Reads lines of passwd, shadow, gshadow, htpasswd, htdigest, smbpasswd and ppp secrets. */
import { digestHash, type HashScheme, hashOf, type StoredHash, saltedHash, sambaHash } from './crypt.ts';

/** What a password field holds: a hash or a plain password, nothing at all, something that nothing matches, or a pointer elsewhere. */
export interface PasswordField {
  readonly state: 'usable' | 'empty' | 'locked' | 'none';
  readonly scheme: HashScheme;
  readonly hash?: StoredHash;
  readonly plain?: string;
}
export interface PasswdLine {
  readonly account: string;
  readonly field: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}
export interface ShadowLine {
  readonly account: string;
  readonly field: string;
  /** Days since 1970; 0 demands a change at the next login. Undefined where the field is empty. */
  readonly lastChange: number | undefined;
}

const NAME = /^[\w][\w.@$-]{0,63}$/;

/** One line of passwd (seven fields; BusyBox takes lines without a shell). */
export function passwdLine(line: string): PasswdLine | undefined {
  const fields = line.split(':');
  const [account = '', field = '', uid = '', gid = '', , home = '', shell = ''] = fields;
  if (fields.length < 6 || fields.length > 7 || !NAME.test(account)) return undefined;
  if (!/^\d{1,10}$/.test(uid) || !/^\d{1,10}$/.test(gid)) return undefined;
  return { account, field, uid: Number(uid), gid: Number(gid), home, shell: shell.trim() };
}

/** One line of shadow: eight or nine fields, of which only the first two must say something. */
export function shadowLine(line: string): ShadowLine | undefined {
  const fields = line.split(':');
  const [account = '', field = '', change = ''] = fields;
  if (fields.length < 3 || fields.length > 10 || !NAME.test(account)) return undefined;
  if (!fields.slice(2, 8).every((one) => /^-?\d{0,10}\s*$/.test(one))) return undefined;
  return { account, field, lastChange: /^\d+$/.test(change) ? Number(change) : undefined };
}

/** One line of gshadow: `group:password:administrators:members`. */
export function gshadowLine(line: string): { readonly account: string; readonly field: string } | undefined {
  const fields = line.split(':');
  const [account = '', field = ''] = fields;
  return fields.length === 4 && NAME.test(account) ? { account, field } : undefined;
}

const LOCKED: PasswordField = { state: 'locked', scheme: 'none' };

/** The second field of passwd or shadow. A field that no crypt(3) gives matches no password: locked. */
export function passwordField(field: string, database: 'passwd' | 'shadow'): PasswordField {
  if (field === '') return { state: 'empty', scheme: 'none' };
  if (field === 'x' && database === 'passwd') return { state: 'none', scheme: 'none' };
  if (field.startsWith('!') || field.startsWith('*')) return LOCKED;
  const hash = hashOf(field);
  return hash === undefined ? LOCKED : { state: 'usable', scheme: hash.scheme, hash };
}

const usable = (hash: StoredHash): PasswordField => ({ state: 'usable', scheme: hash.scheme, hash });
const plainly = (plain: string): PasswordField =>
  plain === '' ? { state: 'empty', scheme: 'none' } : { state: 'usable', scheme: 'plain', plain };

export interface NamedField extends PasswordField {
  readonly account: string;
}

/** `user:hash` of Apache, nginx, BusyBox httpd and mosquitto; a field that is no hash is a plain password only where `plain` is allowed. */
export function htpasswdLine(line: string, plain: boolean): NamedField | undefined {
  const match = /^([^:\s#]{1,64}):([^:\s]{1,300})(:[^:]*)?$/.exec(line.trim());
  if (match === null) return undefined;
  const [, account = '', field = ''] = match;
  const hash = hashOf(field) ?? saltedHash(field);
  if (hash !== undefined) return { account, ...usable(hash) };
  if (field.startsWith('{PLAIN}')) return { account, ...plainly(field.slice('{PLAIN}'.length)) };
  return !plain || /^[x*!]$/.test(field) ? undefined : { account, ...plainly(field) };
}

/** `user:realm:HA1` of htdigest and lighttpd. */
export function htdigestLine(line: string): NamedField | undefined {
  const match = /^([^:\s#]{1,64}):([^:]{1,120}):([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$/.exec(line.trim());
  if (match === null) return undefined;
  const hash = digestHash(match[1] ?? '', match[2] ?? '', match[3] ?? '');
  return hash === undefined ? undefined : { account: match[1] ?? '', ...usable(hash) };
}

/** `user:uid:LM:NT:[flags]:…` of Samba; the NT hash where there is one. */
export function smbpasswdLine(line: string): NamedField | undefined {
  const [account = '', uid = '', lm = '', nt = '', flags = ''] = line.split(':');
  if (!NAME.test(account) || !/^\d+$/.test(uid) || lm.length !== 32) return undefined;
  const passwordless = /^NO PASSWORD/.test(lm);
  return { account, ...sambaField({ lm, nt, disabled: /D/.test(flags), passwordless }) };
}

/** What an account of Samba lets in with; a hash comes before the leave to have none. */
export function sambaField(one: {
  readonly lm: string;
  readonly nt: string;
  readonly disabled: boolean;
  readonly passwordless: boolean;
}): PasswordField {
  if (one.disabled) return LOCKED;
  const hash = sambaHash('nt', one.nt) ?? sambaHash('lm', one.lm);
  if (hash !== undefined) return usable(hash);
  return one.passwordless ? plainly('') : LOCKED;
}

/** `client server secret addresses` of pppd's chap-secrets and pap-secrets, with quotes. */
export function pppLine(line: string): NamedField | undefined {
  if (line.trimStart().startsWith('#')) return undefined;
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  const [client = '', server = '', secret = ''] = words.map((word) => word.replace(/^"|"$/g, ''));
  if (words.length < 3 || client === '' || server === '' || secret.startsWith('@')) return undefined;
  if (secret === '*' || secret === '-') return undefined;
  return { account: client, ...plainly(secret) };
}
