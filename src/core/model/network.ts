/** The one door to the network, as probes see it: budgets, pacing, recording and replay hang on it. */
import type { Duplex } from 'node:stream';
import type { SubjectOf, Transport } from './target.ts';

export interface DialOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until the connection counts as timed out; default 5,000 off loopback. */
  readonly timeout?: number;
}

/** What a TLS handshake by Node's own stack told (only for talking inside TLS; facts about TLS come from raw hellos). */
export interface SecureChannel {
  readonly stream: Duplex;
  readonly protocol: string;
  readonly cipher: string;
  /** DER of the chain as sent, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly alpn?: string;
  /** What the server gave to resume by, where `session` was asked for and something came. */
  readonly session?: TlsTicket;
  /** Where `renegotiate` was asked for: whether the server went along; absent where TLS 1.3 has none. */
  readonly renegotiated?: boolean;
}

/** What a session can be taken up by again: never its secret. */
export interface TlsTicket {
  /** Hex. */
  readonly id: string;
  readonly suite: number;
  /** Hex; absent where the server keeps the session itself. */
  readonly ticket?: string;
  /** Seconds; 0 where the server says none. */
  readonly lifetime: number;
  /** Bytes of early data that the ticket allows. */
  readonly earlyData: number;
  /** Agreed with the extended master secret, which a resumption must repeat (RFC 7627 §5.3). */
  readonly extended: boolean;
}

export interface SecureOptions extends DialOptions {
  readonly servername?: string;
  readonly alpn?: readonly string[];
  /** Newest version that is offered. */
  readonly newest?: 'TLSv1.2' | 'TLSv1.3';
  /** Wait for a ticket, or for a session that the server keeps (no ticket is offered then). */
  readonly session?: 'ticket' | 'id';
  /** Start a second handshake inside the first. */
  readonly renegotiate?: boolean;
  /** PEM of what is shown when the server asks for a certificate. */
  readonly identity?: { readonly key: string; readonly certificate: string };
}

export interface DatagramPort {
  send(bytes: Uint8Array): Promise<void>;
  /** The next datagram from the peer, or undefined after `timeout` milliseconds. */
  receive(timeout: number): Promise<Uint8Array | undefined>;
  close(): void;
}

/** How a TCP port answered. `silent`: two tries with an RTT-derived timeout went unanswered. */
export interface PortAnswer {
  readonly port: number;
  readonly state: 'open' | 'closed' | 'silent';
  /** Milliseconds until the answer; absent for silent ports. */
  readonly rtt?: number;
}

export interface SweepResult {
  readonly open: readonly PortAnswer[];
  readonly closed: number;
  readonly silent: number;
  /** False when no port of the host answered at all, open or closed. */
  readonly answered: boolean;
  /** Which address was asked, and those that the name stands for beside it. */
  readonly address?: string;
  readonly others?: readonly string[];
  /** ICMP said that there is no way to the host. */
  readonly unreachable?: string;
}

export interface SweepWishes {
  readonly onProgress?: (done: number) => void;
  /** Ports that are likely to be open: they are asked beside the others. */
  readonly likely?: ReadonlySet<number>;
  /** Is told likely ports as they are found, unless the pace has the sweep alone with the device. */
  readonly onOpen?: (port: number) => void;
}

export interface HttpRequest {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  /** Bytes of body kept; default 1 MiB. */
  readonly limit?: number;
}

export interface HttpReply {
  readonly status: number;
  readonly reason: string;
  /** Lower-case names; several values of one name in order. */
  readonly headers: { readonly [name: string]: readonly string[] };
  readonly body: Uint8Array;
  readonly truncated: boolean;
  /** From the request until the whole reply was there, without the wait for a connection. */
  readonly milliseconds?: number;
  /** What the server did that HTTP forbids (space before a colon, no status line …). */
  readonly oddities: readonly string[];
}

export interface Dialer {
  /** Connects; throws FaultError `refused`, `timeout`, `unreachable`, `over-budget`. The stream is destroyed on abort. */
  tcp(host: string, port: number, options?: DialOptions): Promise<Duplex>;
  /** TLS by Node over a stream of `tcp`, taking any certificate and the oldest versions it can. */
  tls(over: Duplex, options?: SecureOptions): Promise<SecureChannel>;
  /** `anyPort`: datagrams count from whatever port of the host (TFTP answers from a fresh one). */
  udp(host: string, port: number, options?: DialOptions & { readonly anyPort?: boolean }): Promise<DatagramPort>;
  /** Tolerant HTTP/1.x over `tcp`/`tls`; redirects are not followed. */
  http(request: HttpRequest): Promise<HttpReply>;
  /** Tells open, closed and silent TCP ports apart, paced; self-connects on loopback are recognised. */
  sweep(host: string, ports: readonly number[], options?: DialOptions & SweepWishes): Promise<SweepResult>;
  /** The hardware address behind an address on this machine's own link, as the system knows it; undefined for others. */
  neighbour?(host: string): Promise<string | undefined>;
  /** PEM of the public authorities that Node trusts; absent where a dialer has none. */
  authorities?(): readonly string[];
  /** Connections made so far by host and transport, for budgets and tests. */
  readonly counts: { readonly [transport in Transport]: number };
}

/** A stream to a TCP endpoint, inside TLS where its service is. */
export async function reach(
  dial: Dialer,
  endpoint: SubjectOf<'endpoint'>,
  options: DialOptions & { readonly secure: boolean },
): Promise<Duplex> {
  const stream = await dial.tcp(endpoint.host, endpoint.port, options);
  if (!options.secure) return stream;
  try {
    return (await dial.tls(stream, options)).stream;
  } catch (thrown) {
    stream.destroy();
    throw thrown;
  }
}
