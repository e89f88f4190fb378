/** How fast a device is talked to: connections a second, sessions at once. */
import { FaultError } from '../../lib/fault.ts';
import { isLoopback } from './address.ts';
import { whenAborted } from './stopping.ts';

export const PACES = ['gentle', 'normal', 'fast'] as const;
export type Pace = (typeof PACES)[number];

/** `rate`: new connections a second to one host; `sessions`: at once; `inFlight`: connects of a sweep at once. */
const LIMITS: {
  readonly [P in Pace]: { readonly rate: number; readonly sessions: number; readonly inFlight: number };
} = {
  gentle: { rate: 200, sessions: 8, inFlight: 64 },
  normal: { rate: 1000, sessions: 16, inFlight: 512 },
  fast: { rate: Number.POSITIVE_INFINITY, sessions: 64, inFlight: 4096 },
};

export interface Pacer {
  /** Waits for a turn; resolves with the function that ends the session. */
  connection(host: string, signal?: AbortSignal): Promise<() => void>;
  datagram(host: string, signal?: AbortSignal): Promise<void>;
  sweepRate(host: string): number;
  sweepWidth(host: string): number;
}

interface Lane {
  readonly limits: (typeof LIMITS)[Pace];
  sessions: number;
  /** When the next connection may start, in milliseconds of the monotonic clock. */
  next: number;
  readonly queue: (() => void)[];
}

/** One lane for each host; loopback runs at the fast pace. */
export function createPacer({ pace }: { readonly pace: Pace }): Pacer {
  const lanes = new Map<string, Lane>();
  const laneOf = (host: string): Lane => {
    const lane = lanes.get(host) ?? {
      limits: isLoopback(host) ? LIMITS.fast : LIMITS[pace],
      sessions: 0,
      next: 0,
      queue: [],
    };
    lanes.set(host, lane);
    return lane;
  };
  return {
    async connection(host, signal) {
      const lane = laneOf(host);
      while (lane.sessions >= lane.limits.sessions) await turn(lane, signal);
      lane.sessions += 1;
      await spaced(lane, signal);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        lane.sessions -= 1;
        lane.queue.shift()?.();
      };
    },
    datagram: (host, signal) => spaced(laneOf(host), signal),
    sweepRate: (host) => laneOf(host).limits.rate,
    sweepWidth: (host) => laneOf(host).limits.inFlight,
  };
}

function turn(lane: Lane, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(stopped());
      return;
    }
    const forget = whenAborted(signal, () => reject(stopped()));
    lane.queue.push(() => {
      forget();
      resolve();
    });
  });
}

const stopped = (): FaultError => new FaultError('stopped', 'stopped before it was done');

async function spaced(lane: Lane, signal: AbortSignal | undefined): Promise<void> {
  const { rate } = lane.limits;
  if (rate === Number.POSITIVE_INFINITY) return;
  const now = performance.now();
  const start = Math.max(now, lane.next);
  lane.next = start + 1000 / rate;
  if (start <= now) return;
  await new Promise<void>((resolve) => setTimeout(resolve, start - now));
  if (signal?.aborted === true) throw stopped();
}
