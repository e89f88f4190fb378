/** Wi-Fi networks in the non-volatile storage of Espressif's chips: what ESP-IDF keeps itself, and what a maker's own keys call so. */
import type { FileEntry, FileTree } from '../../../core/model/files.ts';
import type { Network, Security } from './wifi-networks.ts';

/** The name of a network by its key: `/nvs.net80211/sta.ssid`, `/storage/wifi_ssid`. */
const NAME = /!nvs\/[^!/]+\/[\w.-]*ssid$/i;
/** What stands for the name in the key of the password. */
const PASSWORDS = ['pswd', 'passwd', 'password', 'pass', 'psk', 'pwd', 'passphrase', 'key'];
/** `wifi_auth_mode_t`. */
const MODES: readonly Security[] = ['open', 'wep', 'wpa', 'wpa2', 'wpa', 'unknown', 'wpa3', 'wpa2'];
const SSID = 32;
const KEY = 64;

export const isStoredName = ({ path }: FileEntry): boolean => NAME.test(path);

/** The network of a stored name; none where it has neither name nor password. */
export function storedNetwork(file: FileEntry, tree: FileTree): Network | undefined {
  const ssid = textOf(file, tree, SSID);
  const key = besides(file, PASSWORDS)
    .map((path) => tree.get(path))
    .flatMap((entry) => (entry === undefined ? [] : [textOf(entry, tree, KEY)]))
    .find((text) => text !== undefined && text !== '');
  if (ssid === undefined || ssid === '') return undefined;
  const role = /(^|\/)[\w.-]*\b(soft)?ap[._-]?[\w.-]*ssid$/i.test(file.name) ? 'access-point' : 'client';
  const mode = besides(file, ['authmode']).map((path) => tree.get(path))[0];
  const security = mode === undefined ? undefined : MODES[Number(textOf(mode, tree, KEY))];
  return {
    role,
    ssid,
    ...(key === undefined ? {} : { key }),
    line: 1,
    security: security ?? (key === undefined ? 'open' : 'unknown'),
    disabled: false,
  };
}

const besides = ({ path }: FileEntry, words: readonly string[]): readonly string[] =>
  words.map((word) => path.replace(/ssid$/i, word));

/** Text up to its first zero; ESP-IDF writes the length before the name. */
function textOf(file: FileEntry, tree: FileTree, limit: number): string | undefined {
  const bytes = Buffer.from(tree.content(file).read(0, limit + 5));
  const counted = bytes.length === SSID + 4 && bytes.readUInt32LE(0) <= SSID;
  const text = (counted ? bytes.subarray(4, 4 + bytes.readUInt32LE(0)) : bytes).toString('utf8').split('\0')[0] ?? '';
  return text.length <= limit && /^[^\p{Cc}\ufffd]*$/u.test(text.trimEnd()) ? text.trimEnd() : undefined;
}
