/** Every exchange with a device as lines of text, recorded through a dialer. */
import type { Duplex } from 'node:stream';
import { type Fault, faultOf } from '../../lib/fault.ts';
import type { DatagramPort, Dialer, SecureChannel, SecureOptions, SweepResult } from '../model/network.ts';
import { exchange } from './http.ts';

/** Says when it was made, and what its chance followed from (lib/chance.ts). */
export interface TranscriptHead {
  readonly schema: 'assay/transcript/1';
  readonly at: string;
  /** Hex. */
  readonly seed: string;
}

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
      /** What was asked for, see `askedOf`. */
      readonly asked: string;
      readonly channel: Omit<SecureChannel, 'stream' | 'chain'> & { readonly chain: readonly string[] };
    }
  | {
      readonly id: number;
      readonly kind: 'fault';
      readonly fault: Fault;
      readonly over?: number;
      readonly asked?: string;
      readonly host?: string;
      readonly port?: number;
      readonly transport?: 'tcp' | 'udp';
    }
  | { readonly id: number; readonly kind: 'out' | 'in'; readonly bytes: string }
  | { readonly id: number; readonly kind: 'end' }
  /** A wait for a datagram that none ended, or that a fault did. */
  | { readonly id: number; readonly kind: 'silence' }
  | { readonly id: number; readonly kind: 'refusal'; readonly fault: Fault }
  | {
      readonly id: number;
      readonly kind: 'sweep';
      readonly host: string;
      readonly ports: number;
      readonly result: SweepResult;
    };

export type Recorder = (line: TranscriptLine) => void;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Handshakes that ask for the same are told apart by nothing else. */
export const askedOf = ({ alpn, newest, session, renegotiate, identity, servername }: SecureOptions = {}): string =>
  JSON.stringify([servername, alpn, newest, session, renegotiate, identity !== undefined]);

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
        record({
          id,
          kind: 'secure',
          over: below,
          asked: askedOf(options),
          channel: { ...channel, chain: chain.map(text) },
        });
        return { ...channel, chain, stream: watch(stream, id) };
      } catch (thrown) {
        record({ id, kind: 'fault', fault: faultOf(thrown), over: below, asked: askedOf(options) });
        throw thrown;
      }
    },
    async udp(host, port, options) {
      const id = ++last;
      const inner = await dialer.udp(host, port, options);
      record({ id, kind: 'open', transport: 'udp', host, port });
      return watched(inner, id, record);
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

function watched(inner: DatagramPort, id: number, record: Recorder): DatagramPort {
  return {
    send(bytes) {
      record({ id, kind: 'out', bytes: text(bytes) });
      return inner.send(bytes);
    },
    async receive(timeout) {
      try {
        const bytes = await inner.receive(timeout);
        record(bytes === undefined ? { id, kind: 'silence' } : { id, kind: 'in', bytes: text(bytes) });
        return bytes;
      } catch (thrown) {
        record({ id, kind: 'refusal', fault: faultOf(thrown) });
        throw thrown;
      }
    },
    close: () => inner.close(),
  };
}

/** HTTP over the connections of a dialer, so that what is below is recorded or played back. */
export async function httpOver(door: Dialer, request: Parameters<Dialer['http']>[0]): ReturnType<Dialer['http']> {
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
