/** The TLS probes against the demo device, scripted peers for what no library here speaks, and odd peers. */

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handshake, record } from '../../../../src/codecs/protocols/tls-hello.ts';
import type { Fact } from '../../../../src/core/model/fact.ts';
import { type DemoDevice, startDevice } from '../../../../src/demo/device.ts';
import {
  netService,
  tlsCertificate,
  tlsChain,
  tlsCipher,
  tlsConfiguration,
  tlsGroup,
  tlsKnownKey,
  tlsProtocol,
  tlsVulnerability,
} from '../../../../src/facts/index.ts';
import { tlsCertificateProbe } from '../../../../src/plugins/probes/tls/certificate.ts';
import { tlsConfigurationProbe } from '../../../../src/plugins/probes/tls/configuration.ts';
import { tlsGroups } from '../../../../src/plugins/probes/tls/groups.ts';
import { tlsProtocols } from '../../../../src/plugins/probes/tls/protocols.ts';
import { loopback } from '../../../support/door.ts';
import { listen, ODD_PEERS } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const service = (port: number): Fact =>
  aFact(netService, endpoint(port), { protocol: 'tls', transport: 'tcp', tls: true });
const dial = loopback();
const now = new Date(Date.now() + 60_000).toISOString();

describe.each([
  ['faulty', false],
  ['hardened', true],
])('the %s demo device', (_name, hardened) => {
  let device: DemoDevice;
  let first: Awaited<ReturnType<typeof runProbe>>;
  let known: readonly Fact[];
  beforeAll(async () => {
    device = await startDevice({
      hardened,
      identity: readFileSync('fixtures/demo/server.pem', 'utf8'),
      now: new Date(),
    });
    first = await runProbe(tlsProtocols, { known: [service(device.ports['https'] ?? 0)], dial });
    known = [service(device.ports['https'] ?? 0), ...first.facts];
  });
  afterAll(() => device.stop());

  test('versions', () => {
    const taken = first.of(tlsProtocol).filter(({ accepted }) => accepted);
    expect(first.gaps).toEqual([]);
    expect(first.of(tlsProtocol)).toHaveLength(6);
    expect(taken.map(({ version }) => version)).toEqual(
      hardened ? ['TLSv1.2', 'TLSv1.3'] : ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    );
  });
  test('chain and key', async () => {
    const authorities = device.authority === undefined ? [] : [Buffer.from(device.authority)];
    const run = await runProbe(tlsCertificateProbe, { known, dial, settings: { authorities, now } });
    expect(run.gaps).toEqual([]);
    expect(run.of(tlsChain).map(({ trust }) => trust)).toEqual([hardened ? 'given-authority' : 'self-signed']);
    expect(run.of(tlsCertificate).length).toBeGreaterThan(0);
    expect(run.of(tlsKnownKey)).toHaveLength(1);
  });
  test('groups and configuration', async () => {
    const groups = await runProbe(tlsGroups, { known, dial });
    const configuration = await runProbe(tlsConfigurationProbe, { known, dial });
    expect([...groups.gaps, ...configuration.gaps]).toEqual([]);
    expect(groups.of(tlsGroup).map(({ group }) => group)).toContain('x25519');
    expect(configuration.of(tlsConfiguration)).toMatchObject([
      { secureRenegotiation: true, compression: false, downgradeSentinel: true, fallbackScsv: true },
    ]);
  });
});

/** What no server here speaks any more: SSLv3 with one export suite, SSLv2. */
function ancient(socket: Socket): void {
  socket.once('data', (bytes) => {
    if ((bytes[0] ?? 0) === 0x80) {
      const body = Buffer.from('04000100020000000300100100800123456789abcdef0123456789abcdef', 'hex');
      socket.end(Buffer.concat([Buffer.from([0x80, body.length]), body]));
      return;
    }
    const asked = bytes.readUInt16BE(9);
    const suites = bytes.subarray(46, 46 + bytes.readUInt16BE(44));
    const offered = Array.from({ length: suites.length / 2 }, (_, index) => suites.readUInt16BE(index * 2));
    if (asked !== 0x0300 || !offered.includes(0x0003)) {
      socket.end(record(21, 0x0300, Buffer.from([2, 40])));
      return;
    }
    const hello = Buffer.concat([Buffer.from([3, 0]), Buffer.alloc(32, 5), Buffer.from([0, 0, 3, 0])]);
    socket.end(record(22, 0x0300, handshake(2, hello)));
  });
}

