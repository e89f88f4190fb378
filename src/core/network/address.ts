/** What kind of address a host is: loopback, private, public. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Everything that is not routed on the Internet (RFC 6890): private, link-local, shared, documentation, unique local. */
const local = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['198.18.0.0', 15],
  ['0.0.0.0', 8],
] as const)
  local.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['fc00::', 7],
  ['fe80::', 10],
  ['2001:db8::', 32],
] as const)
  local.addSubnet(network, prefix, 'ipv6');

/** A zone (`%eth0`, RFC 4007 §11) is no part of the address. */
const bare = (host: string): string => host.replace(/%[^%]*$/, '');

const within = (list: BlockList, zoned: string): boolean => isWithin(list, bare(zoned));
const isWithin = (list: BlockList, host: string): boolean =>
  isIPv4(host) ? list.check(host, 'ipv4') : isIPv6(host) && list.check(host, 'ipv6');

export const isLoopback = (host: string): boolean => host === 'localhost' || within(loopback, host);

/** A routable address, or a name that is not of the local network (`.local`, `.lan`, `.home.arpa`, `.internal`, no dot at all). */
export function isPublic(host: string): boolean {
  if (isIPv4(host) || isIPv6(host)) return !within(loopback, host) && !within(local, host);
  return host.includes('.') && !/\.(local|lan|internal|home\.arpa|test|localhost)$/i.test(host);
}
