/** Android over-the-air zips signed as a whole: assay beside `openssl cms -verify` over the bytes that are signed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTrustedKeys } from '../../src/cli/trusted-key.ts';
import { filler } from '../support/signers.ts';
import { judge } from '../support/updates.ts';
import { zipOf } from '../support/zip.ts';

const HERE = spawnSync('which', ['openssl']).status === 0;
let folder = '';
const at = (name: string): string => join(folder, name);
const openssl = (...args: readonly string[]): boolean =>
  spawnSync('openssl', args, { cwd: folder, stdio: 'ignore' }).status === 0;
const zip = zipOf([
  { name: 'META-INF/com/android/metadata', content: 'post-build=1\n' },
  { name: 'payload.bin', content: filler(3000) },
]);

beforeAll(() => {
  if (!HERE) return;
  folder = mkdtempSync(join(tmpdir(), 'assay-ota-'));
  for (const [who, days] of [
    ['maker', '365'],
    ['other', '365'],
    ['short', '1'],
  ] as const)
    openssl(
      ...'req -x509 -newkey rsa:2048 -nodes -subj /CN=maker'.split(' '),
      '-days',
      days,
      '-keyout',
      `${who}.key`,
      '-out',
      `${who}.pem`,
    );
});
afterAll(() => {
  if (HERE) rmSync(folder, { recursive: true });
});

/** The signature goes into the comment: CMS, then where it starts, two bytes of 0xFF, the size of the comment. */
function signedZip(who: string, digest = 'sha256'): Buffer {
  const open = zip.subarray(0, -2);
  writeFileSync(at('open'), open);
  const options = ['-binary', '-noattr', '-outform', 'DER', '-md', digest];
  expect(
    openssl('cms', '-sign', '-in', 'open', '-signer', `${who}.pem`, '-inkey', `${who}.key`, ...options, '-out', 'cms'),
  ).toBe(true);
  const cms = readFileSync(at('cms'));
  const lead = Buffer.from('signed by SignApk\0');
  const foot = Buffer.alloc(6, 0xff);
  const comment = lead.length + cms.length + 6;
  foot.writeUInt16LE(cms.length + 6, 0);
  foot.writeUInt16LE(comment, 4);
  const size = Buffer.alloc(2);
  size.writeUInt16LE(comment);
  return Buffer.concat([open, size, lead, cms, foot]);
}

/** openssl's word, over regions that the test cuts out by itself. */
function theirs(bytes: Buffer, who: string): boolean {
  const comment = bytes.readUInt16LE(bytes.length - 2);
  const start = bytes.readUInt16LE(bytes.length - 6);
  const end = bytes.length - comment - 2;
  if (end < 0 || start > bytes.length) return false;
  writeFileSync(at('asked'), bytes.subarray(0, end));
  writeFileSync(at('asked.cms'), bytes.subarray(bytes.length - start, -6));
  const files = ['-in', 'asked.cms', '-content', 'asked', '-out', 'void'];
  return openssl('cms', '-verify', '-binary', '-inform', 'DER', ...files, '-CAfile', `${who}.pem`, '-purpose', 'any');
}
const ours = (bytes: Buffer, who: string, now = new Date(Date.now() + 60_000).toISOString()) =>
  judge(bytes, { keys: readTrustedKeys(at(`${who}.pem`)), name: 'ota.zip', now });

describe.skipIf(!HERE)('openssl cms -verify', () => {
  test.each([
    ['maker', 'maker', 0],
    ['maker', 'other', 1],
    ['other', 'maker', 1],
  ] as const)('agrees on a package of %s judged by %s', async (who, key, code) => {
    const bytes = signedZip(who);
    const judged = await ours(bytes, key);
    expect(judged.verdicts.map(({ format }) => format)).toEqual(['android-ota']);
    expect(judged.code).toBe(code);
    expect(theirs(bytes, key)).toBe(code === 0);
  });

  test('agrees on changed bytes all over, and on what is cut off', async () => {
    const bytes = signedZip('maker');
    const { covered } = (await ours(bytes, 'maker')).verdicts[0]!;
    for (let place = 5; place < bytes.length; place += 41) {
      const changed = Buffer.from(bytes);
      changed[place]! ^= 0x10;
      const we = (await ours(changed, 'maker')).code === 0;
      if (covered.some(({ start, end }) => place >= start && place < end)) expect(we, `byte ${place}`).toBe(false);
      expect(we && !theirs(changed, 'maker'), `byte ${place}`).toBe(false);
    }
    for (const end of [500, bytes.length - 1]) expect((await ours(bytes.subarray(0, end), 'maker')).code).not.toBe(0);
  }, 120_000);

  test('an expired certificate and a digest of SHA-1 are refused; an archive without a comment is not signed as a whole', async () => {
    const later = new Date(Date.now() + 5 * 86_400_000).toISOString();
    expect(await ours(signedZip('short'), 'short', later)).toMatchObject({ code: 1, word: 'refused' });
    expect(await ours(signedZip('maker', 'sha1'), 'maker')).toMatchObject({ code: 1, word: 'refused' });
    expect((await ours(zip, 'maker')).code).not.toBe(0);
  });
});
