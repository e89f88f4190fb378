/** The one door to the network: only hosts of the target, paced, counted; sockets are opened here and nowhere else. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, isIPv4, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { FaultError } from '../../lib/fault.ts';
import type { DatagramPort, Dialer, DialOptions } from '../model/network.ts';
import { isLoopback, isPublic } from './address.ts';
import { createAddresses, type Resolved } from './addresses.ts';
import { exchange } from './http.ts';
import { Liveness } from './liveness.ts';
import { neighbourOf } from './neighbour.ts';
import { createPacer, type Pace } from './pace.ts';
import { secure } from './secure.ts';
import { whenAborted } from './stopping.ts';
import { sweepOnThreads, type Threads } from './sweep-threads.ts';
import { type Recorder, recording } from './transcript.ts';

export interface DialerOptions {
  /** Addresses or names of the target; nothing else is ever contacted. */
  readonly hosts: readonly string[];
  readonly pace: Pace;
  /** The user's word that public addresses may be probed. */
  readonly authorized: boolean;
  /** Is told every exchange. */
  readonly record?: Recorder;
  /** Where sweeps of very many ports may run. */
  readonly threads?: Threads;
}

/** Milliseconds until a connection counts as timed out, on loopback and elsewhere. */
const CONNECT_TIMEOUT = { near: 2000, far: 5000 };

/** Opens connections for probes. Throws FaultError `denied` for a host that is not the target's, or a public one without leave. */
export function createDialer(options: DialerOptions): Dialer {
  const pacer = createPacer(options);
  const liveness = new Liveness();
  const counts = { tcp: 0, udp: 0 };
  const allowed = new Set(options.hosts);
  const admit = (host: string): void => {
    if (!allowed.has(host)) throw new FaultError('denied', `${host} is not a host of the target`);
    if (!options.authorized && isPublic(host))
      throw new FaultError('denied', `${host} is a public address: give --authorized if you may probe it`);
  };
  const resolve = resolver(options);
  const dialer: Dialer = {
    counts,
    async tcp(host, port, dial = {}) {
      admit(host);
      const release = await pacer.connection(host, dial.signal);
      try {
        liveness.admit(host);
        counts.tcp += 1;
        const socket = await open((await resolve(host)).address, port, dial);
        liveness.note(host, true);
        socket.once('close', release);
        return socket;
      } catch (error) {
        noteFailure(liveness, host, error);
        release();
        throw error;
      }
    },
    authorities: () => rootCertificates,
    neighbour: async (host) => neighbourOf((await resolve(host)).address),
    tls: (over, dial = {}) => secure(over, dial),
    async udp(host, port, dial = {}) {
      admit(host);
      await pacer.datagram(host, dial.signal);
      counts.udp += 1;
      return datagramPort((await resolve(host)).address, port, dial);
    },
    async http(request) {
      const { host, port, signal, timeout } = request;
      const dial = { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) };
      const stream = await dialer.tcp(host, port, dial);
      try {
        const channel = request.tls ? (await dialer.tls(stream, { ...dial, servername: host })).stream : stream;
        const started = Date.now();
        const reply = await exchange(channel, request);
        return { ...reply, milliseconds: Date.now() - started };
      } finally {
        stream.destroy();
      }
    },
    async sweep(host, ports, dial = {}) {
      admit(host);
      const { address, others } = await resolve(host);
      const count = (made: number): void => {
        counts.tcp += made;
      };
      const paced = { ...dial, rate: pacer.sweepRate(host), inFlight: pacer.sweepWidth(host), count };
      const result = await sweepOnThreads(address, ports, paced, options.threads);
      return { ...result, address, ...(others.length === 0 ? {} : { others }) };
    },
  };
  return options.record === undefined ? dialer : recording(dialer, options.record);
}

/** A name of the local network may stand for a public address. */
function resolver({ authorized }: DialerOptions): (host: string) => Promise<Resolved> {
  const addresses = createAddresses();
  return async (host) => {
    const found = await addresses(host);
    if (!authorized && isPublic(found.address))
      throw new FaultError(
        'denied',
        `${host} is the public address ${found.address}: give --authorized if you may probe it`,
      );
    return found;
  };
}

/** Refused and closed at once are answers; only silence is none. */
function noteFailure(liveness: Liveness, host: string, error: unknown): void {
  const kind = error instanceof FaultError ? error.fault.kind : undefined;
  if (kind === 'timeout') liveness.note(host, false);
  if (kind === 'refused' || kind === 'closed') liveness.note(host, true);
}

