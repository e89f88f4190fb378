/** RTSP, DNS, NTP and CoAP probes against scripted peers. */
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { generate, parse } from 'coap-packet';
import { expect, test } from 'vitest';
import { coapResource, dnsResolver, netService, ntpMode, rtspAccess } from '../../../../src/facts/index.ts';
import { coapResources } from '../../../../src/plugins/probes/coap/resources.ts';
import { dnsResolverProbe } from '../../../../src/plugins/probes/dns/resolver.ts';
import { ntpModes } from '../../../../src/plugins/probes/ntp/modes.ts';
import { rtspAccessProbe } from '../../../../src/plugins/probes/rtsp/access.ts';
import { listen } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

type Protocol = 'rtsp' | 'dns' | 'ntp' | 'coap';
const service = (port: number, protocol: Protocol) => {
  const transport = protocol === 'rtsp' ? 'tcp' : 'udp';
  return aFact(netService, endpoint(port, transport), { protocol, transport, tls: false });
};

async function answer(reply: (bytes: Buffer) => readonly Buffer[]): Promise<{ port: number; stop(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    for (const said of reply(bytes)) socket.send(said, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: (socket.address() as AddressInfo).port, stop: () => socket.close() };
}

const rtsp = (serve: (path: string) => string) =>
  listen((socket) => {
    socket.on('data', (bytes) => {
      const path = /^DESCRIBE rtsp:\/\/[^/]+(\S*) /.exec(bytes.toString())?.[1] ?? '';
      socket.write(serve(path));
    });
  });
const SDP = 'v=0\r\no=- 1 1 IN IP4 0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\n';

test('a stream at a well-known path that anyone may see is told', async () => {
  const peer = await rtsp((path) =>
    path === '/live'
      ? `RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`
      : 'RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n',
  );
  const run = await runProbe(rtspAccessProbe, { known: [service(peer.port, 'rtsp')] });
  expect(run.of(rtspAccess)).toEqual([{ path: '/live', status: 200, open: true, scheme: 'none', tls: false }]);
  await peer.stop();
});

test('a server that asks for Digest is told, and one without any stream says so once', async () => {
  const asking = await rtsp(
    () => 'RTSP/1.0 401 No\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="c", nonce="n"\r\n\r\n',
  );
  const closed = await runProbe(rtspAccessProbe, { known: [service(asking.port, 'rtsp')] });
  expect(closed.of(rtspAccess)).toMatchObject([{ path: '/', status: 401, open: false, scheme: 'digest' }]);
  await asking.stop();
  const empty = await rtsp(() => 'RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n');
  const none = await runProbe(rtspAccessProbe, { known: [service(empty.port, 'rtsp')] });
  expect(none.of(rtspAccess)).toMatchObject([{ status: 404, open: false, scheme: 'none' }]);
  await empty.stop();
});

test.each([
  [0x8180, true],
  [0x8185, false],
  [0x8100, false],
])('a DNS answer with flags %i means recursion: %s', async (flags, recursive) => {
  const peer = await answer((bytes) => {
    const said = Buffer.from(bytes);
    said.writeUInt16BE(flags, 2);
    return [said];
  });
  const run = await runProbe(dnsResolverProbe, { known: [service(peer.port, 'dns')] });
  expect(run.of(dnsResolver)).toEqual([{ recursive }]);
  peer.stop();
});

test('an NTP server that answers private queries at length is told with its amplification', async () => {
  const peer = await answer((bytes) => {
    if (((bytes[0] ?? 0) & 7) !== 7) return [];
    const part = Buffer.alloc(440, 1);
    part[0] = 0x97;
    part[4] = 0;
    return Array.from({ length: 10 }, () => part);
  });
  const run = await runProbe(ntpModes, { known: [service(peer.port, 'ntp')] });
  expect(run.of(ntpMode)).toEqual([
    { mode: '3', answers: false, amplification: 0 },
    { mode: '6', answers: false, amplification: 0 },
    { mode: '7', answers: true, amplification: 23 },
  ]);
  peer.stop();
});

test('CoAP resources are read one by one, and one that asks for credentials is told', async () => {
  const peer = await answer((bytes) => {
    const asked = parse(bytes);
    const path = asked.options.map((option) => option.value.toString()).join('/');
    const found = path === '.well-known/core';
    const base = { messageId: asked.messageId, token: asked.token, ack: true } as const;
    return [
      generate(
        found
          ? { ...base, code: '2.05', payload: Buffer.from('</lamp>,</admin>') }
          : { ...base, code: path === 'lamp' ? '2.05' : '4.01' },
      ),
    ];
  });
  const run = await runProbe(coapResources, { known: [service(peer.port, 'coap')] });
  expect(run.gaps).toEqual([]);
  expect(run.of(coapResource)).toMatchObject([
    { path: '/.well-known/core', served: true, code: '2.05' },
    { path: '/lamp', served: true, code: '2.05' },
    { path: '/admin', served: false, code: '4.01' },
  ]);
  peer.stop();
});
