/** Plays a recorded run back without a network: each connection takes the recorded one that was asked the same. */
import { Duplex } from 'node:stream';
import { type Fault, FaultError } from '../../lib/fault.ts';
import type { DatagramPort, Dialer, SweepResult } from '../model/network.ts';
import { askedOf, httpOver, type TranscriptLine } from './transcript.ts';

type Event =
  | { readonly kind: 'out' | 'in'; readonly bytes: Buffer }
  | { readonly kind: 'end' | 'silence' }
  | { readonly kind: 'refusal'; readonly fault: Fault };

/** One recorded connection, and whether it was played already. */
interface Tape {
  /** Of who asked first the least. */
  readonly id: number;
  readonly events: Event[];
  used: boolean;
  readonly channel?: Extract<TranscriptLine, { kind: 'secure' }>['channel'];
  readonly fault?: Fault;
}

interface Tapes {
  /** By `tcp host port`, `udp host port`, and those with ` tls ` and what was asked for behind. */
  readonly at: Map<string, Tape[]>;
  readonly sweeps: Map<string, SweepResult[]>;
}

/**
 * Each new connection takes the recorded one to the same place whose first bytes are its own, or most like them; in order
 * where several are. What was never recorded is FaultError `unreachable`. Bytes are the same where the run has the seed of
 * the recording (lib/chance.ts); logins by `ssh2` make keys of their own and can not be played.
 */
export function replayDialer(lines: Iterable<TranscriptLine>): Dialer {
  const tapes = tapesOf(lines);
  const counts = { tcp: 0, udp: 0 };
  const places = new WeakMap<Duplex, string>();
  const take = (key: string): Tape[] => {
    const list = tapes.at.get(key) ?? [];
    if (list.length === 0) throw new FaultError('unreachable', `nothing was recorded of ${key}`);
    return list;
  };
  const turns = new Map<string, number>();
  /** The fault of the try that was made there in this turn, however many others are under way. */
  const play = (key: string): { readonly player: Duplex; readonly next: Tape } => {
    const list = take(key);
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    const next = list[turn] ?? nextOf(list);
    if (next.fault !== undefined) throw used(next);
    const player = new Player(list.filter(({ fault }) => fault === undefined));
    places.set(player, key);
    return { player, next };
  };
  const door: Dialer = {
    counts,
    tcp(host, port) {
      counts.tcp += 1;
      return Promise.resolve().then(() => play(`tcp ${host} ${port}`).player);
    },
    tls(over, options) {
      return Promise.resolve().then(() => {
        const { player, next } = play(`${places.get(over)} tls ${askedOf(options)}`);
        if (next.channel === undefined) throw new FaultError('unreachable', 'no TLS was recorded here');
        const { chain, ...channel } = next.channel;
        return { ...channel, chain: chain.map((der) => Buffer.from(der, 'base64')), stream: player };
      });
    },
    udp(host, port) {
      counts.udp += 1;
      return Promise.resolve().then(() => datagrams(take(`udp ${host} ${port}`)));
    },
    http: (request) => httpOver(door, request),
    sweep(host, ports) {
      const found = tapes.sweeps.get(`${host} ${ports.length}`)?.shift();
      return found === undefined
        ? Promise.reject(new FaultError('unreachable', `no sweep of ${ports.length} ports of ${host} was recorded`))
        : Promise.resolve(found);
    },
  };
  return door;
}

function used(tape: Tape): FaultError {
  tape.used = true;
  const { kind, message } = tape.fault ?? { kind: 'unreachable', message: 'not recorded' };
  return new FaultError(kind, message);
}

/** The first that was not played yet; the last again where all were. */
function nextOf(list: readonly Tape[]): Tape {
  const tape = list.find((one) => !one.used) ?? list.at(-1);
  if (tape === undefined) throw new FaultError('unreachable', 'nothing was recorded here');
  return tape;
}

