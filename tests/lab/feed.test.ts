/** InRelease and Release.gpg made by gpg: assay's verdict beside gpgv's, over good and changed documents. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTrustedKeys } from '../../src/cli/trusted-key.ts';
import { filler } from '../support/signers.ts';
import { judge } from '../support/updates.ts';

const HERE = spawnSync('which', ['gpg']).status === 0 && spawnSync('which', ['gpgv']).status === 0;
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
let folder = '';
const at = (name: string): string => join(folder, name);
const gpg = (...args: readonly string[]): boolean =>
  spawnSync('gpg', ['--homedir', at('home'), '--batch', '--yes', ...args], { cwd: folder }).status === 0;

const deb = filler(800);
const packages = Buffer.from(
  `Package: one\nVersion: 1\nArchitecture: all\nFilename: pool/one_1_all.deb\nSize: 800\nSHA256: ${sha(deb)}\n\n`,
);
const releaseWith = (extra: string): string =>
  `Origin: Fixture\nSuite: stable\nCodename: stable\nDate: Mon, 01 Jun 2026 00:00:00 UTC\n${extra}MD5Sum:\n 0123456789abcdef0123456789abcdef 5 main/x\nSHA256:\n ${sha(packages)} ${packages.length} main/binary-all/Packages\n`;
const siblings = { 'main/binary-all/Packages': packages, 'pool/one_1_all.deb': deb };

beforeAll(() => {
  if (!HERE) return;
  folder = mkdtempSync(join(tmpdir(), 'assay-feed-'));
  mkdirSync(at('home'), { mode: 0o700 });
  for (const [who, kind] of [
    ['maker', 'rsa2048'],
    ['other', 'ed25519'],
  ] as const) {
    gpg('--passphrase', '', '--quick-gen-key', `${who}@example.org`, kind, 'sign', '0');
    gpg('--export', '-o', at(`${who}.gpg`), `${who}@example.org`);
    gpg('--export', '-a', '-o', at(`${who}.asc`), `${who}@example.org`);
  }
}, 120_000);
afterAll(() => {
  if (!HERE) return;
  spawnSync('gpgconf', ['--homedir', at('home'), '--kill', 'all']);
  rmSync(folder, { recursive: true });
});

function made(text: string, who: string): { inline: Buffer; detached: Buffer } {
  writeFileSync(at('Release'), text);
  gpg('-u', `${who}@example.org`, '--clearsign', '-o', at('InRelease'), at('Release'));
  gpg('-u', `${who}@example.org`, '--armor', '--detach-sign', '-o', at('Release.gpg'), at('Release'));
  return { inline: readFileSync(at('InRelease')), detached: readFileSync(at('Release.gpg')) };
}
function theirs(bytes: Uint8Array, key: string): boolean {
  writeFileSync(at('asked'), bytes);
  return spawnSync('gpgv', ['--keyring', at(key), at('asked')]).status === 0;
}
const now = new Date(Date.now() + 60_000).toISOString();

describe.skipIf(!HERE)('gpgv', () => {
  test.each([
    ['maker', 'maker.gpg'],
    ['maker', 'other.gpg'],
    ['other', 'other.gpg'],
    ['other', 'maker.gpg'],
  ])('agrees on an InRelease of %s judged by %s', async (who, key) => {
    const { inline } = made(releaseWith(''), who);
    const judged = await judge(inline, { keys: readTrustedKeys(at(key)), name: 'InRelease', siblings, now });
    expect(judged.code === 0).toBe(theirs(inline, key));
    expect(judged.word).toBe(key.startsWith(who) ? 'verified' : 'wrong-key');
    expect(judged.verdicts.map(({ format }) => format)).toEqual(['apt-release']);
    const asc = readTrustedKeys(at(key.replace('.gpg', '.asc')));
    expect((await judge(inline, { keys: asc, name: 'InRelease', now })).code).toBe(judged.code);
  });

  test('agrees on every byte changed of an InRelease: never laxer, and no covered byte stays verified', async () => {
    const { inline } = made(releaseWith(''), 'other');
    const keys = readTrustedKeys(at('other.gpg'));
    const good = await judge(inline, { keys, name: 'InRelease', siblings, now });
    const { covered } = good.verdicts[0]!;
    const armour = inline.indexOf('-----BEGIN PGP SIGNATURE');
    let stricter = 0;
    for (let place = 0; place < inline.length; place += 3) {
      const bytes = Buffer.from(inline);
      bytes[place]! ^= 1;
      const we = (await judge(bytes, { keys, name: 'InRelease', now })).code === 0;
      const they = theirs(bytes, 'other.gpg');
      // The armour of the signature is no content: gpgv minds its checksum, openpgp.js only what it holds.
      if (place < armour) expect(we && !they, `byte ${place}`).toBe(false);
      if (we !== they) stricter += 1;
      if (covered.some(({ start, end }) => place >= start && place < end)) expect(we, `byte ${place}`).toBe(false);
    }
    expect(stricter).toBeLessThan(40);
  }, 300_000);

  test('agrees on Release with Release.gpg, good and changed', async () => {
    const text = releaseWith('');
    const { detached } = made(text, 'maker');
    const keys = readTrustedKeys(at('maker.gpg'));
    for (const [bytes, wanted] of [
      [Buffer.from(text), true],
      [Buffer.from(text.replace('stable', 'stabld')), false],
    ] as const) {
      writeFileSync(at('asked'), bytes);
      const they = spawnSync('gpgv', ['--keyring', at('maker.gpg'), at('Release.gpg'), at('asked')]).status === 0;
      const we = await judge(bytes, { keys, name: 'Release', companions: { '.gpg': detached }, siblings, now });
      expect(they).toBe(wanted);
      expect(we.code === 0).toBe(they);
    }
    expect((await judge(Buffer.from(text), { keys, name: 'Release', now })).word).toBe('unsigned');
  });

  test('packages and indices that are not as named, lists by MD5 alone, and dates past are told; gpgv sees none of it', async () => {
    const keys = readTrustedKeys(at('maker.gpg'));
    const { inline } = made(releaseWith(''), 'maker');
    const ask = { keys, name: 'InRelease', now };
    const other = Buffer.from(packages.toString().replace('Version: 1', 'Version: 2'));
    for (const spoiled of [
      { ...siblings, 'main/binary-all/Packages': other },
      { ...siblings, 'pool/one_1_all.deb': filler(799) },
    ])
      expect(await judge(inline, { ...ask, siblings: spoiled })).toMatchObject({ code: 1, word: 'broken' });
    const weak = made(releaseWith('').replace(/SHA256:\n.*\n$/, ''), 'maker').inline;
    expect((await judge(weak, ask)).code).toBe(1);
    const stale = made(releaseWith('Valid-Until: Mon, 08 Jun 2026 00:00:00 UTC\n'), 'maker').inline;
    expect((await judge(stale, ask)).verdicts[0]!.broken).toEqual([
      'the index was valid until Mon, 08 Jun 2026 00:00:00 UTC',
    ]);
    expect([weak, stale].map((bytes) => theirs(bytes, 'maker.gpg'))).toEqual([true, true]);
  });
});
