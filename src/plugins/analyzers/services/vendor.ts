/** Whether a program that starts at boot and is no known server takes connections from a network, by its imports. */
import { isElf, readElf } from '../../../codecs/formats/elf.ts';
import type { FileTree, RootFileSystem } from '../../../core/model/files.ts';

/** Where programs lie that a shell finds by their names. */
export const FOLDERS = ['/usr/sbin/', '/sbin/', '/usr/bin/', '/bin/', '/usr/local/sbin/'];

/** Programs whose code could listen, and that are known to serve nobody on the network. */
const KNOWN = new Set(
  'ssh-keygen dropbearkey ssh scp openssl curl wget ntpdate ntpc ntpclient rdate dyndns noipdns hostapd hostapd_cli wpa_supplicant wpa_cli pppd dhcpc udhcpc dhclient dhcpcd dhcp6c odhcp6c radvd igmpproxy ping traceroute iperf tcpdump rtk_hciattach iwconfig iwpriv iw ip tc ebtables arping brctl'.split(
    ' ',
  ),
);
/** Sockets of the machine's own need no addresses of the network. */
const ADDRESSES = 'inet_ntoa inet_ntop inet_addr inet_aton inet_pton htons getaddrinfo gethostbyname'.split(' ');

/** Looks at the program of a start line. */
export function listens(tree: FileTree, root: RootFileSystem, program: string): boolean {
  if (KNOWN.has(program.slice(program.lastIndexOf('/') + 1))) return false;
  const places = program.startsWith('/') ? [program] : FOLDERS.map((folder) => folder + program);
  const entry = places.map((place) => tree.resolve(root, place)).find((one) => one?.type === 'file');
  if (entry === undefined || /\/(busybox|toybox)[\w.-]*$/.test(entry.name)) return false;
  const content = tree.content(entry);
  if (!isElf(content.read(0, 20))) return false;
  const imports = readElf(content)?.imports ?? new Set<string>();
  const has = (...names: readonly string[]): boolean => names.some((name) => imports.has(name));
  return has(...ADDRESSES) && (has('listen', 'accept', 'accept4') || (has('bind') && has('recvfrom')));
}
