/** Answers that are cut short, quote the question, or come in longer forms: none is taken for what it is not. */
import { expect, test } from 'vitest';
import { netAccess, netPort, netService } from '../../../../src/facts/index.ts';
import { netServices } from '../../../../src/plugins/probes/net/services.ts';
import { loopback } from '../../../support/door.ts';
import { listen } from '../../../support/peers.ts';
import { aFact, endpoint, type Run, runProbe } from '../../../support/probe.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Looks at a server that answers by what it is asked, and hangs up where it has no answer. */
async function look(answer: (asked: Buffer) => Buffer | undefined): Promise<Run> {
  const peer = await listen((socket) =>
    socket.once('data', (asked: Buffer) => {
      const reply = answer(asked);
      if (reply === undefined) socket.end();
      else socket.write(reply);
    }),
  );
  const known = [aFact(netPort, endpoint(peer.port), { transport: 'tcp', port: peer.port })];
  const run = await runProbe(netServices, { known, dial: loopback() });
  await peer.stop();
  return run;
}
const to =
  (begin: Buffer, reply: Buffer) =>
  (asked: Buffer): Buffer | undefined =>
    asked.subarray(0, begin.length).equals(begin) ? reply : undefined;

const protocolsOf = (run: Run): readonly string[] => run.of(netService).map(({ protocol }) => protocol);

test.each([1, 2, 3, 4])('%i bytes that begin as an answer of PostgreSQL are none', async (count) => {
  const run = await look(() => Buffer.from('R\0\0\0').subarray(0, count));
  expect(protocolsOf(run)).toEqual(['unknown']);
});

test('a server that quotes what it did not understand is no XMPP', async () => {
  const run = await look((asked) => Buffer.concat([Buffer.from('500 unknown: '), asked]));
  expect(protocolsOf(run)).toEqual(['unknown']);
});

test('a server that echoes the first bytes alone is no protocol', async () => {
  const run = await look((asked) => asked.subarray(0, 64));
  expect(protocolsOf(run)).toEqual(['echo']);
  const half = await look((asked) => (asked[0] === 0x47 ? undefined : asked.subarray(0, 64)));
  expect(protocolsOf(half)).toEqual(['unknown']);
});

test('an error of SMB 1 picks no dialect', async () => {
  const refusal = hex(`00000023ff534d4272020000c098012000${'00'.repeat(19)}000000`);
  expect(protocolsOf(await look(to(hex('0000002fff534d42'), refusal)))).toEqual(['unknown']);
});

test.each([
  ['0d', false],
  ['00', true],
])('a directory that writes lengths in four bytes (Active Directory) and answers %s', async (code, inClear) => {
  const reply = hex(`3084000000100201016184000000070a01${code}04000400`);
  const run = await look(to(hex('300c'), reply));
  expect(run.of(netService)).toMatchObject([{ protocol: 'ldap', inClear }]);
});

test('a greeting of MySQL that is cut before its capabilities does not tell that it knows no TLS', async () => {
  const greeting = Buffer.from('\x40\0\0\0\x0a5.5.5-10.11-MariaDB\0\x01\0\0', 'latin1');
  const peer = await listen((socket) => socket.write(greeting));
  const known = [aFact(netPort, endpoint(peer.port), { transport: 'tcp', port: peer.port })];
  const run = await runProbe(netServices, { known, dial: loopback() });
  await peer.stop();
  expect(run.of(netService)[0]).not.toHaveProperty('inClear');
});

test('whether a player (MPD) demands a password does not show in its greeting: that leaves open whom it serves', async () => {
  const peer = await listen((socket) => socket.write('OK MPD 0.23.5\n'));
  const known = [aFact(netPort, endpoint(peer.port), { transport: 'tcp', port: peer.port })];
  const run = await runProbe(netServices, { known, dial: loopback() });
  await peer.stop();
  expect(run.gaps).toMatchObject([{ facts: [netAccess.name] }]);
});

test('a store that demands a login leaves nothing open', async () => {
  const run = await look(to(Buffer.from('PING'), Buffer.from('-NOAUTH Authentication required.\r\n')));
  expect(run.gaps).toEqual([]);
});