test('SSLv2, SSLv3 and export suites are seen', async () => {
  const peer = await listen(ancient);
  const run = await runProbe(tlsProtocols, { known: [service(peer.port)], dial });
  expect(run.gaps).toEqual([]);
  expect(
    run
      .of(tlsProtocol)
      .filter(({ accepted }) => accepted)
      .map(({ version }) => version),
  ).toEqual(['SSLv2', 'SSLv3']);
  expect(run.of(tlsCipher).map(({ suite }) => suite)).toEqual([
    'SSL_CK_RC4_128_WITH_MD5',
    'TLS_RSA_EXPORT_WITH_RC4_40_MD5',
  ]);
  const vulnerable = run.of(tlsVulnerability).filter((one) => one.vulnerable);
  expect(vulnerable.map(({ name }) => name)).toEqual(['freak', 'drown']);
  await peer.stop();
});

test('a server that takes nothing leaves a gap and no fact that could pass', async () => {
  const peer = await listen((socket) => socket.end(record(21, 0x0303, Buffer.from([2, 40]))));
  const run = await runProbe(tlsProtocols, { known: [service(peer.port)], dial });
  expect(run.facts).toEqual([]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'unrecognised' } }]);
  await peer.stop();
});

test('a server that goes by the order of the client and hangs up at DHE is seen to take what it can', async () => {
  const peer = await listen((socket) =>
    socket.once('data', (bytes) => {
      if (bytes.length < 46 || bytes.readUInt16BE(9) !== 0x0301) {
        socket.end();
        return;
      }
      const at = 44 + (bytes[43] ?? 0);
      const suites = Array.from({ length: bytes.readUInt16BE(at) / 2 }, (_, one) =>
        bytes.readUInt16BE(at + 2 + one * 2),
      );
      // DHE-RSA-AES128-SHA and DHE-RSA-AES256-SHA, for which it has no parameters; ECDHE-RSA-AES128-SHA.
      const picked = suites.find((suite) => [0x33, 0x39, 0xc013].includes(suite));
      const hello = Buffer.concat([Buffer.from([3, 1]), Buffer.alloc(32, 5), Buffer.from([0, 0xc0, 0x13, 0])]);
      socket.end(picked === 0xc013 ? record(22, 0x0301, handshake(2, hello)) : Buffer.alloc(0));
    }),
  );
  const run = await runProbe(tlsProtocols, { known: [service(peer.port)], dial });
  expect(run.of(tlsProtocol)).toContainEqual({ version: 'TLSv1', accepted: true });
  expect(run.of(tlsCipher)).toMatchObject([{ version: 'TLSv1', suite: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA' }]);
  await peer.stop();
});

test('a version that is not answered is a gap, not a refusal', async () => {
  const peer = await listen((socket) =>
    socket.once('data', (bytes) => {
      if (bytes.length < 12 || bytes.readUInt16BE(9) !== 0x0303 || bytes.includes(Buffer.from('002b00', 'hex'))) return;
      const hello = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 5), Buffer.from([0, 0, 0x2f, 0])]);
      const offered = bytes.includes(Buffer.from('002f', 'hex'));
      socket.end(offered ? record(22, 0x0303, handshake(2, hello)) : record(21, 0x0303, Buffer.from([2, 40])));
    }),
  );
  const run = await runProbe(tlsProtocols, { known: [service(peer.port)], dial });
  expect(run.of(tlsProtocol)).not.toContainEqual(expect.objectContaining({ version: 'TLSv1' }));
  expect(run.gaps.filter(({ unseen }) => unseen.kind === 'timeout').length).toBeGreaterThanOrEqual(3);
  await peer.stop();
}, 60_000);

