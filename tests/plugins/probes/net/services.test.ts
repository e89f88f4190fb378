/** The service probe against the demo device's servers and scripted peers. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DemoDevice, startDevice } from '../../../../src/demo/device.ts';
import { netPort, netService } from '../../../../src/facts/index.ts';
import { netServices } from '../../../../src/plugins/probes/net/services.ts';
import { loopback } from '../../../support/door.ts';
import { listen, ODD_PEERS, type Peer } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const open = (port: number) => aFact(netPort, endpoint(port), { transport: 'tcp', port });
const look = (...ports: readonly number[]) => runProbe(netServices, { known: ports.map(open), dial: loopback() });

describe.each([
  ['faulty', false, { http: 'http', https: 'http', ssh: 'ssh', telnet: 'telnet', mqtt: 'mqtt' }],
  ['hardened', true, { https: 'http', mqtts: 'mqtt' }],
] as const)('the %s demo device', (_name, hardened, expected) => {
  let device: DemoDevice;
  beforeAll(async () => {
    const identity = readFileSync('fixtures/demo/server.pem', 'utf8');
    device = await startDevice({ hardened, identity, now: new Date() });
  });
  afterAll(() => device.stop());

  test.each(Object.entries(expected))('%s speaks %s', async (service, protocol) => {
    const run = await look(device.ports[service] ?? 0);
    expect(run.gaps).toEqual([]);
    expect(run.of(netService)).toMatchObject([{ protocol, tls: /s$/.test(service) && service !== 'sss' }]);
  });
});

describe('servers that speak first', () => {
  test.each([
    ['SSH-2.0-dropbear_2012.55\r\n', { protocol: 'ssh', product: 'Dropbear', version: '2012.55' }],
    ['220 (vsFTPd 2.3.4)\r\n', { protocol: 'ftp', version: '2.3.4' }],
    ['220 camera ESMTP Postfix\r\n', { protocol: 'smtp' }],
    ['\xff\xfd\x01\xff\xfb\x03BusyBox v1.19.4 login: ', { protocol: 'telnet', product: 'BusyBox', version: '1.19.4' }],
    ['camera login: ', { protocol: 'telnet' }],
    ['RFB 003.008\n', { protocol: 'vnc' }],
    ['+OK ready\r\n', { protocol: 'pop3' }],
    ['* OK IMAP4rev1\r\n', { protocol: 'imap' }],
  ])('%j', async (banner, expected) => {
    const peer = await listen((socket) => socket.write(Buffer.from(banner, 'latin1')));
    expect((await look(peer.port)).of(netService)).toMatchObject([{ ...expected, tls: false }]);
    await peer.stop();
  });
  test('a greeting that FTP and SMTP share is settled by a question', async () => {
    const peer = await listen((socket) => {
      socket.write('220 hello\r\n');
      socket.on('data', () => socket.write('500 what?\r\n'));
    });
    expect((await look(peer.port)).of(netService)).toMatchObject([{ protocol: 'ftp' }]);
    await peer.stop();
  });
  test('a shell shows its prompt again; a banner that ends in # does not', async () => {
    const shell = await listen((socket) => {
      socket.write('# ');
      socket.on('data', () => socket.write('# '));
    });
    const banner = await listen((socket) => socket.write('welcome #'));
    const [first, second] = [await look(shell.port), await look(banner.port)];
    expect(first.of(netService)).toMatchObject([{ protocol: 'shell' }]);
    expect(second.of(netService)).toMatchObject([{ protocol: 'unknown', banner: 'welcome #' }]);
    expect(second.gaps).toMatchObject([{ unseen: { kind: 'unrecognised' } }]);
    await Promise.all([shell.stop(), banner.stop()]);
  });
});

/** A server on the first free port of these that notes the first byte of each connection; undefined where all are taken. */
async function noting(ports: readonly number[]): Promise<{ port: number; first: number[]; stop(): void } | undefined> {
  const first: number[] = [];
  for (const port of ports) {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (bytes) => {
        first.push(bytes[0] ?? -1);
        socket.destroy();
      });
    });
    const listens = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (listens) return { port, first, stop: () => server.close() };
  }
  return undefined;
}

