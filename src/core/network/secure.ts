/** TLS by Node over a stream that is open already, for talking inside it: takes any certificate and the oldest versions OpenSSL has. */

import { constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { FaultError } from '../../lib/fault.ts';
import type { SecureChannel, SecureOptions, TlsTicket } from '../model/network.ts';
import { readSession } from './session.ts';
import { whenAborted } from './stopping.ts';

/** Milliseconds in which a ticket comes after the handshake, and in which a renegotiation is answered at the least. */
const TICKET = 600;
const RENEGOTIATION = 3000;

/** Throws FaultError `timeout`, `closed` or `malformed` when no handshake comes about. */
export async function secure(over: Duplex, options: SecureOptions): Promise<SecureChannel> {
  let ticket: Promise<TlsTicket | undefined> | undefined;
  const started = performance.now();
  const socket = await shaken(over, options, (fresh) => {
    if (options.session !== undefined) ticket = ticketOf(fresh);
  });
  const took = performance.now() - started;
  const { alpnProtocol } = socket;
  const channel = {
    stream: socket,
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    chain: chainOf(socket),
    ...(typeof alpnProtocol === 'string' ? { alpn: alpnProtocol } : {}),
  };
  const session = await ticket;
  const renegotiated =
    options.renegotiate === true && channel.protocol !== 'TLSv1.3'
      ? await renegotiate(socket, Math.max(RENEGOTIATION, 20 * took))
      : undefined;
  return {
    ...channel,
    ...(session === undefined ? {} : { session }),
    ...(renegotiated === undefined ? {} : { renegotiated }),
  };
}

function shaken(over: Duplex, options: SecureOptions, begun: (socket: TLSSocket) => void): Promise<TLSSocket> {
  const { signal, timeout = 8000 } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ socket: over, ...connection(options) });
    begun(socket);
    const timer = setTimeout(() => fail(new FaultError('timeout', `no TLS handshake within ${timeout} ms`)), timeout);
    const fail = (error: FaultError): void => {
      clearTimeout(timer);
      forget();
      socket.destroy();
      over.destroy();
      reject(error);
    };
    const stop = (): void => fail(new FaultError('stopped', 'stopped before it was done'));
    const forget = whenAborted(signal, stop);
    socket.once('error', (error: NodeJS.ErrnoException) =>
      fail(new FaultError(error.code === 'ECONNRESET' ? 'closed' : 'malformed', 'the TLS handshake failed')),
    );
    socket.once('close', () => fail(new FaultError('closed', 'the connection was closed in the TLS handshake')));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      forget();
      socket.removeAllListeners('close');
      socket.removeAllListeners('error');
      socket.on('error', () => socket.destroy());
      socket.once('close', () => over.destroy());
      resolve(socket);
    });
  });
}

function connection(options: SecureOptions): ConnectionOptions {
  const { servername, alpn } = options;
  const named = servername !== undefined && /[a-z]/i.test(servername) && !servername.includes(':');
  return {
    rejectUnauthorized: false,
    secureContext: contextFor(options),
    ...(named ? { servername } : {}),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  };
}

const contexts = new Map<string, SecureContext>();

/** Nothing is verified, so no authority is loaded; handshakes without a certificate share a context, which is dear to make. */
function contextFor({ newest, session, identity }: SecureOptions): SecureContext {
  const name = `${newest ?? 'any'} ${session ?? ''}`;
  const shared = identity === undefined ? contexts.get(name) : undefined;
  if (shared !== undefined) return shared;
  const context = createSecureContext({
    ca: [],
    minVersion: 'TLSv1',
    ...(newest === undefined ? {} : { maxVersion: newest }),
    ciphers: 'ALL:eNULL:aNULL:@SECLEVEL=0',
    ...(session === 'id' ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
    ...(identity === undefined ? {} : { key: identity.key, cert: identity.certificate }),
  });
  if (identity === undefined) contexts.set(name, context);
  return context;
}

/** The first session that is given; undefined when none comes in time. */
function ticketOf(socket: TLSSocket): Promise<TlsTicket | undefined> {
  return new Promise((resolve) => {
    const done = (ticket?: TlsTicket): void => resolve(ticket);
    let timer: NodeJS.Timeout | undefined;
    socket.once('session', (bytes: Buffer) => {
      clearTimeout(timer);
      done(readSession(bytes));
    });
    socket.once('close', () => done());
    // Up to TLS 1.2 a ticket is part of the handshake: Node has told of it when the handshake is done.
    socket.once('secureConnect', () => {
      timer = setTimeout(done, socket.getProtocol() === 'TLSv1.3' ? TICKET : 10);
    });
  });
}

/** Whether a second handshake comes about. A server that refuses it says so, hangs up, or does not care. */
function renegotiate(socket: TLSSocket, wait: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), wait);
    const done = (honoured: boolean): void => {
      clearTimeout(timer);
      resolve(honoured);
    };
    socket.once('close', () => done(false));
    socket.resume();
    try {
      socket.renegotiate({ rejectUnauthorized: false }, (error) => done(error === null || error === undefined));
    } catch {
      // Node throws where its own OpenSSL refuses to begin one.
      done(false);
    }
  });
}

function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < 16) {
    chain.push(new Uint8Array(certificate.raw));
    if (certificate.issuerCertificate === undefined || certificate.issuerCertificate === certificate) break;
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