test.concurrent.each(Object.keys(ODD_PEERS))(
  'a peer that %s leaves a gap and no fact',
  async (what) => {
    const peer = await listen(ODD_PEERS[what]!);
    const run = await runProbe(tlsProtocols, { known: [service(peer.port)], dial });
    expect(run.facts).toEqual([]);
    expect(run.gaps.length).toBeGreaterThan(0);
    expect(run.gaps.every(({ unseen }) => unseen.kind !== 'bug')).toBe(true);
    await peer.stop();
  },
  60_000,
);

/** How a scripted DTLS server answers a hello that brings its cookie; undefined: not at all. */
type Answer = (
  version: number,
  suites: readonly number[],
) => { readonly type: number; readonly body: Buffer } | undefined;

/** A DTLS server that asks every hello for a cookie. RFC 6347 §4.2. */
async function dtlsServer(answer: Answer): Promise<{ readonly port: number; stop(): void }> {
  const socket = createSocket('udp4');
  const message = (type: number, body: Buffer): Buffer =>
    Buffer.concat([Buffer.from([type, 0, 0, body.length, 0, type === 3 ? 0 : 1, 0, 0, 0, 0, 0, body.length]), body]);
  socket.on('message', (bytes, from) => {
    if (bytes[0] !== 22) return;
    const hello = bytes.subarray(25);
    const version = hello.readUInt16BE(0);
    const at = 35 + (hello[34] ?? 0);
    const cookie = hello[at] ?? 0;
    const list = hello.subarray(at + 1 + cookie + 2, at + 1 + cookie + 2 + hello.readUInt16BE(at + 1 + cookie));
    const suites = Array.from({ length: list.length / 2 }, (_, index) => list.readUInt16BE(index * 2));
    const told =
      cookie > 0 ? answer(version, suites) : { type: 22, body: message(3, Buffer.from([0xfe, 0xff, 4, 1, 2, 3, 4])) };
    if (told === undefined) return;
    const payload = told.type === 22 && cookie > 0 ? message(2, told.body) : told.body;
    const head = Buffer.from([told.type, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, payload.length]);
    socket.send(Buffer.concat([head, payload]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, stop: () => socket.close() };
}

/** A ServerHello of DTLS 1.2 that picks AES128-SHA. */
const picksAes = {
  type: 22,
  body: Buffer.concat([Buffer.from([0xfe, 0xfd]), Buffer.alloc(33), Buffer.from([0, 0x2f, 0])]),
};
const refuses = { type: 21, body: Buffer.from([2, 70]) };

describe('DTLS that is silent after its cookie', () => {
  const look = async (answer: Answer) => {
    const peer = await dtlsServer(answer);
    const known = [aFact(netService, endpoint(peer.port, 'udp'), { protocol: 'dtls', transport: 'udp', tls: true })];
    const run = await runProbe(tlsProtocols, { known, dial });
    peer.stop();
    return { gaps: run.gaps, told: run.of(tlsProtocol).map(({ version, accepted }) => [version, accepted]) };
  };

  test('to one version leaves that one open where nothing was ever taken', async () => {
    const { told, gaps } = await look((version) => (version === 0xfeff ? refuses : undefined));
    expect(told).toEqual([]);
    expect(gaps).not.toEqual([]);
  }, 90_000);

  test('has refused where it goes on answering at once to what it took before', async () => {
    const { told, gaps } = await look((version, suites) => {
      if (version === 0xfeff) return suites.includes(0xc02b) ? undefined : refuses;
      return suites.includes(0x2f) ? picksAes : refuses;
    });
    expect(told).toEqual([
      ['DTLSv1.2', true],
      ['DTLSv1', false],
    ]);
    expect(gaps).toEqual([]);
  }, 90_000);

  test('and takes nothing any more is gone: what it left open stays open', async () => {
    let taken = 0;
    const { told, gaps } = await look((version, suites) => {
      if (version !== 0xfefd || !suites.includes(0x2f)) return undefined;
      taken += 1;
      return taken === 1 ? picksAes : undefined;
    });
    expect(told).toEqual([['DTLSv1.2', true]]);
    expect(gaps.length).toBeGreaterThan(0);
  }, 90_000);
});
