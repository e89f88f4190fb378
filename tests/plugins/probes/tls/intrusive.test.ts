/** Heartbleed, ChangeCipherSpec injection, ROBOT and Ticketbleed against scripted peers: no library here has them any more. */
import { constants, createPrivateKey, privateDecrypt, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { handshake, record } from '../../../../src/codecs/protocols/tls-hello.ts';
import { suiteOf } from '../../../../src/codecs/protocols/tls-suites.ts';
import type { Probe } from '../../../../src/core/model/gatherer.ts';
import { startDevice } from '../../../../src/demo/device.ts';
import { netService, tlsCipher, tlsProtocol, tlsVulnerability } from '../../../../src/facts/index.ts';
import { tlsCcsInjection } from '../../../../src/plugins/probes/tls/ccs-injection.ts';
import { tlsHeartbleed } from '../../../../src/plugins/probes/tls/heartbleed.ts';
import { tlsRobot } from '../../../../src/plugins/probes/tls/robot.ts';
import { tlsTicketbleed } from '../../../../src/plugins/probes/tls/ticketbleed.ts';
import { loopback } from '../../../support/door.ts';
import { listen } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const look = (probe: Probe, port: number, suite = 0xc02f) =>
  runProbe(probe, {
    known: [
      aFact(netService, endpoint(port), { protocol: 'tls', transport: 'tcp', tls: true }),
      aFact(tlsProtocol, endpoint(port), { version: 'TLSv1.2', accepted: true }),
      aFact(tlsCipher, endpoint(port), { version: 'TLSv1.2', ...suiteOf(suite) }),
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

test("Node's own server shows none of them", async () => {
  const device = await startDevice({
    hardened: false,
    identity: readFileSync('fixtures/demo/server.pem', 'utf8'),
    now: new Date(),
  });
  for (const probe of [tlsHeartbleed, tlsCcsInjection, tlsTicketbleed]) {
    const run = await look(probe, device.ports['https'] ?? 0);
    expect(run.gaps).toEqual([]);
    expect(run.of(tlsVulnerability)).toMatchObject([{ vulnerable: false }]);
  }
  await device.stop();
});

const identity = readFileSync('fixtures/demo/server.pem', 'utf8');
const key = createPrivateKey(identity);
const certificate = new X509Certificate(identity).raw;
const u24 = (value: number): Buffer => Buffer.from([value >> 16, value >> 8, value]);

/** A server with RSA key exchange that hands the decrypted block to `answer` with how many records came. */
const rsaPeer = (answer: (block: Buffer, whole: boolean, socket: Socket) => void) =>
  listen((socket) => {
    let greeted = false;
    socket.on('data', (bytes) => {
      if (greeted) {
        const size = bytes.readUInt16BE(9);
        const sealed = bytes.subarray(11, 11 + size);
        answer(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, sealed), bytes.length > 11 + size, socket);
        return;
      }
      greeted = true;
      const hello = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 5), Buffer.from([0, 0, 0x2f, 0])]);
      const list = Buffer.concat([u24(certificate.length), certificate]);
      const messages = [handshake(2, hello), handshake(11, Buffer.concat([u24(list.length), list]))];
      socket.write(record(22, 0x0303, Buffer.concat([...messages, handshake(14, Buffer.alloc(0))])));
    });
  });

const isPadded = (block: Buffer): boolean => block[0] === 0 && block[1] === 2;
const isSound = (block: Buffer): boolean => isPadded(block) && block.indexOf(0, 2) === block.length - 49;

test.each([
  ['answers all alike', () => alert(20), false],
  ['tells wrong first bytes', (block: Buffer) => alert(isPadded(block) ? 20 : 51), true],
  ['tells a secret of the wrong size', (block: Buffer) => alert(isSound(block) ? 20 : 47), true],
  ['tells a wrong version', (block: Buffer) => alert(block.at(-48) === 2 && isSound(block) ? 70 : 20), true],
  ['hangs up at a fault alone', (block: Buffer) => (isSound(block) ? alert(20) : undefined), true],
  [
    'betrays itself only while it waits for the rest',
    (block: Buffer, whole: boolean) => (whole ? alert(20) : isPadded(block) ? Buffer.alloc(0) : alert(51)),
    true,
  ],
] as const)('ROBOT: a server that %s', async (_name, answer, vulnerable) => {
  const server = await rsaPeer((block, whole, socket) => {
    const bytes = answer(block, whole);
    if (bytes === undefined) socket.destroy();
    else if (bytes.length > 0) socket.end(bytes);
  });
  const run = await look(tlsRobot, server.port, 0x002f);
  expect(run.gaps).toEqual([]);
  expect(run.of(tlsVulnerability)).toMatchObject([{ name: 'robot', vulnerable }]);
  await server.stop();
});

test('ROBOT: answers that differ by chance are a gap, silence is a gap, and without RSA key exchange there is none', async () => {
  let count = 0;
  const fickle = await rsaPeer((_block, _whole, socket) => {
    count += 1;
    socket.end(alert(count % 3 === 0 ? 20 : count % 7 === 0 ? 10 : 51));
  });
  const run = await look(tlsRobot, fickle.port, 0x002f);
  expect(run.facts).toEqual([]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'unrecognised' } }]);
  expect((await look(tlsRobot, fickle.port)).of(tlsVulnerability)).toMatchObject([{ vulnerable: false }]);
  await fickle.stop();
  const mute = await rsaPeer(() => {});
  expect((await look(tlsRobot, mute.port, 0x002f)).gaps).toMatchObject([{ unseen: { kind: 'unrecognised' } }]);
  await mute.stop();
}, 30_000);

/** Passes on to a real server, but answers a session id of 16 bytes with as many of its own memory after it. */
test.each([
  [32, true],
  [16, false],
])('Ticketbleed: a session id of 16 bytes that comes back with %i', async (size, vulnerable) => {
  const real = createServer({ key: identity, cert: identity, maxVersion: 'TLSv1.2' }, (socket) =>
    socket.on('error', () => {}),
  );
  await new Promise<void>((resolve) => real.listen(0, '127.0.0.1', resolve));
  const server = await listen((socket) => {
    const up = connect((real.address() as AddressInfo).port, '127.0.0.1').on('error', () => socket.destroy());
    socket.on('close', () => up.destroy());
    up.on('data', (bytes) => socket.write(bytes));
    socket.on('data', (bytes) => {
      if (bytes[5] !== 1 || bytes[43] !== 16) {
        up.write(bytes);
        return;
      }
      const id = Buffer.concat([bytes.subarray(44, 60), Buffer.alloc(size - 16, 0x99)]);
      const head = [Buffer.from([3, 3]), Buffer.alloc(32, 5), Buffer.from([size]), id, Buffer.from([0xc0, 0x2f, 0])];
      socket.write(record(22, 0x0303, handshake(2, Buffer.concat(head))));
    });
  });
  const run = await look(tlsTicketbleed, server.port);
  expect(run.gaps).toEqual([]);
  expect(run.of(tlsVulnerability)).toMatchObject([{ name: 'ticketbleed', vulnerable }]);
  await server.stop();
  real.close();
});
