/** TCP connects over many ports of one host: open, closed and silent told apart, two tries with an RTT-derived timeout. */
import { Socket } from 'node:net';
import { FaultError } from '../../lib/fault.ts';
import type { DialOptions, PortAnswer, SweepResult } from '../model/network.ts';
import { isLoopback } from './address.ts';

interface SweepOptions extends DialOptions {
  /** New connects a second. */
  readonly rate: number;
  /** Connects at once. */
  readonly inFlight: number;
  readonly onProgress?: (done: number) => void;
  count(made: number): void;
}

type State = 'open' | 'closed' | 'silent' | 'unreachable' | 'starved';

/** Smoothed round trip and its deviation, RFC 6298. */
interface Rtt {
  smoothed: number | undefined;
  deviation: number;
}

/** Milliseconds: first guess of the timeout, and its bounds. */
const TIMEOUT = { first: 1000, least: 500, most: 3000, near: 250 };

/** Tries every port; ports that stay silent are tried a second time. Throws FaultError `stopped`. */
export async function sweep(host: string, ports: readonly number[], options: SweepOptions): Promise<SweepResult> {
  const run = new Run(host, options);
  const first = await run.pass(ports);
  const silent = first
    .filter((answer) => answer.state === 'silent' || answer.state === 'starved')
    .map((answer) => answer.port);
  const second = silent.length === 0 ? [] : await run.pass(silent);
  const answers = new Map<number, Answer>(first.map((answer) => [answer.port, answer]));
  for (const answer of second) answers.set(answer.port, answer);
  const final = [...answers.values()];
  const starved = final.filter((answer) => answer.state === 'starved').length;
  if (starved > 0) throw new FaultError('over-budget', `this machine had no sockets left for ${starved} ports`);
  const of = (state: State): readonly Answer[] => final.filter((answer) => answer.state === state);
  const unreachable = of('unreachable');
  return {
    open: of('open')
      .map(({ port, rtt }): PortAnswer => ({ port, state: 'open', ...(rtt === undefined ? {} : { rtt }) }))
      .sort((a, b) => a.port - b.port),
    closed: of('closed').length,
    silent: of('silent').length + (unreachable.length === final.length ? 0 : unreachable.length),
    answered: of('open').length + of('closed').length > 0,
    ...(unreachable.length === final.length && final.length > 0 ? { unreachable: 'no way to the host' } : {}),
  };
}

interface Answer {
  readonly port: number;
  readonly state: State;
  readonly rtt?: number;
}

class Run {
  readonly #host: string;
  readonly #options: SweepOptions;
  readonly #rtt: Rtt = { smoothed: undefined, deviation: 0 };
  #done = 0;
  constructor(host: string, options: SweepOptions) {
    this.#host = host;
    this.#options = options;
  }

  async pass(ports: readonly number[]): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    const started = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < ports.length) {
        const index = next;
        next += 1;
        if (this.#options.signal?.aborted === true) throw new FaultError('stopped', 'stopped before it was done');
        await this.#wait(started, index);
        answers.push(await this.#try(ports[index] ?? 0));
        this.#done += 1;
        if (this.#done % 1024 === 0) this.#options.onProgress?.(this.#done);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#width(), ports.length) }, worker));
    this.#options.count(ports.length);
    return answers;
  }

  /** On loopback answers come at once: a few in flight keep the event loop's queues short. */
  #width(): number {
    return isLoopback(this.#host) ? Math.min(64, this.#options.inFlight) : this.#options.inFlight;
  }

  async #wait(started: number, index: number): Promise<void> {
    if (this.#options.rate === Number.POSITIVE_INFINITY) return;
    const due = started + (index * 1000) / this.#options.rate;
    const ahead = due - performance.now();
    if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
  }

  #timeout(): number {
    if (isLoopback(this.#host)) return TIMEOUT.near;
    const { smoothed, deviation } = this.#rtt;
    return smoothed === undefined
      ? TIMEOUT.first
      : Math.min(TIMEOUT.most, Math.max(TIMEOUT.least, smoothed + 4 * deviation));
  }

  #learn(sample: number): void {
    const { smoothed } = this.#rtt;
    if (smoothed === undefined) {
      this.#rtt.smoothed = sample;
      this.#rtt.deviation = sample / 2;
      return;
    }
    this.#rtt.deviation = 0.75 * this.#rtt.deviation + 0.25 * Math.abs(smoothed - sample);
    this.#rtt.smoothed = 0.875 * smoothed + 0.125 * sample;
  }

  #try(port: number): Promise<Answer> {
    return new Promise((resolve) => {
      const started = performance.now();
      const socket = new Socket();
      const timer = setTimeout(() => end('silent'), this.#timeout());
      const end = (state: State): void => {
        clearTimeout(timer);
        socket.destroy();
        const rtt = performance.now() - started;
        if (state === 'open' || state === 'closed') this.#learn(rtt);
        resolve(state === 'open' || state === 'closed' ? { port, state, rtt } : { port, state });
      };
      socket.once('connect', () =>
        end(socket.localPort === port && socket.localAddress === socket.remoteAddress ? 'closed' : 'open'),
      );
      socket.once('error', (error: NodeJS.ErrnoException) => end(stateOf(error.code)));
      socket.connect({ host: this.#host, port });
    });
  }
}

function stateOf(code: string | undefined): State {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'closed';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'EACCES':
    case 'EPERM':
      return 'unreachable';
    case 'EMFILE':
    case 'ENFILE':
    case 'EADDRNOTAVAIL':
    case 'ENOBUFS':
      return 'starved';
    default:
      return 'silent';
  }
}
