/** Logins whose user and password stand on lines of their own: Ralink's `Login=` and `Password=`, and sections of OpenWrt's settings. */
import { hashOf } from './crypt.ts';
import type { PresetLogin } from './router-settings.ts';
import { uciSections } from './uci.ts';

/** `config login` of rpcd, `config cpe` of TR-069 clients (who may call the device). */
const SECTIONS = /^(login|cpe)$/;
const FILLED = /^\s*$|^[$%@{<`](?!\w{1,8}\$)|^(\*+|none|null|your.*)$/i;
/** Of the password of an account of the system. */
const POINTER = /^\$p\$/;

function told(account: string, value: string, line: number): readonly PresetLogin[] {
  if (account === '' || account.length > 64 || FILLED.test(value) || POINTER.test(value)) return [];
  const hash = hashOf(value);
  return hash === undefined
    ? [{ account, value: { state: 'usable', scheme: 'plain', plain: value }, line }]
    : [{ account, value: { state: 'usable', scheme: hash.scheme, hash }, line }];
}

/** NVRAM defaults of Ralink and MediaTek (`RT2880_Settings.dat` and its like): unprefixed names, beside others of theirs. */
export function ralinkLogin(text: string): readonly PresetLogin[] {
  if (!/^(WebInit|SSID1|CountryRegion|wanConnectionMode)=/m.test(text)) return [];
  const lines = text.split('\n');
  const setting = (name: string): { readonly value: string; readonly line: number } | undefined => {
    const line = lines.findIndex((one) => one.startsWith(`${name}=`));
    return line < 0 ? undefined : { value: (lines[line] ?? '').slice(name.length + 1).trim(), line: line + 1 };
  };
  const [user, password] = [setting('Login'), setting('Password')];
  return user === undefined || password === undefined ? [] : told(user.value, password.value, password.line);
}

export function uciLogins(text: string): readonly PresetLogin[] {
  return uciSections(text.split('\n')).flatMap(({ type, options }) => {
    if (!SECTIONS.test(type)) return [];
    const user = options.find(({ option }) => option === 'username' || option === 'userid');
    const password = options.find(({ option }) => option === 'password');
    return user === undefined || password === undefined ? [] : told(user.value, password.value, password.line);
  });
}
