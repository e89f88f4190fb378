/** Passwords on SSH: what a prompt says of a lock stands in the fault on one short line, and no answer is given to it. */
import { generateKeyPairSync } from 'node:crypto';
import { type AddressInfo, connect } from 'node:net';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { trySshPasswords } from '../../../src/codecs/protocols/ssh-client.ts';

const hostKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;

test('a prompt that speaks of a lock at length', async () => {
  let answers = 0;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (asked) => {
      if (asked.method !== 'keyboard-interactive') return asked.reject(['keyboard-interactive']);
      asked.prompt([{ prompt: `locked ${'\x1b[31mout '.repeat(200)}`, echo: false }], () => {
        answers += 1;
        asked.reject();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stream = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const { ended, delays } = await trySshPasswords(stream, 'root', ['one', 'two'], {
    locks: (said) => /lock/.test(said),
  });
  server.close();
  expect([answers, delays.length, ended?.fault.kind]).toEqual([0, 0, 'locked-out']);
  expect(ended?.message.length).toBeLessThan(150);
  expect(ended?.message).not.toContain('\x1b');
});
