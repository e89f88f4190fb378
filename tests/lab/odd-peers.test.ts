/** Every probe of the registry against peers that misbehave: bounded time and memory, and nothing accepted that was not said. */
import type { Socket } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { openRegistry } from '../../src/cli/compose.ts';
import type { Fact } from '../../src/core/model/fact.ts';
import type { Probe } from '../../src/core/model/gatherer.ts';
import { createDialer } from '../../src/core/network/dialer.ts';
import {
  httpAuthentication,
  httpService,
  loginSurface,
  mqttAccess,
  netPort,
  netService,
  tlsCipher,
  tlsProtocol,
} from '../../src/facts/index.ts';
import { listen, ODD_PEERS } from '../support/peers.ts';
import { aFact, endpoint, runProbe } from '../support/probe.ts';

const every = (socket: Socket, milliseconds: number, say: () => void): void => {
  const timer = setInterval(say, milliseconds);
  socket.on('close', () => clearInterval(timer));
};
const flood = (socket: Socket, head: string, chunk: Buffer): void => {
  socket.write(head);
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk)) {
      /* as fast as the reader takes it */
    }
  };
  socket.on('drain', more);
  more();
};

const PEERS: { readonly [what: string]: (socket: Socket) => void } = {
  ...ODD_PEERS,
  resets: (socket) => void socket.on('data', () => socket.resetAndDestroy()),
  'gives a body of a gigabyte': (socket) =>
    void socket.once('data', () =>
      flood(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n', Buffer.alloc(65_536, 'A')),
    ),
  'gives headers without end': (socket) =>
    void socket.once('data', () => flood(socket, 'HTTP/1.1 200 OK\r\n', Buffer.from('X-A: b\r\n'.repeat(4096)))),
  'redirects for ever': (socket) =>
    void socket.on('data', () => socket.end('HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n')),
  'is a tarpit': (socket) => every(socket, 900, () => socket.write('X')),
  'sends TLS alerts without end': (socket) =>
    void socket.once('data', () => every(socket, 5, () => socket.write(Buffer.from('15030300020100', 'hex')))),
};

const PROTOCOLS = [
  'http',
  'ssh',
  'ftp',
  'telnet',
  'mqtt',
  'rtsp',
  'vnc',
  'adb',
  'gdb',
  'shell',
  'cwmp',
  'coap',
] as const;
const LOGINS = ['http-basic', 'http-digest', 'http-form', 'ssh', 'telnet', 'ftp', 'mqtt', 'rtsp', 'vnc'] as const;

/** What earlier probes would have said, so that every probe has this port as its subject. */
function knownOf(port: number): readonly Fact[] {
  const at = endpoint(port);
  const version = { version: 'TLSv1.2', accepted: true } as const;
  return [
    aFact(netPort, at, { transport: 'tcp', port }),
    ...PROTOCOLS.map((protocol) => aFact(netService, at, { protocol, transport: 'tcp', tls: false })),
    aFact(httpService, at, { scheme: 'http', status: 200, servesContent: true, redirectsToHttps: false }),
    aFact(httpAuthentication, at, { scheme: 'form', path: '/', encrypted: false }),
    aFact(mqttAccess, at, { anonymous: true, code: 0, tls: false, versions: ['3.1.1'] }),
    ...LOGINS.map((protocol) => aFact(loginSurface, at, { protocol, encrypted: false, path: '/' })),
    aFact(tlsProtocol, at, version),
    aFact(tlsCipher, at, {
      version: 'TLSv1.2',
      code: 0x2f,
      suite: 'TLS_RSA_WITH_AES_128_CBC_SHA',
      keyExchange: 'RSA',
      authentication: 'RSA',
      encryption: 'AES-128-CBC',
      bits: 128,
      mac: 'SHA-1',
      forwardSecrecy: false,
      aead: false,
      weaknesses: [],
    }),
  ];
}

/** Milliseconds that one probe may spend on one port that misbehaves: what a gatherer may take for all of them is ten minutes. */
const LIMIT = 120_000;
/** Facts by which something bad or good is claimed: none of these peers speaks well enough for one. */
const CLAIMS = [
  'login.default',
  'ssh.host-key',
  'mqtt.access',
  'vnc.security',
  'debug.access',
  'rtsp.access',
  'ftp.access',
];

let probes: readonly Probe[];
beforeAll(async () => {
  probes = (await openRegistry()).probes;
});

// Nearly all of it is waiting: all peers at once.
test.concurrent.each(Object.keys(PEERS))(
  'a peer that %s holds no probe for long, takes little memory and is believed nothing',
  async (what) => {
    const peer = await listen(PEERS[what]!);
    const known = knownOf(peer.port);
    const dial = createDialer({ hosts: ['127.0.0.1'], authorized: false, pace: 'fast' });
    const before = process.memoryUsage.rss();
    const runs = await Promise.all(
      probes
        .filter((probe) => probe.consumes.length > 0 && probe.id !== 'net/health')
        .map(async (probe) => {
          const started = Date.now();
          const run = await runProbe(probe, { known, dial, settings: { credentials: true, state: 'initialised' } });
          return { id: probe.id, run, ms: Date.now() - started };
        }),
    );
    const grown = process.memoryUsage.rss() - before;
    await peer.stop();
    expect(runs.filter(({ ms }) => ms > LIMIT).map(({ id, ms }) => `${id} ${ms}`)).toEqual([]);
    expect(grown).toBeLessThan(400 * 1_048_576);
    const bugs = runs.flatMap(({ id, run }) =>
      run.gaps.filter(({ unseen }) => unseen.kind === 'bug').map((gap) => [id, gap]),
    );
    expect(bugs).toEqual([]);
    const claimed = runs.flatMap(({ id, run }) =>
      run.facts
        .filter(({ type, data }) => CLAIMS.includes(type) && (data as { accepted?: boolean }).accepted !== false)
        .map((fact) => [id, fact.type, fact.data]),
    );
    expect(claimed).toEqual([]);
  },
  300_000,
);
