/** Proves that OpenSSL alone verifies a seal: the envelope is DSSE, the statement in-toto, and the hashes those of sha256sum. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { assay, desk } from '../support/cli.ts';

const on = desk();
afterAll(on.clear);
const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { cwd: on.folder, encoding: 'utf8', stdio: 'pipe' });

test.skipIf(!has('openssl')).each([
  [
    'ed25519',
    ['-algorithm', 'ed25519'],
    ['pkeyutl', '-verify', '-pubin', '-inkey', 'PUB', '-rawin', '-in', 'pae', '-sigfile', 'sig'],
  ],
  [
    'p256',
    ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ['dgst', '-sha256', '-verify', 'PUB', '-signature', 'sig', 'pae'],
  ],
])('a seal by %s verifies with openssl, and sha256sum agrees with it', async (name, making, verifying) => {
  const dossier = on.path(`dossier-${name}`);
  run('openssl', 'genpkey', ...making, '-out', `${name}.key`);
  run('openssl', 'pkey', '-in', `${name}.key`, '-pubout', '-out', `${name}.pub`);
  await assay(['gather', 'fixtures/demo/insecure.bin', '--out', dossier, '--quiet', '--baseline', 'uk-psti']);
  const said = await assay(['seal', dossier, '--key', on.path(`${name}.key`), '--baseline', 'uk-psti']);
  expect(said.code, said.err).toBe(0);
  const envelope = JSON.parse(readFileSync(`${dossier}/seal.json`, 'utf8')) as {
    payloadType: string;
    payload: string;
    signatures: { sig: string }[];
  };
  const payload = Buffer.from(envelope.payload, 'base64');
  writeFileSync(on.path('payload'), payload);
  writeFileSync(on.path('sig'), Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64'));
  // The encoding by the shell, not by the code under test.
  run(
    'sh',
    '-c',
    `printf 'DSSEv1 %d %s %d ' ${envelope.payloadType.length} '${envelope.payloadType}' "$(wc -c < payload)" > pae; cat payload >> pae`,
  );
  const told = run('openssl', ...verifying.map((one) => (one === 'PUB' ? `${name}.pub` : one)));
  expect(told).toMatch(/Verified OK|Signature Verified Successfully/);
  const statement = JSON.parse(payload.toString('utf8')) as {
    _type: string;
    subject: { name: string; digest: { sha256: string } }[];
  };
  expect(statement._type).toBe('https://in-toto.io/Statement/v1');
  for (const { name: file, digest } of statement.subject)
    expect(run('sha256sum', `${dossier}/${file}`)).toContain(digest.sha256);
});
