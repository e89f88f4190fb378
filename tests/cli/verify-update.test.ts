/** `assay verify-update` as a user meets it: exit codes, mistakes, 80 columns, JSON. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assay, type Desk, desk } from '../support/cli.ts';

const fixture = (name: string): string => resolve('fixtures/updates', name);
let at: Desk;
beforeAll(() => {
  at = desk();
  at.file('empty.bin', '');
  at.file('noise.bin', Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * index * 7) & 0xff)));
  at.file('text.txt', 'hello');
  at.file('private.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
  mkdirSync(at.path('folder'));
});
afterAll(() => at.clear());

const verify = (...args: readonly string[]): ReturnType<typeof assay> => assay(['verify-update', ...args]);

test('a good archive with the right key is verified, within 80 columns', async () => {
  const { code, out, err } = await verify(fixture('cms.swu'), '--key', fixture('ca.pem'));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.split('\n')[0]).toContain('verified: a given key signed all of the payload');
  for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

test('without a key the signer is unknown, and the flag that would tell is named', async () => {
  const { code, out } = await verify(fixture('cms.swu'));
  expect(code).toBe(3);
  expect(out).toContain('--key');
});

test('another key than the signer’s is told as such', async () => {
  const { code, out } = await verify(fixture('cms.swu'), '--key', fixture('other.pem'));
  expect(code).toBe(1);
  expect(out).toContain('wrong-key');
});

test.each([
  ['a key file that is not there', ['nokey.pem'], 'there is no such file'],
  ['a file that is no key', ['text.txt'], 'no public key and no certificate'],
  ['a private key', ['private.pem'], 'this is a private key'],
  ['a directory as key', ['folder'], 'it is a directory'],
])('%s is a mistake of the command line', async (_what, [key = ''], words) => {
  const { code, out, err } = await verify(fixture('cms.swu'), '--key', at.path(key));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(words);
});

test.each([
  ['folder', 'it is no file'],
  ['nothing', 'there is no such file'],
])('%s as artefact is a mistake, no bug', async (name, words) => {
  const { code, err } = await verify(at.path(name));
  expect(code).toBe(2);
  expect(err).toContain(words);
});

test.each([
  ['noise.bin', 'no update format that assay knows'],
  ['empty.bin', 'it is empty'],
])('%s is not known', async (name, words) => {
  const { code, out } = await verify(at.path(name), '--key', fixture('ca.pem'));
  expect(code).toBe(3);
  expect(out).toContain(words);
});

test('JSON holds the digest, the code and each format', async () => {
  const { code, out } = await verify(fixture('unsigned.swu'), '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    schema: 'assay/verification/1',
    artefact: { path: 'unsigned.swu', size: 6656, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    code: 1,
    formats: [{ format: 'swupdate', verdict: 'unsigned' }],
  });
});
