/** What router settings in markup preset: logins, Wi-Fi keys and the server for remote management (Huawei, ZTE, TP-Link, D-Link, Broadcom's CMS and its users). */
import { hashOf, type StoredHash } from './crypt.ts';
import type { SettingGroup, SettingValue } from './markup-settings.ts';
import type { PasswordField } from './shadow.ts';

export interface PresetLogin {
  readonly account: string;
  readonly value: PasswordField;
  readonly line: number;
}
export interface PresetNetwork {
  readonly ssid?: string;
  readonly key: string;
  readonly line: number;
  readonly mode: string;
  readonly disabled: boolean;
}
/** A server for remote management (TR-069) and what the device shows it. */
export interface PresetServer {
  readonly url?: SettingValue;
  readonly password?: SettingValue;
}

const SERVER = /^(ManagementServer|MgtServer|Tr69Cfg|cwmp)$/i;
/** Elements that hold logins of the device itself. */
const LOGINS = /user|account|auth|login|telnet|ssh|ftp|cli|samba|admin|entry/i;
/** Those of services elsewhere, which the device logs in to. */
const ELSEWHERE =
  /server|ppp|ddns|dyndns|smtp|mail|sip|voip|voice|radius|l2tp|pptp|proxy|wan|line|ivr|h248|upnp|phone/i;
