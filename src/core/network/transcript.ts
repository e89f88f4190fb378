/** Every exchange with a device as lines of text: recorded through a dialer, and played back without a network. */
import { Duplex } from 'node:stream';
import { type Fault, FaultError, faultOf } from '../../lib/fault.ts';
import type { DatagramPort, Dialer, SecureChannel, SweepResult } from '../model/network.ts';
import { exchange } from './http.ts';

/** One event. `id` counts connections; bytes are base64. A TLS channel is a connection `over` another, its bytes in clear. */
export type TranscriptLine =
  | {
      readonly id: number;
      readonly kind: 'open';
      readonly transport: 'tcp' | 'udp';
      readonly host: string;
      readonly port: number;
    }
  | {
      readonly id: number;
      readonly kind: 'secure';
      readonly over: number;
      readonly channel: Omit<SecureChannel, 'stream' | 'chain'> & { readonly chain: readonly string[] };
    }
  | {
      readonly id: number;
      readonly kind: 'fault';
      readonly fault: Fault;
      readonly over?: number;
      readonly host?: string;
      readonly port?: number;
      readonly transport?: 'tcp' | 'udp';
    }
  | { readonly id: number; readonly kind: 'out' | 'in'; readonly bytes: string }
  | { readonly id: number; readonly kind: 'end' }
  | {
      readonly id: number;
      readonly kind: 'sweep';
      readonly host: string;
      readonly ports: number;
      readonly result: SweepResult;
    };

export type Recorder = (line: TranscriptLine) => void;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The same dialer, with every exchange told to `record`. */
export function recording(dialer: Dialer, record: Recorder): Dialer {
  let last = 0;
  const ids = new WeakMap<Duplex, number>();
  const watch = (stream: Duplex, id: number): Duplex => {
    ids.set(stream, id);
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    stream.write = ((chunk: Uint8Array | string, ...rest: unknown[]) => {
      record({ id, kind: 'out', bytes: text(Buffer.from(chunk as Uint8Array)) });
      return write(chunk, ...rest);
    }) as typeof stream.write;
    const push = stream.push.bind(stream);
    stream.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
      record(chunk === null ? { id, kind: 'end' } : { id, kind: 'in', bytes: text(chunk) });
      return push(chunk, encoding);
    };
    return stream;
  };
  const door: Dialer = {
    get counts() {
      return dialer.counts;
    },
    ...(dialer.authorities === undefined ? {} : { authorities: dialer.authorities }),
    ...(dialer.neighbour === undefined ? {} : { neighbour: dialer.neighbour }),
    async tcp(host, port, options) {
      const id = ++last;
      try {
        const stream = await dialer.tcp(host, port, options);
        record({ id, kind: 'open', transport: 'tcp', host, port });
        return watch(stream, id);
      } catch (thrown) {
        record({ id, kind: 'fault', fault: faultOf(thrown), host, port, transport: 'tcp' });
        throw thrown;
      }
    },
    async tls(over, options) {
      const id = ++last;
      const below = ids.get(over) ?? 0;
      try {
        const { stream, chain, ...channel } = await dialer.tls(over, options);
        record({ id, kind: 'secure', over: below, channel: { ...channel, chain: chain.map(text) } });
        return { ...channel, chain, stream: watch(stream, id) };
      } catch (thrown) {
        record({ id, kind: 'fault', fault: faultOf(thrown), over: below });
        throw thrown;
      }
    },
    async udp(host, port, options) {
      const id = ++last;
      const inner = await dialer.udp(host, port, options);
      record({ id, kind: 'open', transport: 'udp', host, port });
      return {
        send(bytes) {
          record({ id, kind: 'out', bytes: text(bytes) });
          return inner.send(bytes);
        },
        async receive(timeout) {
          const bytes = await inner.receive(timeout);
          if (bytes !== undefined) record({ id, kind: 'in', bytes: text(bytes) });
          return bytes;
        },
        close: () => inner.close(),
      };
    },
    http: (request) => httpOver(door, request),
    async sweep(host, ports, options) {
      const result = await dialer.sweep(host, ports, options);
      record({ id: ++last, kind: 'sweep', host, ports: ports.length, result });
      return result;
    },
  };
  return door;
}

/** HTTP over the connections of a dialer, so that what is below is recorded or played back. */
async function httpOver(door: Dialer, request: Parameters<Dialer['http']>[0]): ReturnType<Dialer['http']> {
  const { host, port, signal, timeout } = request;
  const dial = { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) };
  const stream = await door.tcp(host, port, dial);
  try {
    const channel = request.tls ? (await door.tls(stream, { ...dial, servername: host })).stream : stream;
    const started = Date.now();
    const reply = await exchange(channel, request);
    return { ...reply, milliseconds: Date.now() - started };
  } finally {
    stream.destroy();
  }
}

type Event = { readonly kind: 'out' | 'in'; readonly bytes: Buffer } | { readonly kind: 'end' };

/** One recorded connection, and whether it was played already. */
interface Tape {
  readonly id: number;
  readonly events: Event[];
  used: boolean;
  readonly channel?: Extract<TranscriptLine, { kind: 'secure' }>['channel'];
  readonly fault?: Fault;
}

interface Tapes {
  /** By `tcp host port`, `udp host port`, `tls id`. */
  readonly at: Map<string, Tape[]>;
  readonly sweeps: Map<string, SweepResult[]>;
}

