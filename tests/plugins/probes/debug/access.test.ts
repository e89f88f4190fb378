/** Debug interfaces, VNC and TR-069 by scripted peers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { cwmpAccess, debugAccess, netService, vncSecurity } from '../../../../src/facts/index.ts';
import { debugAccessProbe } from '../../../../src/plugins/probes/debug/access.ts';
import { httpCwmp } from '../../../../src/plugins/probes/http/cwmp.ts';
import { vncSecurityProbe } from '../../../../src/plugins/probes/vnc/security.ts';
import { listen, ODD_PEERS } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

type Protocol = 'adb' | 'gdb' | 'shell' | 'vnc' | 'cwmp' | 'telnet';
const service = (port: number, protocol: Protocol, banner?: string) =>
  aFact(netService, endpoint(port), {
    protocol,
    transport: 'tcp',
    tls: false,
    ...(banner === undefined ? {} : { banner }),
  });

const adb = (command: string, data: string): Buffer => {
  const header = Buffer.alloc(24);
  header.write(command, 'latin1');
  header.writeUInt32LE(data.length, 12);
  header.writeUInt32LE((header.readUInt32LE(0) ^ 0xffff_ffff) >>> 0, 20);
  return Buffer.concat([header, Buffer.from(data)]);
};

test.each([
  ['CNXN', true],
  ['AUTH', false],
] as const)('ADB that answers %s is open: %s', async (command, open) => {
  const peer = await listen((socket) =>
    socket.once('data', () => socket.write(adb(command, 'device::ro.product=cam;'))),
  );
  const run = await runProbe(debugAccessProbe, { known: [service(peer.port, 'adb')] });
  expect(run.of(debugAccess)).toMatchObject([{ interface: 'adb', open }]);
  await peer.stop();
});

test('a gdbserver tells its features, and a wrong checksum is no gdbserver', async () => {
  const good = await listen((socket) => socket.once('data', () => socket.write('+$PacketSize=3fff#95')));
  const run = await runProbe(debugAccessProbe, { known: [service(good.port, 'gdb')] });
  expect(run.of(debugAccess)).toEqual([{ interface: 'gdb', open: true, how: 'qSupported: PacketSize=3fff' }]);
  await good.stop();
  const bad = await listen((socket) => socket.once('data', () => socket.write('+$PacketSize=3fff#00')));
  expect((await runProbe(debugAccessProbe, { known: [service(bad.port, 'gdb')] })).facts).toEqual([]);
  await bad.stop();
});

test('a raw shell is told by its prompt alone; OpenOCD by its banner and prompt', async () => {
  let heard = '';
  const peer = await listen((socket) =>
    socket.on('data', (bytes) => {
      heard += bytes.toString();
      socket.write('\r\n~ # ');
    }),
  );
  const run = await runProbe(debugAccessProbe, { known: [service(peer.port, 'shell')] });
  expect(run.of(debugAccess)).toMatchObject([{ interface: 'shell', open: true }]);
  expect(heard).toBe('\n\n');
  const known = [service(peer.port, 'telnet', 'Open On-Chip Debugger')];
  expect((await runProbe(debugAccessProbe, { known })).of(debugAccess)).toMatchObject([
    { interface: 'openocd', open: true },
  ]);
  await peer.stop();
});

test.each([
  ['RFB 003.008\n', Buffer.of(2, 1, 2), { types: ['none', 'vnc'], none: true, version: '3.8' }],
  ['RFB 003.003\n', Buffer.of(0, 0, 0, 2), { types: ['vnc'], none: false, version: '3.3' }],
] as const)('VNC %j tells its security types', async (banner, types, expected) => {
  const peer = await listen((socket) => {
    socket.write(banner);
    socket.once('data', () => socket.write(types));
  });
  const run = await runProbe(vncSecurityProbe, { known: [service(peer.port, 'vnc')] });
  expect(run.of(vncSecurity)).toEqual([expected]);
  await peer.stop();
});

test.each([
  [401, true],
  [200, false],
])('TR-069 that answers %i asks for a login: %s', async (status, authenticated) => {
  const server = createServer((_asked, reply) =>
    reply.writeHead(status, { 'www-authenticate': 'Digest realm="cpe", nonce="1"' }).end(),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const run = await runProbe(httpCwmp, { known: [service(port, 'cwmp')] });
  expect(run.of(cwmpAccess)).toEqual([{ authenticated, status, scheme: 'digest' }]);
  await new Promise((resolve) => server.close(resolve));
});

test.concurrent.each(Object.keys(ODD_PEERS))('a peer that %s leaves a gap and no fact', async (what) => {
  const peer = await listen(ODD_PEERS[what]!);
  const probes = [
    [debugAccessProbe, 'adb'],
    [debugAccessProbe, 'gdb'],
    [vncSecurityProbe, 'vnc'],
  ] as const;
  const runs = await Promise.all(
    probes.map(([probe, protocol]) => runProbe(probe, { known: [service(peer.port, protocol)] })),
  );
  for (const run of runs) {
    expect(run.facts).toEqual([]);
    expect(run.gaps).toHaveLength(1);
    expect(run.gaps[0]!.unseen.kind).not.toBe('bug');
  }
  await peer.stop();
});