function open(host: string, port: number, { signal, timeout }: DialOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const limit = timeout ?? (isLoopback(host) ? CONNECT_TIMEOUT.near : CONNECT_TIMEOUT.far);
    const socket: Socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(
      () => fail(new FaultError('timeout', `no connection to port ${port} within ${limit} ms`)),
      limit,
    );
    const stop = (): void => fail(new FaultError('stopped', 'stopped before it was done'));
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const fail = (error: FaultError): void => {
      done();
      socket.destroy();
      reject(error);
    };
    socket.once('error', (error: NodeJS.ErrnoException) => fail(connectFault(error, port)));
    socket.once('connect', () => {
      done();
      socket.removeAllListeners('error');
      // A reset that comes while nobody listens must not end the program.
      socket.on('error', () => socket.destroy());
      if (selfConnected(socket)) fail(new FaultError('refused', `port ${port} is closed`));
      else {
        const forget = whenAborted(signal, () => socket.destroy());
        socket.once('close', forget);
        resolve(socket);
      }
    });
    if (signal?.aborted === true) stop();
    else whenAborted(signal, stop);
  });
}

/** The kernel connects a socket to itself when its ephemeral port is the one asked for. */
const selfConnected = (socket: Socket): boolean =>
  socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;

function connectFault(error: NodeJS.ErrnoException, port: number): FaultError {
  switch (error.code) {
    case 'ECONNREFUSED':
      return new FaultError('refused', `port ${port} is closed`);
    case 'ECONNRESET':
    case 'EPIPE':
      return new FaultError('closed', `port ${port} closed the connection at once`);
    case 'ETIMEDOUT':
      return new FaultError('timeout', `no connection to port ${port}`);
    case 'EMFILE':
    case 'ENFILE':
    case 'EADDRNOTAVAIL':
      return new FaultError('over-budget', 'this machine has no sockets left');
    default:
      return new FaultError('unreachable', `no way to the host (${error.code ?? error.message})`);
  }
}

/** Datagrams kept until they are read. */
const QUEUE = 64;

interface DatagramOptions extends DialOptions {
  readonly anyPort?: boolean;
}

function datagramPort(host: string, port: number, { signal, anyPort }: DatagramOptions): Promise<DatagramPort> {
  const socket: DatagramSocket = createSocket(isIPv4(host) ? 'udp4' : 'udp6');
  const queue: Uint8Array[] = [];
  let waiting: ((bytes: Uint8Array | undefined) => void) | undefined;
  let closed = false;
  let failure: FaultError | undefined;
  const wake = (bytes: Uint8Array | undefined): void => {
    const next = waiting;
    waiting = undefined;
    next?.(bytes);
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    forget();
    socket.close();
    wake(undefined);
  };
  let peer: string | undefined;
  socket.on('message', (bytes, from) => {
    if (peer !== undefined && from.address !== peer) return;
    const copy = new Uint8Array(bytes);
    if (waiting !== undefined) wake(copy);
    else if (queue.length < QUEUE) queue.push(copy);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure =
      error.code === 'ECONNREFUSED'
        ? new FaultError('refused', `udp port ${port} is closed`)
        : new FaultError('unreachable', `no way to the host (${error.code ?? ''})`);
    wake(undefined);
  });
  const forget = whenAborted(signal, close);
  const receive = (timeout: number): Promise<Uint8Array | undefined> => {
    const first = queue.shift();
    if (first !== undefined || closed) return Promise.resolve(first);
    if (failure !== undefined) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => wake(undefined), timeout);
      waiting = (bytes) => {
        clearTimeout(timer);
        if (bytes === undefined && failure !== undefined) reject(failure);
        else resolve(bytes);
      };
    });
  };
  if (anyPort === true) {
    // A socket that is not connected must tell its peer from strangers.
    peer = host;
    return Promise.resolve({
      send: (bytes) => new Promise<void>((sent) => socket.send(bytes, port, host, () => sent())),
      receive,
      close,
    });
  }
  return new Promise((resolve, reject) => {
    socket.connect(port, host, (error?: Error) => {
      if (error !== undefined && error !== null) {
        close();
        reject(new FaultError('unreachable', 'no way to the host'));
      } else
        resolve({ send: (bytes) => new Promise<void>((sent) => socket.send(bytes, () => sent())), receive, close });
    });
  });
}
