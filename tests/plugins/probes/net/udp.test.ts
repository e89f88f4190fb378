/** UDP services by scripted datagram peers: what answers is told by its protocol, what answers noise is not. */
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { coapResource, mdnsService, netService, ssdpAnswer, tftpFile } from '../../../../src/facts/index.ts';
import { coapResources } from '../../../../src/plugins/probes/coap/resources.ts';
import { mdnsServices, revealedBy } from '../../../../src/plugins/probes/mdns/services.ts';
import { netUdp } from '../../../../src/plugins/probes/net/udp.ts';
import { snmpAccessProbe } from '../../../../src/plugins/probes/snmp/access.ts';
import { ssdpSearchProbe } from '../../../../src/plugins/probes/ssdp/search.ts';
import { tftpFiles } from '../../../../src/plugins/probes/tftp/files.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

async function answer(reply: (bytes: Buffer) => Buffer | string | undefined): Promise<{ port: number; stop(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const said = reply(bytes);
    if (said !== undefined) socket.send(said, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: (socket.address() as AddressInfo).port, stop: () => socket.close() };
}
const find = (port: number) =>
  runProbe(netUdp, { subjects: [{ kind: 'host', host: '127.0.0.1' }], settings: { ports: String(port) } });
const service = (port: number, protocol: 'tftp' | 'mdns' | 'ssdp' | 'snmp' | 'coap') =>
  aFact(netService, endpoint(port, 'udp'), { protocol, transport: 'udp', tls: false });

const SSDP =
  'HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\nSERVER: Linux UPnP/1.0 Cam/2.1\r\nLOCATION: http://192.0.2.1/d.xml\r\n\r\n';

test.concurrent('an SSDP responder is found and told', async () => {
  const peer = await answer((bytes) => (bytes.toString().startsWith('M-SEARCH') ? SSDP : undefined));
  const found = await find(peer.port);
  expect(found.of(netService)).toMatchObject([{ protocol: 'ssdp', banner: 'Linux UPnP/1.0 Cam/2.1' }]);
  const run = await runProbe(ssdpSearchProbe, { known: found.facts });
  expect(run.of(ssdpAnswer)).toEqual([
    { server: 'Linux UPnP/1.0 Cam/2.1', location: 'http://192.0.2.1/d.xml', targets: ['upnp:rootdevice'] },
  ]);
  peer.stop();
});

test.concurrent.each<[string, string, Buffer | string, object]>([
  [
    'sip',
    'OPTIONS sip:',
    'SIP/2.0 483 Too Many Hops\r\nServer: kamailio (5.6.3)\r\n\r\n',
    { banner: 'kamailio (5.6.3)', inClear: true },
  ],
  ['stun', '\0\x01\0\0!', Buffer.from('010100002112a442617373617961737361793131', 'hex'), {}],
  ['rpcbind', 'assa\0\0\0\0', Buffer.from(`6173736100000001${'00'.repeat(16)}`, 'hex'), { inClear: true }],
  ['memcached', 'as\0\0', Buffer.from('6173000000010000', 'hex'), { banner: 'VERSION 1.6.18', inClear: true }],
])('a server of %s is found and told', async (protocol, begin, reply, told) => {
  const said =
    protocol === 'memcached' ? Buffer.concat([Buffer.from(reply), Buffer.from('VERSION 1.6.18\r\n')]) : reply;
  const peer = await answer((bytes) => (bytes.toString('latin1').startsWith(begin) ? said : undefined));
  expect((await find(peer.port)).of(netService)).toMatchObject([{ protocol, tls: false, ...told }]);
  peer.stop();
});

test.concurrent('a port that echoes or answers noise is no service', async () => {
  const look = async (reply: (bytes: Buffer) => Buffer): Promise<void> => {
    const peer = await answer(reply);
    expect((await find(peer.port)).of(netService)).toEqual([]);
    peer.stop();
  };
  await Promise.all([look((bytes) => bytes), look(() => Buffer.alloc(300, 0x41)), look(() => Buffer.alloc(0))]);
});

test.concurrent('a TFTP server that gives anything tells nothing by its names', async () => {
  const peer = await answer(() => Buffer.from([0, 3, 0, 1, 65]));
  const run = await runProbe(tftpFiles, { known: [service(peer.port, 'tftp')] });
  expect(run.of(tftpFile)).toEqual([]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'unrecognised' } }]);
  peer.stop();
});

test.concurrent('a silent agent or server leaves a gap, or is told as refusing where silence is the refusal', async () => {
  const peer = await answer(() => undefined);
  const coap = await runProbe(coapResources, { known: [service(peer.port, 'coap')] });
  expect(coap.of(coapResource)).toEqual([]);
  expect(coap.gaps).toMatchObject([{ unseen: { kind: 'timeout' } }]);
  const snmp = await runProbe(snmpAccessProbe, { known: [service(peer.port, 'snmp')] });
  expect(snmp.facts.map((fact) => (fact.data as { accepted: boolean }).accepted)).toEqual([false, false, false]);
  peer.stop();
});

const name = (text: string): Buffer =>
  Buffer.concat([
    ...text.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ]);
const record = (owner: string, type: number, data: Buffer): Buffer =>
  Buffer.concat([name(owner), Buffer.from([0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255]), data]);
const texts = (...strings: string[]): Buffer =>
  Buffer.concat(strings.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)])));

test.concurrent('mDNS services are listed with what their records reveal', async () => {
  const peer = await answer((bytes) => {
    const root = bytes.includes('_services');
    const records = root
      ? [record('_services._dns-sd._udp.local', 12, name('_hap._tcp.local'))]
      : [
          record('_hap._tcp.local', 12, name('cam._hap._tcp.local')),
          record('cam._hap._tcp.local', 16, texts('id=00:11:22:33:44:55', 'sn=42', 'fw=1.2')),
        ];
    return Buffer.concat([
      bytes.subarray(0, 2),
      Buffer.from([0x84, 0, 0, 0, 0, records.length, 0, 0, 0, 0]),
      ...records,
    ]);
  });
  const run = await runProbe(mdnsServices, { known: [service(peer.port, 'mdns')] });
  expect(run.of(mdnsService)).toEqual([
    { service: '_hap._tcp.local', instance: 'cam._hap._tcp.local', reveals: ['mac', 'serial', 'firmware-version'] },
  ]);
  peer.stop();
});

test.concurrent('keys without a value and unknown keys reveal nothing', () => {
  expect(revealedBy(['sn=', 'path=/', 'key'])).toEqual([]);
  expect(revealedBy(['Token=abc', 'user=bob'])).toEqual(['key', 'user']);
});
