/** TCP connects over many ports of one host: open, closed and silent told apart, two tries with an RTT-derived timeout. */
import { Socket } from 'node:net';
import { FaultError } from '../../lib/fault.ts';
import type { DialOptions, PortAnswer, SweepResult } from '../model/network.ts';
import { isLoopback } from './address.ts';

export interface SweepOptions extends DialOptions {
  /** New connects a second. */
  readonly rate: number;
  /** Connects at once. */
  readonly inFlight: number;
  readonly onProgress?: (done: number) => void;
  readonly onOpen?: (port: number) => void;
  count(made: number): void;
}

type State = 'open' | 'closed' | 'silent' | 'unreachable' | 'starved';

/** Smoothed round trip and its deviation, RFC 6298. */
interface Rtt {
  smoothed: number | undefined;
  deviation: number;
}

/**
 * Milliseconds: the guess until a first answer comes, and after `DEAF` tries without one; the least in the first pass and in
 * those after it; the most.
 */
const TIMEOUT = { first: 1000, deaf: 500, least: 250, again: 500, most: 3000, near: 250 };
const DEAF = 512;

/**
 * The first connects of a sweep are waited for longer: where nobody has the address the kernel asks for three seconds before
 * it says so, and no other connect hears of it.
 */
const HERALDS = 3;
const HERALD_TIMEOUT = 4000;
/** A refusal that comes sooner is that of a firewall on the way or on the device, which may let other ports through. */
const NOBODY_AFTER = 2000;

/** A pass that brought answers shows that packets get lost: there is another. A few silent ports are cheap to ask again. */
const PASSES = 6;
const FEW = 32;
const FEW_PASSES = 4;

/** What a sweep of some ports showed, to be joined with that of others. */
export interface Part {
  readonly open: readonly PortAnswer[];
  readonly closed: number;
  readonly silent: number;
  readonly unreachable: number;
  readonly starved: number;
}

/** Tries every port; ports that stay silent are tried a second time. Throws FaultError `stopped`. */
export async function sweep(host: string, ports: readonly number[], options: SweepOptions): Promise<SweepResult> {
  return joined([await sweepPart(host, ports, options)]);
}

/** Throws FaultError `over-budget` where this machine had no sockets left. */
export function joined(parts: readonly Part[]): SweepResult {
  const sum = (count: (part: Part) => number): number => parts.reduce((total, part) => total + count(part), 0);
  const open = parts.flatMap((part) => part.open).sort((a, b) => a.port - b.port);
  const [closed, silent, unreachable] = [
    sum((one) => one.closed),
    sum((one) => one.silent),
    sum((one) => one.unreachable),
  ];
  const starved = sum((one) => one.starved);
  if (starved > 0) throw new FaultError('over-budget', `this machine had no sockets left for ${starved} ports`);
  const nowhere = unreachable > 0 && open.length + closed + silent === 0;
  return {
    open,
    closed,
    silent: silent + (nowhere ? 0 : unreachable),
    answered: open.length + closed > 0,
    ...(nowhere ? { unreachable: 'no way to the host' } : {}),
  };
}

/** Tries every port; ports that stay silent are tried a second time. Throws FaultError `stopped`. */
export async function sweepPart(host: string, ports: readonly number[], options: SweepOptions): Promise<Part> {
  const run = new Run(host, options);
  const first = await run.pass(ports);
  if (run.nowhere) return { open: [], closed: 0, silent: 0, unreachable: ports.length, starved: 0 };
  const answers = new Map<number, Answer>(first.map((answer) => [answer.port, answer]));
  let open = first.filter(isOpenEnded).map(({ port }) => port);
  for (let passes = 1; open.length > 0 && run.goesOn(passes, open.length); passes += 1) {
    const again = await run.pass(open);
    for (const answer of again) answers.set(answer.port, answer);
    const left = again.filter(isOpenEnded).map(({ port }) => port);
    run.lossy = left.length < open.length;
    open = left;
  }
  const final = [...answers.values()];
  const of = (state: State): readonly Answer[] => final.filter((answer) => answer.state === state);
  return {
    open: of('open').map(
      ({ port, rtt }): PortAnswer => ({ port, state: 'open', ...(rtt === undefined ? {} : { rtt }) }),
    ),
    closed: of('closed').length,
    silent: of('silent').length,
    unreachable: of('unreachable').length,
    starved: of('starved').length,
  };
}

