/** The Telnet probe against scripted peers. */
import { expect, test } from 'vitest';
import { netService, telnetSession } from '../../../../src/facts/index.ts';
import { telnetSessionProbe } from '../../../../src/plugins/probes/telnet/session.ts';
import { listen, ODD_PEERS } from '../../../support/peers.ts';
import { aFact, endpoint, runProbe } from '../../../support/probe.ts';

const service = (port: number) =>
  aFact(netService, endpoint(port), { protocol: 'telnet', transport: 'tcp', tls: false });

test('a login prompt after negotiation is told, and options are answered once', async () => {
  const heard: number[] = [];
  const peer = await listen((socket) => {
    socket.on('data', (bytes) => heard.push(...bytes));
    socket.write(Buffer.from([255, 251, 1, 255, 251, 1, 255, 253, 24, 255, 250, 24, 1, 255, 240]));
    socket.write('camera\r\ncamera login: ');
  });
  const run = await runProbe(telnetSessionProbe, { known: [service(peer.port)] });
  expect(run.of(telnetSession)).toEqual([
    { negotiates: true, asksLogin: true, shellWithoutLogin: false, banner: 'camera camera login:', encryption: false },
  ]);
  expect(heard).toEqual([255, 253, 1, 255, 252, 24]);
  await peer.stop();
});

test('a prompt that comes again after an empty line is a shell, and only newlines were sent', async () => {
  let heard = '';
  const peer = await listen((socket) => {
    socket.write('BusyBox v1.30\r\n/ # ');
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      socket.write('\r\n/ # ');
    });
  });
  const run = await runProbe(telnetSessionProbe, { known: [service(peer.port)] });
  expect(run.of(telnetSession)).toMatchObject([{ asksLogin: false, shellWithoutLogin: true }]);
  expect(heard).toMatch(/^[\r\n]+$/);
  await peer.stop();
});

test('a message of the day that ends in # is no shell', async () => {
  const peer = await listen((socket) => {
    socket.write('#### welcome ####');
    socket.on('data', () => socket.write('\r\ncamera login: '));
  });
  const run = await runProbe(telnetSessionProbe, { known: [service(peer.port)] });
  expect(run.of(telnetSession)).toMatchObject([{ asksLogin: true, shellWithoutLogin: false }]);
  await peer.stop();
});

test.each([
  'Benutzername: ',
  'Nom d’utilisateur\r\nIdentifiant : ',
  'Usuario:',
  'имя пользователя: ',
  '用户名：',
  'Mot de passe : ',
  'Contraseña: ',
  'Пароль:',
  '密码:',
])('a prompt in another language, %s, is a login', async (prompt) => {
  const peer = await listen((socket) => void socket.write(`\r\n${prompt}`));
  const run = await runProbe(telnetSessionProbe, { known: [service(peer.port)] });
  expect(run.of(telnetSession)).toMatchObject([{ asksLogin: true, shellWithoutLogin: false }]);
  await peer.stop();
});

test.concurrent.each(Object.keys(ODD_PEERS))('a peer that %s leaves a gap and no fact', async (what) => {
  const peer = await listen(ODD_PEERS[what]!);
  const run = await runProbe(telnetSessionProbe, { known: [service(peer.port)] });
  expect(run.facts).toEqual([]);
  expect(run.gaps).toHaveLength(1);
  expect(run.gaps[0]!.unseen.kind).not.toBe('bug');
  await peer.stop();
});
