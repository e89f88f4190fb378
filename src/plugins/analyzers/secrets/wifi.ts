/** Wi-Fi networks that an image presets: hostapd, wpa_supplicant and UCI configurations here, other programs' beside. */
import { markupIn, settingGroups } from '../../../codecs/formats/markup-settings.ts';
import { networksOf } from '../../../codecs/formats/router-settings.ts';
import { linesOf, type TextLine } from '../../../codecs/formats/text-lines.ts';
import { storedEnvironment } from '../../../codecs/formats/uboot-environment.ts';
import { uciSections } from '../../../codecs/formats/uci.ts';
import type { FileEntry } from '../../../core/model/files.ts';
import type { Analyzer, AnalyzerContext } from '../../../core/model/gatherer.ts';
import { secretWifi } from '../../../facts/index.ts';
import type { Blob } from '../../../lib/blob.ts';
import { isExamplePlace, isMarkupSettings } from './tell.ts';
import { connman, iwd, type Network, networkManager, nvram, ralink, type Security } from './wifi-networks.ts';
import { isStoredName, storedNetwork } from './wifi-stored.ts';

const NETWORKS = 1000;
type Read = (lines: readonly TextLine[], name: string) => Network[];
/** Whose file it is, by name and place. */
const READERS: readonly (readonly [RegExp, Read])[] = [
  [/\/config\/wireless$/, uci],
  [/\/[\w.-]*hostapd[\w.-]*\.conf$/, hostapd],
  [/\/([\w.-]*wpa_supplicant[\w.-]*|wpa[\w-]*)\.conf$/, supplicant],
  [/\/(RT|MT|iNIC|mt|rt)[\w.-]*\.dat$/, ralink],
  [/\/NetworkManager\/system-connections\/[^/]+$/, networkManager],
  [/\/var\/lib\/iwd\/[^/]+\.psk$/, iwd],
  [/\/connman\/([^/]+\.config|wifi_\w+\/settings)$/, connman],
  [/\/(nvram|default_?nvram)([._-][\w.-]{0,40})?$/, nvram],
];
/** Ralink's and MediaTek's routers keep their settings in flash as U-Boot keeps its environment. */
const isEnvironment = ({ path }: FileEntry): boolean => /!uboot-environment\b[^!/]*$/.test(path);
const MARKUP_SIZE = 1 << 20;

const readerOf = (file: FileEntry): Read | undefined =>
  isEnvironment(file) ? nvram : READERS.find(([shape]) => shape.test(file.name))?.[1];
const ENVIRONMENT = 256 << 10;

