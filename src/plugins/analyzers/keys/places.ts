/** What the place of a key file says: whether it is an example, what it is for, and who names it. */
import type { FileEntry, FileTree } from '../../../core/model/files.ts';

export type Place = 'system' | 'documentation' | 'test' | 'library';
export type Purpose = 'ssh-host' | 'tls-server' | 'tls-client' | 'update-signing' | 'authority' | 'vpn' | 'unknown';

/** Where a key lies that nobody means to use: examples, tests, and what libraries carry for their own trials. */
export function placeOf(name: string): Place {
  if (/\/(docs?|man|info|examples?|samples?|README[^/]*|demos?)\//i.test(name)) return 'documentation';
  if (/\/(tests?|testdata|testing|selftest|t|__tests__)\//i.test(name)) return 'test';
  // The openssl program carries the keys of its own speed test.
  if (/\/s?bin\/openssl$/.test(name)) return 'library';
  if (/\/lib[^/]*\.(so|a)(\.[\d.]+)?$/.test(name) || /\/(node_modules|site-packages|dist-packages)\//.test(name))
    return 'library';
  return 'system';
}

const PURPOSES: readonly (readonly [RegExp, Purpose])[] = [
  [/ssh_host_|dropbear|\/ssh\/.*host.*key/i, 'ssh-host'],
  [/openvpn|wireguard|\/wg\d|ipsec|strongswan|racoon|\/vpn/i, 'vpn'],
  [
    /(sign|signing)[-_.]?(key|priv)|(swupdate|rauc|mender|fwup|firmware|update|ota)[^/]*(key|priv|\.pem)/i,
    'update-signing',
  ],
  [/(^|[/_.-])(root)?ca([-_.]?(priv|key))?[-_.]*(key|pem|der)?$|cakey|ca[-_.]key|rootca/i, 'authority'],
  [/client/i, 'tls-client'],
  [
    /httpd|lighttpd|nginx|uhttpd|apache|boa|goahead|mini_httpd|stunnel|server|https?|ssl|tls|web|mosquitto|mqtt/i,
    'tls-server',
  ],
];

/** What the programs whose configurations or start scripts name a key need it for. */
const NAMERS: readonly (readonly [RegExp, Purpose])[] = [
  [/sshd|dropbear/i, 'ssh-host'],
  [/openvpn|wireguard|ipsec|swanctl|strongswan|racoon/i, 'vpn'],
  [/lighttpd|nginx|uhttpd|apache|httpd|goahead|\/boa|stunnel|mosquitto|vsftpd|proftpd|hostapd|haproxy/i, 'tls-server'],
  [/wpa_supplicant|mosquitto_(pub|sub)/i, 'tls-client'],
];

const matching = (rows: readonly (readonly [RegExp, Purpose])[], name: string): Purpose | undefined =>
  rows.find(([shape]) => shape.test(name))?.[1];

/** By its own name and place, else by what names it. */
export const purposeOf = (name: string, namer?: string): Purpose =>
  matching(PURPOSES, name) ?? (namer === undefined ? undefined : matching(NAMERS, namer)) ?? 'unknown';

const MAX_TEXT = 1 << 20;
const MAX_FILES = 20_000;
const TEXT_PLACES =
  /^\/(etc|usr\/etc|opt|www|usr\/lib\/lua|lib\/systemd|usr\/lib\/systemd|usr\/share\/\w+|home|system\/etc)\//;

export interface Namers {
  readonly namers: ReadonlyMap<string, FileEntry>;
  /** Some texts were not read while a file was still without a namer. */
  readonly cut?: string;
}

/** The first configuration or script that names each of the files, by the file's path; read only when there are any. */
export function namedBy(files: readonly FileEntry[], tree: FileTree): Namers {
  const namers = new Map<string, FileEntry>();
  const wanted = new Map(files.filter(({ name }) => name.length > 6).map((file) => [file.path, file]));
  const candidates = [...tree.entries()].filter(mayName);
  let long: string | undefined;
  for (const entry of candidates.slice(0, MAX_FILES)) {
    if (wanted.size === 0) return { namers };
    const text = Buffer.from(tree.content(entry).read(0, MAX_TEXT));
    if (isBinary(text)) continue;
    if (entry.size > MAX_TEXT) long ??= entry.name;
    for (const path of namesIn(text, entry, wanted)) {
      namers.set(path, entry);
      wanted.delete(path);
    }
  }
  const cut = wanted.size === 0 ? undefined : unsearched(candidates.length, long);
  return { namers, ...(cut === undefined ? {} : { cut }) };
}

/** What was not searched, in words. */
function unsearched(files: number, long: string | undefined): string | undefined {
  if (files > MAX_FILES) return `only ${MAX_FILES} texts were searched for who names a key`;
  return long === undefined
    ? undefined
    : `of ${long} only the first ${MAX_TEXT >> 20} MiB were searched for who names a key`;
}

const mayName = (entry: FileEntry): boolean => entry.type === 'file' && entry.size > 0 && TEXT_PLACES.test(entry.name);

const isBinary = (text: Buffer): boolean => text.subarray(0, 256).includes(0);

function namesIn(text: Buffer, entry: FileEntry, wanted: ReadonlyMap<string, FileEntry>): readonly string[] {
  return [...wanted].filter(([path, file]) => path !== entry.path && text.includes(file.name)).map(([path]) => path);
}
