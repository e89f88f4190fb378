/** The embedded demo device: a camera with planted faults, or the same camera done well. Listens on 127.0.0.1 only. */
import { constants } from 'node:crypto';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { Aedes } from 'aedes';
import { makeIdentity } from './certificates.ts';
import { ssh } from './ssh.ts';
import { telnet } from './telnet.ts';
import { ownPassword, web } from './web.ts';

/** A running demo device. `ports` by service; `authority` is the maker's CA (PEM) where it has one. */
export interface DemoDevice {
  readonly host: '127.0.0.1';
  readonly ports: { readonly [service: string]: number };
  readonly authority?: string;
  stop(): Promise<void>;
}

/** Starts it on free ports. `identity` is PEM of the key and certificate that the faulty one serves. */
export async function startDevice(options: {
  readonly hardened: boolean;
  readonly identity: string;
  readonly now: Date;
}): Promise<DemoDevice> {
  const broker = await Aedes.createBroker();
  const made = options.hardened ? await hardened(broker, options.now) : { servers: faulty(broker, options.identity) };
  const sockets = new Set<Socket>();
  const ports: { [service: string]: number } = {};
  for (const [service, server] of Object.entries(made.servers)) {
    server.on('connection', (socket: Socket) => remember(sockets, socket));
    ports[service] = await listen(server);
  }
  return {
    host: '127.0.0.1',
    ports,
    ...('authority' in made ? { authority: made.authority } : {}),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        Object.values(made.servers).map((server) => new Promise<void>((done) => server.close(() => done()))),
      );
      await new Promise<void>((done) => broker.close(() => done()));
    },
  };
}

function remember(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Node's own servers honour a renegotiation that the client starts; few devices do. */
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;

/** HTTPS with a certificate of 2015 and TLS 1.0, plain HTTP, admin/admin; SSH and Telnet with root/root; MQTT for anybody. */
function faulty(broker: Aedes, identity: string): { [service: string]: Server } {
  const accounts = { root: 'root' };
  const page = web({ user: 'admin', password: 'admin', careful: false });
  return {
    http: createHttp(page),
    https: createHttps(
      { key: identity, cert: identity, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0', secureOptions },
      page,
    ),
    ssh: ssh(accounts),
    telnet: telnet(accounts),
    mqtt: createTcp((socket) => broker.handle(socket)),
  };
}

/** HTTPS with TLS 1.2 and 1.3 and a password of its own, MQTT inside TLS and with a login; no shell of any kind. */
async function hardened(
  broker: Aedes,
  now: Date,
): Promise<{ servers: { [service: string]: Server }; authority: string }> {
  const identity = await makeIdentity(now);
  const tls = {
    key: identity.key,
    cert: identity.certificate,
    minVersion: 'TLSv1.2' as const,
    ciphers: MODERN,
    ecdhCurve: 'X25519:prime256v1',
    secureOptions,
  };
  const password = ownPassword();
  broker.authenticate = (_client, _user, given, done) => done(null, given?.toString() === password);
  return {
    authority: identity.authority,
    servers: {
      https: createHttps(tls, web({ user: 'admin', password, careful: true })),
      mqtts: createTls(tls, (socket) => broker.handle(socket)),
    },
  };
}

const MODERN = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305';