export const secretsWifi: Analyzer = {
  id: 'secrets/wifi',
  title: 'Preset Wi-Fi networks',
  method: 'EXAMINE',
  intrusion: 'passive',
  consumes: [],
  produces: [secretWifi],
  wants: (file) =>
    file.type === 'file' &&
    file.size > 0 &&
    (readerOf(file) !== undefined || isStoredName(file) || isMarkupSettings(file)),
  observe(file, content, context) {
    if (isStoredName(file)) {
      const network = storedNetwork(file, context.tree);
      if (network !== undefined && isPreset(network)) tell(network, file, context);
      return;
    }
    const cut = (message: string): void => context.gap({ kind: 'over-budget', message });
    const texts = isEnvironment(file) ? variablesOf(content) : linesOf(content, { lines: 50_000, cut });
    const read = readerOf(file);
    const networks =
      read === undefined
        ? inMarkup(content)
        : read(
            [...texts].filter(({ text }) => !/^\s*(#|$)/.test(text)),
            file.name,
          );
    if (networks.length > NETWORKS) cut(`more than ${NETWORKS} networks in one file`);
    for (const network of networks.slice(0, NETWORKS)) if (isPreset(network)) tell(network, file, context);
  },
};

/** By words of TR-098 and Broadcom; makers' own numbers say nothing. */
function ofBeacon(mode: string): Security {
  if (/WPA3|SAE/i.test(mode)) return 'wpa3';
  if (/11i|WPA2|psk2/i.test(mode)) return 'wpa2';
  return /WPA|psk/i.test(mode) ? 'wpa' : 'unknown';
}

function inMarkup(content: Blob): readonly Network[] {
  return networksOf(settingGroups(markupIn(content, MARKUP_SIZE) ?? '')).map(({ ssid, key, line, mode, disabled }) => ({
    role: 'access-point',
    ...(ssid === undefined ? {} : { ssid }),
    key,
    line,
    security: ofBeacon(mode),
    disabled,
  }));
}

/** One variable as a line. */
function variablesOf(content: Blob): readonly TextLine[] {
  const text = (storedEnvironment(content.read(0, ENVIRONMENT))?.variables ?? Buffer.alloc(0)).toString('latin1');
  const end = text.indexOf('\0\0');
  const variables = (end < 0 ? text : text.slice(0, end)).split('\0');
  return variables.map((variable, index) => ({ number: index + 1, text: variable }));
}

/** A client without a key holds no secret, and what is switched off or filled in by a script serves nobody as it stands. */
const isPreset = ({ role, key, disabled, ssid }: Network): boolean =>
  !disabled && (role === 'access-point' || key !== undefined) && !/^SET_BY|^[@%$<{]/.test(ssid ?? '');

function tell({ role, ssid, key, line, security }: Network, file: FileEntry, context: AnalyzerContext): void {
  const placeholder =
    key !== undefined && (/[$@%<>{}]/.test(key) || /^(x+|\*+|your.*|changeme.*)$/i.test(key) || isExamplePlace(file));
  context.emit(
    secretWifi,
    { role, ...(ssid === undefined ? {} : { ssid }), file: file.name, line, security, placeholder },
    { where: isStoredName(file) ? 'a stored key' : `${isEnvironment(file) ? 'variable' : 'line'} ${line}` },
  );
}

const bare = (value: string): string => value.trim().replace(/^(["'])(.*)\1$/, '$2');

/** hostapd.conf: one access point a file; `bss=` begins another. */
function hostapd(lines: readonly TextLine[]): Network[] {
  const networks: Network[] = [];
  let values = new Map<string, TextLine & { readonly value: string }>();
  const close = (): void => {
    const ssid = values.get('ssid');
    if (ssid === undefined) return;
    const key = ['wpa_passphrase', 'wpa_psk', 'sae_password', 'wep_key0']
      .map((name) => values.get(name))
      .find((one) => one !== undefined);
    networks.push({
      role: 'access-point',
      ssid: bare(ssid.value),
      ...(key === undefined ? {} : { key: bare(key.value) }),
      line: (key ?? ssid).number,
      security: hostapdSecurity(values),
      disabled: false,
    });
  };
  for (const line of lines) {
    const [, name = '', value = ''] = /^\s*(\w+)=(.*)$/.exec(line.text) ?? [];
    if (name === 'bss') {
      close();
      values = new Map();
    } else if (name !== '') values.set(name, { ...line, value });
  }
  close();
  return networks;
}

function hostapdSecurity(values: ReadonlyMap<string, { readonly value: string }>): Security {
  const wpa = Number(values.get('wpa')?.value ?? 0);
  if (values.has('wep_key0')) return 'wep';
  if (wpa === 0) return values.has('ieee8021x') ? 'unknown' : 'open';
  const management = values.get('wpa_key_mgmt')?.value ?? 'WPA-PSK';
  if (/SAE/.test(management) && !/PSK/.test(management)) return 'wpa3';
  return (wpa & 2) === 2 && (wpa & 1) === 0 ? 'wpa2' : 'wpa';
}

/** wpa_supplicant.conf: `network={ … }`; mode 2 is an access point. */
function supplicant(lines: readonly TextLine[]): Network[] {
  const networks: Network[] = [];
  let open: Network | undefined;
  for (const { number, text } of lines) {
    if (/^\s*network\s*=\s*\{/.test(text))
      open = { role: 'client', line: number, security: 'unknown', disabled: false };
    else if (/^\s*\}/.test(text) && open !== undefined) {
      networks.push(open);
      open = undefined;
    } else if (open !== undefined) supplicantValue(open, text, number);
  }
  return networks;
}

const KEY_SECURITY: { readonly [name: string]: Security } = {
  psk: 'wpa2',
  sae_password: 'wpa3',
  wep_key0: 'wep',
  password: 'unknown',
};

function supplicantValue(network: Network, text: string, line: number): void {
  const [, name = '', raw = ''] = /^\s*(\w+)\s*=\s*(.*)$/.exec(text) ?? [];
  const value = bare(raw);
  const security = KEY_SECURITY[name];
  if (security !== undefined) {
    Object.assign(network, { key: value, line, security: security === 'unknown' ? network.security : security });
  } else supplicantSetting(network, name, value);
}

function supplicantSetting(network: Network, name: string, value: string): void {
  if (name === 'ssid') network.ssid = value;
  if (name === 'mode' && value === '2') network.role = 'access-point';
  if (name === 'disabled') network.disabled = value === '1';
  if (name === 'key_mgmt' && network.security === 'unknown') network.security = managed(value);
}

const managed = (value: string): Security => (/NONE/.test(value) ? 'open' : /SAE/.test(value) ? 'wpa3' : 'wpa2');

/** /etc/config/wireless of OpenWrt: a radio that is disabled serves nobody. */
function uci(lines: readonly TextLine[]): Network[] {
  const networks: UciNetwork[] = [];
  const off = new Set<string>();
  for (const { type, name, start, options } of uciSections(lines.map(({ text }) => text))) {
    if (type === 'wifi-device' && options.some((one) => one.option === 'disabled' && one.value === '1')) off.add(name);
    if (type !== 'wifi-iface') continue;
    const network: UciNetwork = blank(start);
    for (const { option, value, line } of options) uciValue(network, option, value, line);
    networks.push(network);
  }
  return networks.map((one) => (one.device !== undefined && off.has(one.device) ? { ...one, disabled: true } : one));
}

type UciNetwork = Network & { device?: string };

const blank = (line: number): Network => ({ role: 'access-point', line, security: 'open', disabled: false });

function uciValue(network: Network & { device?: string }, name: string, value: string, line: number): void {
  if (name === 'device') network.device = value;
  if (name === 'ssid') network.ssid = value;
  if (name === 'mode' && value === 'sta') network.role = 'client';
  if (name === 'disabled' && value === '1') network.disabled = true;
  if (name === 'encryption') network.security = uciSecurity(value);
  if (name !== 'key') return;
  network.key = value;
  network.line = line;
}

function uciSecurity(value: string): Security {
  if (value === 'none') return 'open';
  if (/^wep/.test(value)) return 'wep';
  if (/^sae(?!-mixed)/.test(value)) return 'wpa3';
  if (/^(psk2|wpa2|sae-mixed)/.test(value)) return 'wpa2';
  return /^(psk|wpa)/.test(value) ? 'wpa' : 'unknown';
}