const isOpenEnded = ({ state }: Answer): boolean => state === 'silent' || state === 'starved';

interface Answer {
  readonly port: number;
  readonly state: State;
  readonly rtt?: number;
}

/** One connect that is under way. */
interface Attempt {
  readonly port: number;
  readonly socket: Socket;
  readonly started: number;
  readonly deadline: number;
  readonly herald: boolean;
}

/** Milliseconds between looks for attempts that are overdue: one timer for all costs less than one for each. */
const TICK = 25;

class Run {
  readonly #host: string;
  readonly #options: SweepOptions;
  readonly #near: boolean;
  readonly #rtt: Rtt = { smoothed: undefined, deviation: 0 };
  #done = 0;
  #passes = 0;
  /** The last pass brought answers from ports that had been silent. */
  lossy = false;
  #answered = false;
  #heralds = 0;
  #unreached = 0;
  constructor(host: string, options: SweepOptions) {
    this.#host = host;
    this.#options = options;
    this.#near = isLoopback(host);
  }

  /** Every port once. Throws FaultError `stopped`. */
  async pass(ports: readonly number[]): Promise<readonly Answer[]> {
    this.#passes += 1;
    if (this.#passes === 1) this.#heralds = Math.min(HERALDS, ports.length);
    const before = Error.stackTraceLimit;
    // Each closed port makes an error: taking its stack costs more than the connect does.
    Error.stackTraceLimit = 0;
    try {
      return await new Pass(ports, this).run();
    } finally {
      Error.stackTraceLimit = before;
      this.#options.count(ports.length);
    }
  }

  get host(): string {
    return this.#host;
  }
  get stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }
  /** On loopback answers come at once: a few in flight keep the event loop's queues short. */
  get width(): number {
    return this.#near ? Math.min(32, this.#options.inFlight) : this.#options.inFlight;
  }
  /** Heralds of the first pass that nobody has answered, and no other port either. */
  get heralds(): number {
    return this.#near || this.#passes > 1 || this.#answered ? 0 : this.#heralds;
  }
  /** No way leads to the host: all heralds have said so, and no port has said anything else. */
  get nowhere(): boolean {
    return !this.#answered && this.#unreached > 0 && this.#unreached === this.#heralds;
  }
  get rate(): number {
    return this.#options.rate;
  }

