/** The door of a run without a host: all who knock are refused, and nothing of the network is loaded. */
import { FaultError } from '../../lib/fault.ts';
import type { Dialer } from '../model/network.ts';

const refuse = async (): Promise<never> => {
  throw new FaultError('denied', 'no host was given');
};

export const NOBODY: Dialer = {
  counts: { tcp: 0, udp: 0 },
  tcp: refuse,
  tls: refuse,
  udp: refuse,
  http: refuse,
  sweep: refuse,
};
