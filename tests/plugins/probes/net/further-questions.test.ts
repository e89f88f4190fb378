/** Stores, shares, directories and telephony by their own words; and what of them serves whoever connects. */
import { describe, expect, test } from 'vitest';
import { loginDefault, netAccess, netPort, netService } from '../../../../src/facts/index.ts';
import { credentialsSurfaces } from '../../../../src/plugins/probes/credentials/surfaces.ts';
import { netServices } from '../../../../src/plugins/probes/net/services.ts';
import { loopback } from '../../../support/door.ts';
import { listen } from '../../../support/peers.ts';
import { aFact, endpoint, type Run, runProbe } from '../../../support/probe.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Looks at a server that answers what begins so, and hangs up at anything else. */
async function look(begin: Buffer, reply: Buffer): Promise<Run> {
  const peer = await listen((socket) =>
    socket.once('data', (asked: Buffer) => {
      if (asked.subarray(0, begin.length).equals(begin)) socket.write(reply);
      else socket.end();
    }),
  );
  const known = [aFact(netPort, endpoint(peer.port), { transport: 'tcp', port: peer.port })];
  const run = await runProbe(netServices, { known, dial: loopback() });
  await peer.stop();
  return run;
}

const SMB1_REPLY = hex(`00000055ff534d42720000000098012000${'00'.repeat(19)}110000`);
const SMB1_REFUSAL = hex(`00000023ff534d42720000000098012000${'00'.repeat(19)}01ffff`);
const STARTUP = hex('0000002300030000');

describe.each<[string, Buffer, Buffer, object, string | undefined]>([
  ['redis', bytes('PING'), bytes('+PONG\r\n'), { inClear: true }, 'PING was answered with PONG'],
  ['redis', bytes('PING'), bytes('-NOAUTH Authentication required.\r\n'), { inClear: true }, undefined],
  ['memcached', bytes('version'), bytes('VERSION 1.6.18\r\n'), { banner: 'VERSION 1.6.18' }, 'VERSION 1.6.18'],
  ['memcached', bytes('version'), bytes('CLIENT_ERROR unauthenticated\r\n'), { inClear: true }, undefined],
  ['smb', hex('0000002fff534d42'), SMB1_REPLY, { inClear: true, banner: 'SMB 1 (NT LM 0.12)' }, undefined],
  ['ldap', hex('300c'), hex('300c02010161070a010004000400'), { inClear: true }, undefined],
  ['ldap', hex('300c'), hex('300c02010161070a010d04000400'), { inClear: false }, undefined],
  ['postgresql', STARTUP, hex('520000000800000000'), { inClear: true }, 'AuthenticationOk without a password'],
  ['postgresql', STARTUP, hex('52000000170000000a'), { inClear: true }, undefined],
  ['rdp', hex('03000013'), hex('030000130ed000001234000201080000000000'), { inClear: true }, undefined],
  ['rdp', hex('03000013'), hex('030000130ed000001234000300080001000000'), { inClear: false }, undefined],
  [
    'sip',
    bytes('OPTIONS sip'),
    bytes('SIP/2.0 483 Too Many Hops\r\nServer: kamailio\r\n\r\n'),
    { banner: 'kamailio' },
    undefined,
  ],
  ['rpcbind', hex('80000028'), hex(`8000001861737361${'00000001'}${'00'.repeat(16)}`), { inClear: true }, undefined],
  ['amqp', bytes('AMQP'), hex('01000000000010000a000a0009'), { inClear: true }, undefined],
  [
    'mqtt',
    bytes('GET /mqtt'),
    bytes('HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n'),
    { banner: 'over WebSocket' },
    undefined,
  ],
])('%s', (protocol, begin, reply, told, open) => {
  test(`answers ${reply.subarray(0, 24).toString('hex')}`, async () => {
    const run = await look(begin, reply);
    expect(run.of(netService)).toMatchObject([{ protocol, tls: false, ...told }]);
    expect(run.of(netAccess)).toEqual(open === undefined ? [] : [{ protocol, open: true, how: open }]);
    // What TLS a server of RDP takes in its own way is not looked at.
    expect(run.gaps.filter(({ area }) => area !== undefined)).toHaveLength(protocol === 'rdp' ? 1 : 0);
  });
});

test.each<[string, Buffer, Buffer]>([
  ['smb', hex('0000006cfe534d42'), hex(`00000080fe534d42${'00'.repeat(80)}`)],
  ['postgresql', STARTUP, bytes('E\0\0\0\x50SFATAL\0VFATAL\0C28000\0')],
  ['xmpp', bytes('<?xml'), bytes("<?xml version='1.0'?><stream:stream id='1'><stream:error/>")],
  ['stun', hex('00010000'), hex('010100002112a442617373617961737361793131')],
])('%s leaves open how its data travel: told, and a gap of its port', async (protocol, begin, reply) => {
  const run = await look(begin, reply);
  expect(run.of(netService)).toMatchObject([{ protocol, tls: false }]);
  expect(run.of(netService)[0]).not.toHaveProperty('inClear');
  expect(run.gaps).toContainEqual(expect.objectContaining({ area: 'tcp' }));
});

test('a server of SMB that refuses SMB 1 is not told as one', async () => {
  const run = await look(hex('0000002fff534d42'), SMB1_REFUSAL);
  expect(run.of(netService)).toMatchObject([{ protocol: 'unknown' }]);
});

test.each([
  ['offers TLS', 0x08, undefined],
  ['knows none', 0x00, true],
])('a MySQL server that %s', async (_what, flags, inClear) => {
  const greeting = bytes(`\x40\0\0\0\x0a5.5.5-10.11-MariaDB\0\x01\0\0\0saltsalt\0\0${String.fromCharCode(flags)}\x21`);
  const peer = await listen((socket) => socket.write(greeting));
  const known = [aFact(netPort, endpoint(peer.port), { transport: 'tcp', port: peer.port })];
  const run = await runProbe(netServices, { known, dial: loopback() });
  await peer.stop();
  const [service] = run.of(netService);
  expect(service).toMatchObject({ protocol: 'mysql', banner: '5.5.5-10.11-MariaDB' });
  expect(service?.inClear).toBe(inClear);
  expect(run.gaps.filter(({ area }) => area === 'tcp')).toHaveLength(inClear === undefined ? 1 : 0);
});

test('a server that echoes is told as one: no question is its own answer', async () => {
  const peer = await listen((socket) => socket.pipe(socket));
  const known = [aFact(netPort, endpoint(peer.port), { transport: 'tcp', port: peer.port })];
  const run = await runProbe(netServices, { known, dial: loopback() });
  await peer.stop();
  expect(run.of(netService)).toMatchObject([{ protocol: 'echo', inClear: true }]);
});

describe('logins that are not tried', () => {
  const surfaces = (protocol: 'imap' | 'redis', open: boolean): Promise<Run> => {
    const known = [aFact(netService, endpoint(143), { protocol, transport: 'tcp', tls: false })];
    const access = aFact(netAccess, endpoint(143), { protocol, open, how: 'PING' });
    return runProbe(credentialsSurfaces, { known: open ? [...known, access] : known });
  };
  test.each(['imap', 'redis'] as const)('%s leaves the checks of logins open', async (protocol) => {
    const { gaps } = await surfaces(protocol, false);
    expect(gaps.flatMap(({ facts }) => facts)).toContain(loginDefault.name);
  });
  test('a service that serves whoever connects has no login to try', async () => {
    expect((await surfaces('redis', true)).gaps).toEqual([]);
  });
});
