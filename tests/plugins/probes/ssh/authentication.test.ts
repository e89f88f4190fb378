/** Which methods SSH servers offer to root and to others: whoever lets anybody in is told, root or not. */
import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { sshAlgorithm, sshAuthentication } from '../../../../src/facts/index.ts';
import { sshAuthenticationProbe } from '../../../../src/plugins/probes/ssh/authentication.ts';
import { loopback } from '../../../support/door.ts';
import { aFact, endpoint, type Run, runProbe } from '../../../support/probe.ts';

const hostKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;

/** Looks at a server that offers keys alone to root, and to others what is given: `none` lets them in. */
async function look(others: ssh2.AuthenticationType): Promise<Run> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (asked) => {
      if (asked.username === 'root') asked.reject(['publickey']);
      else if (others === 'none') asked.accept();
      else asked.reject([others]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const algorithm = { kind: 'kex', name: 'curve25519-sha256', rating: 'good' };
  const known = [aFact(sshAlgorithm, endpoint(port), algorithm as never)];
  const run = await runProbe(sshAuthenticationProbe, { known, dial: loopback() });
  server.close();
  return run;
}

test.each<[ssh2.AuthenticationType, object]>([
  ['publickey', { user: 'root', noneAccepted: false, password: false }],
  ['password', { user: 'assay-nobody', noneAccepted: false, password: true }],
  ['none', { user: 'assay-nobody', noneAccepted: true }],
])('others are offered %s', async (others, told) => {
  expect((await look(others)).of(sshAuthentication)).toMatchObject([told]);
});
