/** TLS by Node over a stream that is open already, for talking inside it: takes any certificate and the oldest versions OpenSSL has. */
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { FaultError } from '../../lib/fault.ts';
import type { DialOptions, SecureChannel } from '../model/network.ts';
import { whenAborted } from './stopping.ts';

type SecureOptions = DialOptions & { readonly servername?: string; readonly alpn?: readonly string[] };

/** Throws FaultError `timeout`, `closed` or `malformed` when no handshake comes about. */
export function secure(
  over: Duplex,
  { signal, timeout = 8000, servername, alpn }: SecureOptions,
): Promise<SecureChannel> {
  return new Promise((resolve, reject) => {
    const named = servername !== undefined && /[a-z]/i.test(servername) && !servername.includes(':');
    const socket = connect({
      socket: over,
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      ciphers: 'ALL:eNULL:aNULL:@SECLEVEL=0',
      ...(named ? { servername } : {}),
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    });
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
      const { alpnProtocol } = socket;
      resolve({
        stream: socket,
        protocol: socket.getProtocol() ?? 'unknown',
        cipher: socket.getCipher().standardName,
        chain: chainOf(socket),
        ...(typeof alpnProtocol === 'string' ? { alpn: alpnProtocol } : {}),
      });
    });
  });
}

function chainOf(socket: ReturnType<typeof connect>): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < 16) {
    chain.push(new Uint8Array(certificate.raw));
    if (certificate.issuerCertificate === undefined || certificate.issuerCertificate === certificate) break;
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