function tapesOf(lines: Iterable<TranscriptLine>): Tapes {
  const tapes: Tapes = { at: new Map(), sweeps: new Map() };
  const byId = new Map<number, { readonly tape: Tape; readonly place: string }>();
  const keep = (id: number, place: string, tape: Tape): void => {
    byId.set(id, { tape, place });
    listIn(tapes.at, place).push(tape);
  };
  for (const line of lines) {
    const { id } = line;
    switch (line.kind) {
      case 'open':
        keep(id, `${line.transport} ${line.host} ${line.port}`, { id, events: [], used: false });
        break;
      case 'secure':
        keep(id, `${byId.get(line.over)?.place} tls ${line.asked}`, {
          id,
          events: [],
          used: false,
          channel: line.channel,
        });
        break;
      case 'fault':
        keep(id, placeOfFault(line, byId), { id, events: [], used: false, fault: line.fault });
        break;
      case 'sweep':
        listIn(tapes.sweeps, `${line.host} ${line.ports}`).push(line.result);
        break;
      default:
        byId.get(id)?.tape.events.push(eventOf(line));
    }
  }
  // Answers came in an order of their own: what counts is who asked first.
  for (const list of tapes.at.values()) list.sort((a, b) => a.id - b.id);
  return tapes;
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

function placeOfFault(
  line: Extract<TranscriptLine, { kind: 'fault' }>,
  byId: ReadonlyMap<number, { readonly place: string }>,
): string {
  const { over, asked, transport, host, port } = line;
  return over === undefined ? `${transport} ${host} ${port}` : `${byId.get(over)?.place} tls ${asked}`;
}

function eventOf(line: Extract<TranscriptLine, { kind: 'out' | 'in' | 'end' | 'silence' | 'refusal' }>): Event {
  if (line.kind === 'refusal') return { kind: line.kind, fault: line.fault };
  return line.kind === 'out' || line.kind === 'in'
    ? { kind: line.kind, bytes: Buffer.from(line.bytes, 'base64') }
    : { kind: line.kind };
}

/** Milliseconds in which a client that speaks first has spoken. */
const SPEAKS = 5;

/** Plays one connection: what was received comes once as many bytes were sent as before it in the recording. */
class Player extends Duplex {
  #tape: Tape | undefined;
  /** The client has spoken: until then another tape that begins alike may take the place of this one. */
  #spoken = false;
  readonly #list: readonly Tape[];
  #at = 0;
  #sent = 0;
  #expected = 0;
  constructor(list: readonly Tape[]) {
    super();
    this.#list = list;
    setTimeout(() => this.#listen(), SPEAKS);
  }
  override _read(): void {
    // Pushed as it falls due.
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.#spoken) this.#choose(chunk);
    this.#sent += chunk.length;
    done();
    setImmediate(() => this.#run());
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#tape !== undefined) this.#tape.used = true;
    done(error);
  }
  /** The client waits for the server to speak first: a tape on which it does, or one on which nobody did. */
  #listen(): void {
    if (this.#tape !== undefined || this.destroyed) return;
    const first = this.#list.filter((tape) => speaksFirst(tape) || tape.events.length === 0);
    if (first.length === 0) return;
    this.#tape = nextOf(first);
    this.#run();
  }
  /** What the server said before it is the same on all tapes or nearly so: the client's words tell which one this is. */
  #choose(words: Buffer): void {
    this.#spoken = true;
    const heard = this.#tape !== undefined && speaksFirst(this.#tape);
    const tape = closest(heard ? this.#list.filter(speaksFirst) : this.#list, words);
    const start = tape.events.findIndex(({ kind }) => kind === 'out');
    if (heard) this.#at = start < 0 ? tape.events.length : start;
    else this.#at = 0;
    this.#tape = tape;
    tape.used = true;
  }
  #run(): void {
    const events = this.#tape?.events ?? [];
    for (let event = events[this.#at]; event !== undefined && !this.destroyed; event = events[this.#at]) {
      if (event.kind === 'out') {
        if (this.#sent < this.#expected + event.bytes.length) return;
        this.#expected += event.bytes.length;
      } else if (event.kind === 'in') this.push(event.bytes);
      else this.push(null);
      this.#at += 1;
    }
  }
}

const speaksFirst = ({ events }: Tape): boolean => events[0] !== undefined && events[0].kind !== 'out';

/** The tape whose first words are most like these; one that was not played yet before one that was. */
function closest(list: readonly Tape[], words: Buffer): Tape {
  let best = nextOf(list);
  let most = Number.NEGATIVE_INFINITY;
  for (const tape of list) {
    const first = tape.events.find(({ kind }) => kind === 'out');
    const recorded = first?.kind === 'out' ? first.bytes : Buffer.alloc(0);
    const score = likeness(recorded, words) + (tape.used ? 0 : 0.5);
    if (score > most) [best, most] = [tape, score];
  }
  return best;
}

/** Bytes that are the same at the same place, less what the lengths differ by. */
function likeness(one: Buffer, other: Buffer): number {
  let same = 0;
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) if (one[at] === other[at]) same += 1;
  return same - Math.abs(one.length - other.length);
}

/** Answers in the order in which they came after what was sent; a wait that none ended is played without waiting. */
function datagrams(list: readonly Tape[]): DatagramPort {
  let tape: Tape | undefined;
  let answers: Event[] = [];
  const choose = (next: Tape): void => {
    tape = next;
    next.used = true;
    answers = next.events.filter(({ kind }) => kind !== 'out');
  };
  return {
    send: (bytes) => {
      if (tape === undefined) choose(closest(list, Buffer.from(bytes)));
      return Promise.resolve();
    },
    receive: () => {
      if (tape === undefined) choose(nextOf(list));
      const event = answers.shift();
      if (event?.kind === 'refusal') return Promise.reject(new FaultError(event.fault.kind, event.fault.message));
      return Promise.resolve(event?.kind === 'in' ? event.bytes : undefined);
    },
    close: () => {},
  };
}