test('a port whose number ends in 443 is asked for TLS first', async () => {
  const peer = await noting([10_443, 20_443, 23_443, 27_443, 30_443, 31_443]);
  if (peer === undefined) throw new Error('no such port is free');
  await look(peer.port);
  peer.stop();
  expect(peer.first[0]).toBe(22);
});

describe('what waits is waited for side by side', () => {
  test('a TLS server that redirects plain HTTP speaks TLS, whichever answer comes first', async () => {
    const peer = await listen((socket) =>
      socket.on('data', (bytes) => {
        if (bytes[0] === 0x16) setTimeout(() => socket.write(Buffer.from('15030100020228', 'hex')), 100);
        else socket.end('HTTP/1.1 301 Moved\r\nLocation: https://camera/\r\n\r\n');
      }),
    );
    expect((await look(peer.port)).of(netService)).toMatchObject([{ protocol: 'tls' }]);
    await peer.stop();
  });
  test('a server that greets late is known by its greeting', async () => {
    const peer = await listen((socket) => {
      setTimeout(() => socket.write('SSH-2.0-dropbear_2022.83\r\n'), 700);
    });
    expect((await look(peer.port)).of(netService)).toMatchObject([{ protocol: 'ssh', version: '2022.83' }]);
    await peer.stop();
  });
  test('an HTTP server on any port that takes one client at a time is known', async () => {
    let busy = false;
    const peer = await listen((socket) => {
      if (busy) return;
      busy = true;
      socket.on('close', () => {
        busy = false;
      });
      socket.on('data', (bytes) => {
        if (bytes.toString('latin1').startsWith('GET ')) socket.end('HTTP/1.0 200 OK\r\n\r\nhello');
      });
    });
    expect((await look(peer.port)).of(netService)).toMatchObject([{ protocol: 'http' }]);
    await peer.stop();
  });
});

describe('servers that wait for a question', () => {
  const answering = (when: (asked: string) => string | undefined): Promise<Peer> =>
    listen((socket) =>
      socket.on('data', (bytes) => {
        const answer = when(bytes.toString('latin1'));
        if (answer === undefined) socket.destroy();
        else socket.write(Buffer.from(answer, 'latin1'));
      }),
    );
  test.each([
    ['rtsp', (asked: string) => (asked.includes('RTSP/1.0') ? 'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n' : undefined)],
    ['rtsp', () => 'RTSP/1.0 400 Bad Request\r\n\r\n'],
    ['adb', (asked: string) => (asked.startsWith('CNXN') ? `CNXN${'\0'.repeat(20)}device::` : undefined)],
    ['gdb', (asked: string) => (asked.startsWith('$q') ? '+$PacketSize=fff#00' : undefined)],
    ['dns', (asked: string) => (asked.includes('version') ? '\x00\x0c\xa5\x5a\x81\x85\0\x01\0\0\0\0\0\0' : undefined)],
    ['tls', (asked: string) => (asked.startsWith('\x16') ? '\x15\x03\x01\0\x02\x02\x28' : undefined)],
  ])('%s', async (protocol, when) => {
    const peer = await answering(when);
    expect((await look(peer.port)).of(netService)).toMatchObject([{ protocol }]);
    await peer.stop();
  });
});

test.concurrent.each(Object.keys(ODD_PEERS).filter((what) => !/HTTP|amid|one byte/.test(what)))(
  'a peer that %s is told as unknown, with a gap',
  async (what) => {
    const peer = await listen(ODD_PEERS[what]!);
    const run = await look(peer.port);
    expect(run.of(netService)).toMatchObject([{ protocol: 'unknown' }]);
    expect(run.gaps).toMatchObject([{ unseen: { kind: 'unrecognised' } }]);
    await peer.stop();
  },
  20_000,
);
