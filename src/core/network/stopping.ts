/** Listens for a stop that many connections wait for, and forgets those that are over. */
import { setMaxListeners } from 'node:events';

/** Runs `stop` when the signal aborts; the function it gives ends the listening. */
export function whenAborted(signal: AbortSignal | undefined, stop: () => void): () => void {
  if (signal === undefined) return () => {};
  // Thousands of connections of one gatherer share a signal: that is no leak.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', stop, { once: true });
  return () => signal.removeEventListener('abort', stop);
}