const USERS = ['username', 'user', 'loginname', 'ts_uname', 'account', 'name'];
const PASSWORDS = ['password', 'pass', 'passwd', 'userpassword', 'pwd', 'ts_upwd'];
const OWNERS = ['admin', 'support', 'root', 'telnet', 'ftp', 'ssh', 'user'];
const MADE = /^(\*+|x+|\(null\)|null|none|%s|\$\{.*|@.*@)$/i;

/** The first of the names that the element has. */
const first = ({ values }: SettingGroup, names: readonly string[]): SettingValue | undefined =>
  names.map((name) => values.get(name)).find((one) => one !== undefined);

const isOff = (group: SettingGroup): boolean =>
  ['enable', 'enabled', 'ts_enable', 'telnetenable'].some((name) =>
    /^(0|false|no|off|disable)$/i.test(group.values.get(name)?.value ?? ''),
  );

export const loginsOf = (groups: readonly SettingGroup[]): readonly PresetLogin[] =>
  groups.flatMap((group) => [...requested(group), ...paired(group), ...owned(group)]);

/** Whoever knows these may make the device call its server (TR-069, 3.2.2). */
function requested(group: SettingGroup): readonly PresetLogin[] {
  const user = group.values.get('connectionrequestusername')?.value ?? '';
  const password = group.values.get('connectionrequestpassword');
  return SERVER.test(group.name) && password !== undefined && password.value !== ''
    ? told(user === '' ? 'tr069' : user, password, group)
    : [];
}

const isOwn = (group: SettingGroup): boolean =>
  LOGINS.test(group.name) && !ELSEWHERE.test(group.name) && !ELSEWHERE.test(group.up?.name ?? '');

function paired(group: SettingGroup): readonly PresetLogin[] {
  const password = first(group, PASSWORDS);
  if (password === undefined || !isOwn(group)) return [];
  const users = group.name === 'entry' && !/account|user/i.test(group.up?.name ?? '') ? [] : USERS;
  const user = first(group, users)?.value ?? '';
  return user === '' ? [] : told(user, password, group);
}

/** `AdminPassword`, `RootPwd`, with the name beside it or by the word itself. */
function owned(group: SettingGroup): readonly PresetLogin[] {
  if (!isOwn(group) && !/ServiceManage/i.test(group.name)) return [];
  return OWNERS.flatMap((owner) => {
    const password = first(group, [`${owner}password`, `${owner}pwd`, `${owner}passwd`]);
    const user = first(group, [`${owner}username`, `${owner}name`])?.value ?? owner;
    // `UserName` with `UserPassword` is a pair of its own.
    if (password === undefined || password.value === '' || (owner === 'user' && group.values.has('username')))
      return [];
    return told(user === '' ? owner : user, password, group);
  });
}

function told(account: string, { value, line }: SettingValue, group: SettingGroup): readonly PresetLogin[] {
  if (account.length > 64 || MADE.test(value) || MADE.test(account)) return [];
  if (isOff(group)) return [{ account, value: { state: 'locked', scheme: 'none' }, line }];
  return [{ account, value: fieldOf(/LoginCfg$/i.test(group.name) ? unpacked(value) : value), line }];
}

/** Broadcom's CMS keeps them in base 64. */
function unpacked(value: string): string {
  const text = Buffer.from(value, 'base64')
    .toString('latin1')
    .replace(/[\0\n]+$/, '');
  return value.length % 4 === 0 && value.length >= 4 && /^[\x21-\x7e]{3,64}$/.test(text) ? text : value;
}

function fieldOf(value: string): PasswordField {
  if (value === '') return { state: 'empty', scheme: 'none' };
  const hash = hashOf(value) ?? digest(value);
  return hash === undefined
    ? { state: 'usable', scheme: 'plain', plain: value }
    : { state: 'usable', scheme: hash.scheme, hash };
}

/** Digests and ciphers of makers' own: the same in every unit, and no word can be tried. */
function digest(value: string): StoredHash | undefined {
  if (/^\$[12].{8,400}\$$/.test(value)) return { scheme: 'unknown', group: 'cipher ', digest: value };
  if (/^[0-9a-f]{32}$/i.test(value)) return { scheme: 'md5', group: 'md5 ', digest: value.toLowerCase() };
  return /^[0-9a-f]{62,64}$/i.test(value)
    ? { scheme: 'sha256', group: 'sha256 ', digest: value.toLowerCase() }
    : undefined;
}

const KEYS = ['keypassphrase', 'presharedkey', 'wlwpapsk', 'wpapsk', 'x_tp_presharedkey', 'psk', 'passphrase'];

/** Networks with a key; the key stands in the element, below it (TR-098), or in a table that names it (ZTE). */
export function networksOf(groups: readonly SettingGroup[]): readonly PresetNetwork[] {
  const named = new Map(groups.flatMap((group) => (ssidOf(group) === undefined ? [] : [[viewOf(group), group]])));
  return groups.flatMap((group) => {
    const key = KEYS.map((name) => group.values.get(name)).find((one) => one !== undefined && one.value !== '');
    if (key === undefined || MADE.test(key.value)) return [];
    const near = [group, group.up, group.up?.up].find((one) => one !== undefined && ssidOf(one) !== undefined);
    const owner = near ?? named.get(viewOf(group).replace(/\.PSK\d+$/, ''));
    if (owner === undefined && !/psk|presharedkey|wlan|wifi|wlssid/i.test(group.name)) return [];
    const ssid = owner === undefined ? undefined : ssidOf(owner);
    const mode = ['beacontype', 'authmode', 'akm', 'wlauthmode'].map((name) => owner?.values.get(name)?.value ?? '');
    return [
      {
        ...(ssid === undefined ? {} : { ssid }),
        key: key.value,
        line: key.line,
        mode: mode.join(' '),
        disabled: owner !== undefined && isOff(owner),
      },
    ];
  });
}

const viewOf = (group: SettingGroup): string => group.values.get('viewname')?.value ?? ' ';
function ssidOf(group: SettingGroup): string | undefined {
  const value = first(group, ['ssid', 'essid', 'wlssid'])?.value;
  return value === '' ? undefined : value;
}

export const serversOf = (groups: readonly SettingGroup[]): readonly PresetServer[] =>
  groups.flatMap((group) => {
    if (!SERVER.test(group.name)) return [];
    const [url, password] = [first(group, ['url', 'acsurl']), first(group, ['password', 'acspassword'])];
    const real = (one: SettingValue | undefined): boolean =>
      one !== undefined && one.value !== '' && !MADE.test(one.value);
    if (!real(url) && !real(password)) return [];
    return [
      {
        ...(real(url) ? { url: url as SettingValue } : {}),
        ...(real(password) ? { password: password as SettingValue } : {}),
      },
    ];
  });
