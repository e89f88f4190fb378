/** The FTP probe against scripted peers. */
import { expect, test } from 'vitest';
import { ftpAccess, loginOpen, netService } from '../../../../src/facts/index.ts';
import { ftpAccessProbe } from '../../../../src/plugins/probes/ftp/access.ts';
import { tlsProtocols } from '../../../../src/plugins/probes/tls/protocols.ts';
import { listen, ODD_PEERS, type Peer } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const service = (port: number) => aFact(netService, endpoint(port), { protocol: 'ftp', transport: 'tcp', tls: false });

const serve = (answers: (command: string) => string): Promise<Peer> =>
  listen((socket) => {
    socket.write('220-Welcome\r\n 220 not yet\r\n220 camera FTP\r\n');
    socket.on('data', (bytes) => socket.write(`${answers(bytes.toString('latin1').trim())}\r\n`));
  });

test('anonymous access, AUTH TLS and plain passwords are told', async () => {
  const peer = await serve((command) => {
    if (command === 'AUTH TLS') return '234 go on';
    if (command.startsWith('USER')) return '331 password?';
    return command === 'PASS assay@' ? '230 welcome' : '500 what?';
  });
  const run = await runProbe(ftpAccessProbe, { known: [service(peer.port)] });
  expect(run.of(ftpAccess)).toEqual([
    { anonymous: true, authTls: true, tlsRequired: false, banner: 'Welcome 220 not yet' },
  ]);
  expect(run.of(loginOpen)).toEqual([{ protocol: 'ftp', open: true, how: 'no-credentials', state: 'unknown' }]);
  await peer.stop();
});

test('a refused anonymous login without TLS is told', async () => {
  const peer = await serve((command) => (command.startsWith('USER') ? '530 no' : '502 no'));
  const run = await runProbe(ftpAccessProbe, { known: [service(peer.port)] });
  expect(run.of(ftpAccess)).toEqual([{ anonymous: false, authTls: false, banner: 'Welcome 220 not yet' }]);
  expect(run.of(loginOpen)).toEqual([]);
  await peer.stop();
});

test("a server's own trouble is no refusal", async () => {
  const peer = await serve(() => '500 OOPS');
  const run = await runProbe(ftpAccessProbe, { known: [service(peer.port)] });
  expect(run.facts).toEqual([]);
  expect(run.gaps).toMatchObject([{ unseen: { kind: 'unrecognised' } }]);
  await peer.stop();
});

test.concurrent.each(Object.keys(ODD_PEERS))('a peer that %s leaves a gap and no fact', async (what) => {
  const peer = await listen(ODD_PEERS[what]!);
  const run = await runProbe(ftpAccessProbe, { known: [service(peer.port)] });
  expect(run.facts).toEqual([]);
  expect(run.gaps).toHaveLength(1);
  expect(run.gaps[0]!.unseen.kind).not.toBe('bug');
  await peer.stop();
});

test('an FTP server without AUTH TLS has no versions of TLS, one that is busy leaves them open', async () => {
  const without = await serve(() => '502 what?');
  const run = await runProbe(tlsProtocols, { known: [service(without.port)] });
  expect([run.facts, run.gaps]).toEqual([[], []]);
  await without.stop();
  const busy = await serve(() => '421 come later');
  const late = await runProbe(tlsProtocols, { known: [service(busy.port)] });
  expect(late.facts).toEqual([]);
  expect(late.gaps).toMatchObject([{ unseen: { kind: 'refused' } }]);
  await busy.stop();
});

test('it has asked all once the password is sent, though the answer comes later', async () => {
  let said = false;
  let answered = false;
  const peer = await listen((socket) => {
    socket.write('220 camera FTP\r\n');
    socket.on('data', (bytes) => {
      const command = bytes.toString('latin1').trim();
      if (!command.startsWith('PASS')) socket.write(command.startsWith('USER') ? '331 password?\r\n' : '502 what?\r\n');
      else
        setTimeout(() => {
          answered = said;
          socket.write('530 no\r\n');
        }, 300);
    });
  });
  const probe = {
    ...ftpAccessProbe,
    observe: (...[subject, context]: Parameters<typeof ftpAccessProbe.observe>) =>
      ftpAccessProbe.observe(subject, {
        ...context,
        asked: () => {
          said = true;
        },
      }),
  };
  await runProbe(probe, { known: [service(peer.port)] });
  expect(answered).toBe(true);
  await peer.stop();
});
