/** Heartbleed and ChangeCipherSpec injection against scripted peers: no library here has them any more. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { handshake, record } from '../../../../src/codecs/protocols/tls-hello.ts';
import { suiteOf } from '../../../../src/codecs/protocols/tls-suites.ts';
import type { Probe } from '../../../../src/core/model/gatherer.ts';
import { startDevice } from '../../../../src/demo/device.ts';
import { netService, tlsCipher, tlsProtocol, tlsVulnerability } from '../../../../src/facts/index.ts';
import { tlsCcsInjection } from '../../../../src/plugins/probes/tls/ccs-injection.ts';
import { tlsHeartbleed } from '../../../../src/plugins/probes/tls/heartbleed.ts';
import { loopback } from '../../../support/door.ts';
import { listen } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const look = (probe: Probe, port: number) =>
  runProbe(probe, {
    known: [
      aFact(netService, endpoint(port), { protocol: 'tls', transport: 'tcp', tls: true }),
      aFact(tlsProtocol, endpoint(port), { version: 'TLSv1.2', accepted: true }),
      aFact(tlsCipher, endpoint(port), { version: 'TLSv1.2', ...suiteOf(0xc02f) }),
    ],
    dial: loopback(),
  });

/** A first flight, then an answer to every further record. */
const peer = (heartbeats: boolean, answer: (bytes: Buffer, count: number, socket: Socket) => void) =>
  listen((socket) => {
    let count = 0;
    const extensions = heartbeats ? Buffer.from([0, 5, 0, 15, 0, 1, 1]) : Buffer.alloc(0);
    const hello = Buffer.concat([
      Buffer.from([3, 3]),
      Buffer.alloc(32, 5),
      Buffer.from([0, 0xc0, 0x2f, 0]),
      extensions,
    ]);
    socket.on('data', (bytes) => {
      if (count === 0)
        socket.write(record(22, 0x0303, Buffer.concat([handshake(2, hello), handshake(14, Buffer.alloc(0))])));
      else answer(bytes, count, socket);
      count += 1;
    });
  });
const alert = (code: number) => record(21, 0x0303, Buffer.from([2, code]));

test.each([
  ['answers with memory', true, (socket: Socket) => socket.write(record(24, 0x0303, Buffer.alloc(83, 2))), true],
  ['drops it', true, () => {}, false],
  ['hangs up', true, (socket: Socket) => socket.destroy(), false],
  ['offers no heartbeats', false, (socket: Socket) => socket.write(record(24, 0x0303, Buffer.alloc(83, 2))), false],
])('heartbleed: a server that %s', async (_name, heartbeats, answer, vulnerable) => {
  const server = await peer(heartbeats, (_bytes, _count, socket) => answer(socket));
  expect((await look(tlsHeartbleed, server.port)).of(tlsVulnerability)).toMatchObject([
    { name: 'heartbleed', vulnerable },
  ]);
  await server.stop();
});

test.each([
  [
    'refuses the first',
    (count: number) => (count === 1 ? alert(10) : undefined),
    [{ name: 'ccs-injection', vulnerable: false }],
  ],
  [
    'can not read the second',
    (count: number) => (count === 2 ? alert(20) : undefined),
    [{ name: 'ccs-injection', vulnerable: true }],
  ],
  [
    'refuses the second by name',
    (count: number) => (count === 2 ? alert(10) : undefined),
    [{ name: 'ccs-injection', vulnerable: false }],
  ],
  ['says nothing', () => undefined, []],
])('early ChangeCipherSpec: a server that %s', async (_name, answer, expected) => {
  const server = await peer(false, (_bytes, count, socket) => {
    const bytes = answer(count);
    if (bytes !== undefined) socket.write(bytes);
  });
  const run = await look(tlsCcsInjection, server.port);
  expect(run.of(tlsVulnerability)).toMatchObject(expected);
  expect(run.gaps.length).toBe(expected.length === 0 ? 1 : 0);
  await server.stop();
});

test("Node's own server shows neither", async () => {
  const device = await startDevice({
    hardened: false,
    identity: readFileSync('fixtures/demo/server.pem', 'utf8'),
    now: new Date(),
  });
  for (const probe of [tlsHeartbleed, tlsCcsInjection]) {
    const run = await look(probe, device.ports['https'] ?? 0);
    expect(run.gaps).toEqual([]);
    expect(run.of(tlsVulnerability)).toMatchObject([{ vulnerable: false }]);
  }
  await device.stop();
});
