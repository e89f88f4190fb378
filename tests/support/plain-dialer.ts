/** A door to the loopback network for tests: no pacing, no budget. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { DatagramPort, Dialer, HttpReply, HttpRequest } from '../../src/core/model/network.ts';
import { FaultError } from '../../src/lib/fault.ts';

export function plainDialer(): Dialer {
  const counts = { tcp: 0, udp: 0 };
  return {
    counts,
    tcp: async (host, port) => {
      counts.tcp += 1;
      const socket = connect({ host, port });
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', (error) => reject(new FaultError('refused', error.message)));
      });
      socket.on('error', () => {});
      return socket;
    },
    tls: async (over, options) => {
      const stream = connectTls({
        socket: over as Socket,
        rejectUnauthorized: false,
        ...(options?.servername === undefined ? {} : { servername: options.servername }),
      });
      await new Promise<void>((resolve, reject) => {
        stream.once('secureConnect', resolve);
        stream.once('error', (error) => reject(new FaultError('refused', error.message)));
        stream.once('close', () => reject(new FaultError('closed', 'closed amid the handshake')));
      });
      stream.on('error', () => {});
      return { stream, protocol: stream.getProtocol() ?? '', cipher: stream.getCipher().name, chain: [] };
    },
    udp: async (host, port, options) => {
      counts.udp += 1;
      return openPort(createSocket(host.includes(':') ? 'udp6' : 'udp4'), host, port, options?.anyPort ?? false);
    },
    http: (asked) => {
      counts.tcp += 1;
      return ask(asked);
    },
    sweep: () => Promise.reject(new Error('not in this dialer')),
  };
}

async function openPort(socket: UdpSocket, host: string, port: number, anyPort: boolean): Promise<DatagramPort> {
  const queue: Uint8Array[] = [];
  let failure: Error | undefined;
  let wake = (): void => {};
  socket.on('message', (bytes) => {
    queue.push(bytes);
    wake();
  });
  socket.on('error', (error) => {
    failure = error;
    wake();
  });
  if (!anyPort) await new Promise<void>((resolve) => socket.connect(port, host, resolve));
  const to = anyPort ? ([port, host] as const) : ([] as const);
  return {
    send: (bytes) =>
      new Promise((resolve, reject) =>
        socket.send(bytes, ...(to as []), (error) => (error ? reject(error) : resolve())),
      ),
    receive: async (timeout) => {
      if (queue.length === 0 && failure === undefined) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeout);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      if (queue.length === 0 && failure !== undefined) throw new FaultError('refused', failure.message);
      return queue.shift();
    },
    close: () => socket.close(),
  };
}

function ask(asked: HttpRequest): Promise<HttpReply> {
  const send = asked.tls ? requestTls : request;
  return new Promise((resolve, reject) => {
    const sent = send({
      host: asked.host,
      port: asked.port,
      method: asked.method ?? 'GET',
      path: asked.path ?? '/',
      headers: { ...asked.headers, ...(asked.body === undefined ? {} : { 'content-length': asked.body.length }) },
      agent: false,
      insecureHTTPParser: true,
      rejectUnauthorized: false,
    });
    sent.on('error', (error) => reject(new FaultError('closed', error.message)));
    sent.on('response', (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          reason: reply.statusMessage ?? '',
          headers: Object.fromEntries(
            Object.entries(reply.headersDistinct).map(([name, values]) => [name, values ?? []]),
          ),
          body: Buffer.concat(chunks),
          truncated: false,
          oddities: [],
        }),
      );
    });
    sent.end(asked.body);
  });
}