/**
 * Plays a transcript back: each new connection takes the recorded one to the same place whose first bytes are most like
 * its own, in order where several are. What was never recorded is FaultError `unreachable`. Handshakes that depend on keys
 * made anew (TLS 1.3 read inside its encryption) can not be played back and are `malformed`.
 */
export function replayDialer(lines: Iterable<TranscriptLine>): Dialer {
  const tapes = tapesOf(lines);
  const counts = { tcp: 0, udp: 0 };
  const playing = new WeakMap<Duplex, () => Tape>();
  const take = (key: string): Tape[] => {
    const list = tapes.at.get(key) ?? [];
    if (list.length === 0) throw new FaultError('unreachable', `nothing was recorded of ${key}`);
    return list;
  };
  const play = (list: Tape[]): Duplex => {
    const player = new Player(list);
    playing.set(player, () => player.tape);
    return player;
  };
  const door: Dialer = {
    counts,
    tcp(host, port) {
      counts.tcp += 1;
      return Promise.resolve().then(() => {
        const list = take(`tcp ${host} ${port}`);
        const faulty = nextOf(list);
        if (faulty.fault !== undefined) throw used(faulty);
        return play(list.filter(({ fault }) => fault === undefined));
      });
    },
    tls(over) {
      return Promise.resolve().then(() => {
        const below = playing.get(over)?.();
        const list = below === undefined ? [] : tlsOver(tapes, below);
        const tape = nextOf(list.length === 0 ? take('tls') : list);
        if (tape.fault !== undefined) throw used(tape);
        if (tape.channel === undefined) throw new FaultError('unreachable', 'no TLS was recorded here');
        const { chain, ...channel } = tape.channel;
        return { ...channel, chain: chain.map((der) => Buffer.from(der, 'base64')), stream: play([tape]) };
      });
    },
    udp(host, port) {
      counts.udp += 1;
      return Promise.resolve().then(() => datagrams(nextOf(take(`udp ${host} ${port}`))));
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

/** TLS that was recorded over this connection, or over another one to the same place. */
function tlsOver(tapes: Tapes, below: Tape): readonly Tape[] {
  const own = tapes.at.get(`tls ${below.id}`);
  if (own !== undefined) return own;
  for (const list of tapes.at.values()) {
    if (!list.includes(below)) continue;
    return list.flatMap(({ id }) => tapes.at.get(`tls ${id}`) ?? []);
  }
  return [];
}

function tapesOf(lines: Iterable<TranscriptLine>): Tapes {
  const tapes: Tapes = { at: new Map(), sweeps: new Map() };
  const byId = new Map<number, Tape>();
  const add = <T>(map: Map<string, T[]>, key: string, value: T): void => {
    map.set(key, [...(map.get(key) ?? []), value]);
  };
  for (const line of lines) {
    const { id } = line;
    const tape: Tape = { id, events: [], used: false };
    switch (line.kind) {
      case 'open':
        byId.set(id, tape);
        add(tapes.at, `${line.transport} ${line.host} ${line.port}`, tape);
        break;
      case 'secure':
        byId.set(id, { ...tape, channel: line.channel });
        add(tapes.at, `tls ${line.over}`, byId.get(id) ?? tape);
        break;
      case 'fault':
        add(tapes.at, line.over === undefined ? `${line.transport} ${line.host} ${line.port}` : `tls ${line.over}`, {
          ...tape,
          fault: line.fault,
        });
        break;
      case 'out':
      case 'in':
        byId.get(id)?.events.push({ kind: line.kind, bytes: Buffer.from(line.bytes, 'base64') });
        break;
      case 'end':
        byId.get(id)?.events.push({ kind: 'end' });
        break;
      case 'sweep':
        add(tapes.sweeps, `${line.host} ${line.ports}`, line.result);
        break;
    }
  }
  return tapes;
}

/** Milliseconds in which a client that speaks first has spoken. */
const SPEAKS = 5;

/** Plays one connection: what was received comes once as many bytes were sent as before it in the recording. */
class Player extends Duplex {
  #tape: Tape | undefined;
  readonly #list: readonly Tape[];
  #at = 0;
  #sent = 0;
  #expected = 0;
  constructor(list: readonly Tape[]) {
    super();
    this.#list = list;
    setTimeout(() => this.#listen(), SPEAKS);
  }
  get tape(): Tape {
    return this.#tape ?? nextOf(this.#list);
  }
  override _read(): void {
    // Pushed as it falls due.
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#tape === undefined) this.#choose(closest(this.#list, chunk));
    this.#sent += chunk.length;
    done();
    setImmediate(() => this.#run());
  }
  /** The client waits for the server to speak first: a tape on which it does, or one on which nobody did. */
  #listen(): void {
    if (this.#tape !== undefined) return;
    const first = this.#list.filter((tape) => speaksFirst(tape) || tape.events.length === 0);
    if (first.length === 0) return;
    this.#choose(nextOf(first));
    this.#run();
  }
  #choose(tape: Tape): void {
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
  let most = -1;
  for (const tape of list) {
    const first = tape.events[0];
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

function datagrams(tape: Tape): DatagramPort {
  tape.used = true;
  const received = tape.events.flatMap((event) => (event.kind === 'in' ? [event.bytes] : []));
  return {
    send: () => Promise.resolve(),
    receive: () => Promise.resolve(received.shift()),
    close: () => {},
  };
}
