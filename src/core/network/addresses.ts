/** Which address a name stands for, asked once in a run: all that is told of a host is of one address. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { FaultError } from '../../lib/fault.ts';

/** `others` are not contacted. */
export interface Resolved {
  readonly address: string;
  readonly others: readonly string[];
}

type Lookup = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
const system: Lookup = (host) => lookup(host, { all: true });

/** Throws FaultError `unreachable` for a name without an address. */
export function createAddresses(ask: Lookup = system): (host: string) => Promise<Resolved> {
  const known = new Map<string, Promise<Resolved>>();
  return (host) => {
    const found = known.get(host) ?? resolve(host, ask);
    known.set(host, found);
    return found;
  };
}

async function resolve(host: string, ask: Lookup): Promise<Resolved> {
  if (isIP(host) !== 0) return { address: host, others: [] };
  const found = await ask(host).catch(() => []);
  // Devices that speak IPv6 nearly always speak IPv4 too, seldom the other way round.
  const [first, ...others] = [...found].sort((a, b) => a.family - b.family).map(({ address }) => address);
  if (first === undefined) throw new FaultError('unreachable', `the name ${host} has no address`);
  return { address: first, others: [...new Set(others)].filter((address) => address !== first) };
}
