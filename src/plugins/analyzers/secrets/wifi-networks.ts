/** Wireless networks in the files of drivers and managers: Ralink and MediaTek, NetworkManager, iwd, ConnMan, NVRAM defaults. */
import type { TextLine } from '../../../codecs/formats/text-lines.ts';

export type Security = 'open' | 'wep' | 'wpa' | 'wpa2' | 'wpa3' | 'unknown';
export interface Network {
  role: 'access-point' | 'client';
  ssid?: string;
  key?: string;
  line: number;
  security: Security;
  disabled: boolean;
}

type Value = { readonly value: string; readonly line: number };

/** `name=value` lines; the section goes before the name where there is one. */
function valuesOf(lines: readonly TextLine[]): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  let section = '';
  for (const { number, text } of lines) {
    const head = /^\s*\[([^\]]{1,80})\]/.exec(text)?.[1];
    if (head !== undefined)
      section = head.startsWith('service_') ? `${head}.` : `${head}.`.replace(/^802-11-wireless/, 'wifi');
    const pair = /^\s*([\w.:-]{1,80})\s*=\s*(.*?)\s*$/.exec(text);
    if (pair !== null) values.set(section + (pair[1] ?? ''), { value: pair[2] ?? '', line: number });
  }
  return values;
}

/** Only a network with a key: an open default of a driver is overwritten by what the device is set to. */
function keyed(role: Network['role'], ssid: string | undefined, key: Value | undefined, security: Security): Network[] {
  if (key === undefined || key.value === '') return [];
  return [
    {
      role,
      ...(ssid === undefined || ssid === '' ? {} : { ssid }),
      key: key.value,
      line: key.line,
      security,
      disabled: false,
    },
  ];
}

function ofMode(mode: string, cipher: string): Security {
  if (/WPA3|SAE|OWE/i.test(mode) && !/WPA2/i.test(mode)) return 'wpa3';
  if (/^WPA2(PSK)?$|WPA2PSKWPA3|psk2|wpa2/i.test(mode)) return 'wpa2';
  if (/WPA|psk/i.test(mode)) return 'wpa';
  return /WEP/i.test(cipher) || /SHARED|WEPAUTO/i.test(mode) ? 'wep' : 'open';
}

/** `RT2860AP.dat` and its like, whose lists name one network after the other: `AuthMode=WPA2PSK;OPEN`. */
export function ralink(lines: readonly TextLine[], name: string): Network[] {
  const values = valuesOf(lines);
  const nth = (key: string, index: number): string => (values.get(key)?.value ?? '').split(';')[index - 1] ?? '';
  // The first network goes without its number in older drivers.
  const numbered = (key: string, index: number): Value | undefined =>
    values.get(`${key}${index}`) ?? (index === 1 ? values.get(key) : undefined);
  const role = /STA/i.test(name) ? 'client' : 'access-point';
  return [1, 2, 3, 4, 5, 6, 7, 8].flatMap((index) => {
    const ssid = numbered('SSID', index)?.value ?? '';
    const security = ofMode(nth('AuthMode', index), nth('EncrypType', index));
    if (ssid === '' || security === 'open') return [];
    const wep = values.get(`Key${nth('DefaultKeyID', index) || '1'}Str${index}`);
    return keyed(role, ssid, security === 'wep' ? wep : numbered('WPAPSK', index), security);
  });
}

/** A keyfile of NetworkManager (nm-settings-keyfile(5)). */
export function networkManager(lines: readonly TextLine[]): Network[] {
  const values = valuesOf(lines);
  const management = values.get('wifi-security.key-mgmt')?.value ?? '';
  const role = values.get('wifi.mode')?.value === 'ap' ? 'access-point' : 'client';
  const key = values.get('wifi-security.psk') ?? values.get('wifi-security.wep-key0');
  const security = management === 'sae' ? 'wpa3' : management === 'none' ? 'wep' : 'wpa2';
  return keyed(role, values.get('wifi.ssid')?.value, key, security);
}

/** `/var/lib/iwd/NAME.psk`; a name with other characters is written `=` and hexadecimal (iwd.network(5)). */
export function iwd(lines: readonly TextLine[], name: string): Network[] {
  const values = valuesOf(lines);
  const base = name.slice(name.lastIndexOf('/') + 1, -'.psk'.length);
  const ssid = base.startsWith('=') ? Buffer.from(base.slice(1), 'hex').toString('utf8') : base;
  return keyed('client', ssid, values.get('Security.Passphrase') ?? values.get('Security.PreSharedKey'), 'wpa2');
}

/** `[service_*]` of connman-service.config(5), and the settings that ConnMan keeps itself. */
export function connman(lines: readonly TextLine[]): Network[] {
  const values = valuesOf(lines);
  return [...values].flatMap(([name, key]) => {
    if (!name.endsWith('.Passphrase')) return [];
    const section = name.slice(0, -'Passphrase'.length);
    const security = values.get(`${section}Security`)?.value === 'wep' ? 'wep' : 'wpa2';
    return keyed('client', values.get(`${section}Name`)?.value, key, security);
  });
}

/** `wl0_ssid`, `wl0_akm`, `wl0_wpa_psk` of Broadcom's NVRAM, and Ralink's names, which stand in its NVRAM too. */
export function nvram(lines: readonly TextLine[], name: string): Network[] {
  const values = valuesOf(lines);
  const own = [...values].flatMap(([key, value]) => {
    const prefix = /^(wl\d?(?:\.\d)?_)wpa_psk$/.exec(key)?.[1];
    const mode = values.get(`${prefix ?? ''}akm`)?.value;
    if (prefix === undefined || mode === '' || values.get(`${prefix}radio`)?.value === '0') return [];
    return keyed('access-point', values.get(`${prefix}ssid`)?.value, value, ofMode(mode ?? 'wpa2', ''));
  });
  return [...own, ...ralink(lines, name)];
}
