/** A clock that can be stopped: what then ends rests on no wait, however slow the machine is. */

export interface Clock {
  /** No timer fires from now on, those that run and those that are set later. */
  stop(): void;
  restore(): void;
}

export function ownClock(): Clock {
  const real = globalThis.setTimeout;
  const running = new Set<NodeJS.Timeout>();
  let stopped = false;
  const set = (callback: (...args: unknown[]) => void, delay?: number, ...args: unknown[]): NodeJS.Timeout => {
    const timer = real(() => {
      running.delete(timer);
      callback(...args);
    }, delay);
    if (stopped) clearTimeout(timer);
    else running.add(timer);
    return timer;
  };
  globalThis.setTimeout = Object.assign(set, real) as typeof setTimeout;
  return {
    stop: () => {
      stopped = true;
      for (const timer of running) clearTimeout(timer);
    },
    restore: () => {
      globalThis.setTimeout = real;
    },
  };
}