  /** Two tries at the least; more where packets get lost, or where more cost little. */
  goesOn(passes: number, silent: number): boolean {
    if (passes < 2) return true;
    if (this.#done === 0 || this.#rtt.smoothed === undefined) return false;
    return (this.lossy && passes < PASSES) || (silent <= FEW && passes < FEW_PASSES);
  }

  timeout(): number {
    if (this.#near) return TIMEOUT.near;
    const { smoothed, deviation } = this.#rtt;
    if (smoothed === undefined) return this.#done < DEAF ? TIMEOUT.first : TIMEOUT.deaf;
    const least = this.#passes === 1 ? TIMEOUT.least : TIMEOUT.again;
    return Math.min(TIMEOUT.most, Math.max(least, smoothed + 4 * deviation));
  }

  told(port: number, state: State, rtt: number, herald: boolean): void {
    this.#done += 1;
    this.#answered ||= state === 'open' || state === 'closed';
    if (herald && state === 'unreachable' && rtt >= NOBODY_AFTER) this.#unreached += 1;
    if (state === 'open') this.#options.onOpen?.(port);
    if (this.#done % 1024 === 0) this.#options.onProgress?.(this.#done);
    if (this.#near || (state !== 'open' && state !== 'closed')) return;
    const { smoothed } = this.#rtt;
    if (smoothed === undefined) {
      this.#rtt.smoothed = rtt;
      this.#rtt.deviation = rtt / 2;
      return;
    }
    this.#rtt.deviation = 0.75 * this.#rtt.deviation + 0.25 * Math.abs(smoothed - rtt);
    this.#rtt.smoothed = 0.875 * smoothed + 0.125 * rtt;
  }
}

/** Connects at once before it shows that more are needed: each costs memory, and where answers come fast more gain nothing. */
const WINDOW = 512;

/** Connects to all ports, by callbacks alone: a promise for each would double the time. */
class Pass {
  readonly #ports: readonly number[];
  readonly #run: Run;
  readonly #answers: Answer[] = [];
  readonly #flying = new Set<Attempt>();
  readonly #started = performance.now();
  #next = 0;
  #window = WINDOW;
  #ticked = performance.now();
  #before = 0;
  #ticker: NodeJS.Timeout | undefined;
  #settle: { resolve(answers: readonly Answer[]): void; reject(error: Error): void } | undefined;
  constructor(ports: readonly number[], run: Run) {
    this.#ports = ports;
    this.#run = run;
  }

  run(): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#ticker = setInterval(() => this.#tick(), TICK);
      this.#fill();
    });
  }

  #fill(): void {
    const { rate } = this.#run;
    const width = Math.min(this.#window, this.#run.width);
    const due = rate === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : this.#due(rate);
    while (this.#flying.size < width && this.#next < this.#ports.length && this.#next < due) {
      this.#try(this.#ports[this.#next] ?? 0);
      this.#next += 1;
    }
    if (this.#flying.size === 0 && this.#next >= this.#ports.length) this.#end();
  }

  /** Ports that may have been begun by now. */
  #due(rate: number): number {
    return 1 + ((performance.now() - this.#started) * rate) / 1000;
  }

  #tick(): void {
    if (this.#run.stopped) {
      this.#end(new FaultError('stopped', 'stopped before it was done'));
      return;
    }
    this.#widen();
    // Answers that wait in the kernel come before the judgement that there is none.
    setImmediate(() => this.#expire(performance.now() - TICK));
  }

  /** Twice as many where most are still waiting after a tick: for a long way, or for ports that say nothing. */
  #widen(): void {
    const now = performance.now();
    const onTime = now - this.#ticked < 2 * TICK;
    const done = this.#answers.length - this.#before;
    if (onTime && this.#flying.size >= this.#window && done < this.#window / 2) this.#window *= 2;
    this.#ticked = now;
    this.#before = this.#answers.length;
  }

  /** Attempts are in the order of their start: the first that has time left ends the look, as nearly all after it have. */
  #expire(now: number): void {
    if (this.#settle === undefined) return;
    for (const attempt of this.#flying) {
      if (attempt.herald && this.#run.heralds > 0 && attempt.started + HERALD_TIMEOUT > now) continue;
      if (attempt.deadline > now) break;
      this.#close(attempt, 'silent');
    }
    if (this.#run.nowhere) this.#end();
    else this.#fill();
  }

  #end(error?: FaultError): void {
    clearInterval(this.#ticker);
    for (const { socket } of this.#flying) socket.destroy();
    this.#flying.clear();
    if (error === undefined) this.#settle?.resolve(this.#answers);
    else this.#settle?.reject(error);
    this.#settle = undefined;
  }

  #try(port: number): void {
    const started = performance.now();
    const socket = new Socket();
    const herald = this.#next < this.#run.heralds;
    const attempt: Attempt = { port, socket, started, deadline: started + this.#run.timeout(), herald };
    this.#flying.add(attempt);
    socket.once('connect', () => {
      const own = socket.localPort === port && socket.localAddress === socket.remoteAddress;
      this.#close(attempt, own ? 'closed' : 'open');
      this.#fill();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#close(attempt, stateOf(error.code))) this.#fill();
    });
    socket.connect({ host: this.#run.host, port });
  }

  #close(attempt: Attempt, state: State): boolean {
    if (!this.#flying.delete(attempt)) return false;
    attempt.socket.destroy();
    const { port } = attempt;
    const rtt = performance.now() - attempt.started;
    this.#run.told(port, state, rtt, attempt.herald);
    this.#answers.push(state === 'open' ? { port, state, rtt } : { port, state });
    return true;
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
