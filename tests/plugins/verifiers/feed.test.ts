/** Package indices: what the signature beside them covers, and the packages that they name. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { cleartextOf } from '../../../src/codecs/formats/cleartext.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { usign, usignKey } from '../../support/openwrt.ts';
import { filler } from '../../support/signers.ts';
import { flipped, judge } from '../../support/updates.ts';

const key = usignKey();
const stranger = usignKey(undefined, Buffer.from('dddddddddddddddd', 'hex'));
const first = filler(700);
const second = filler(900);
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const stanza = (name: string, bytes: Uint8Array, hash = `SHA256sum: ${sha(bytes)}\n`): string =>
  `Package: ${name}\nVersion: 1.0-r1\nArchitecture: all\nFilename: ${name}.ipk\nSize: ${bytes.length}\n${hash}Description: x\n\n`;
const index = Buffer.from(stanza('first', first) + stanza('second', second));
const signed = (bytes: Uint8Array) => ({ '.sig': Buffer.from(usign(key, bytes)) });
const ask = { name: 'Packages', keys: [key.trusted] };

test('an index is verified by the key that signed it, wholly, and says which packages it was held against', async () => {
  const siblings = { 'first.ipk': first };
  const { code, verdicts } = await judge(index, { ...ask, companions: signed(index), siblings });
  expect(verdicts.map(({ format }) => format)).toEqual(['packages']);
  expect(verdicts[0]).toMatchObject({ uncovered: [], broken: [] });
  expect(verdicts[0]!.notes[0]).toBe(
    '2 packages named: 1 here and as named, 0 here and different, 1 not given or not compared',
  );
  expect(code).toBe(0);
});

test('no changed byte stays verified; a stranger and nobody are told apart', async () => {
  const companions = signed(index);
  for (let at = 0; at < index.length; at += 3)
    expect((await judge(flipped(index, at, 1), { ...ask, companions })).code, `byte ${at}`).not.toBe(0);
  expect(await judge(index, { ...ask, keys: [stranger.trusted], companions })).toMatchObject({ word: 'wrong-key' });
  expect((await judge(index, { name: 'Packages', companions })).code).toBe(3);
  expect((await judge(index.subarray(0, 200), { ...ask, companions })).code).toBe(1);
});

test('a package that is not the one named is broken', async () => {
  for (const other of [flipped(first, 3), first.subarray(1)]) {
    const { code, word } = await judge(index, { ...ask, companions: signed(index), siblings: { 'first.ipk': other } });
    expect(word).toBe('broken');
    expect(code).toBe(1);
  }
});

test.each([
  ['only MD5', 'MD5Sum: 0123456789abcdef0123456789abcdef\n'],
  ['a hash that is none', 'SHA256sum: 12\n'],
  ['two hashes', `SHA256sum: ${sha(first)}\nSHA256sum: ${sha(second)}\n`],
])('a package with %s is covered by nothing', async (_what, hash) => {
  const loose = Buffer.from(stanza('first', first, hash) + stanza('second', second));
  const { code, verdicts } = await judge(loose, { ...ask, companions: signed(loose) });
  expect(verdicts[0]!.uncovered.map(({ what }) => what)).toEqual(['package first without file or SHA-256']);
  expect(code).toBe(1);
});

test('an index of opkg without a signature is unsigned; one of apt is signed elsewhere', async () => {
  expect(await judge(index, ask)).toMatchObject({ code: 1, word: 'unsigned' });
  const apt = Buffer.from(index.toString().replaceAll('.ipk', '.deb').replaceAll('SHA256sum', 'SHA256'));
  expect((await judge(apt, ask)).code).toBe(3);
});

test('a name that leads out of the folder is not looked at', async () => {
  const out = Buffer.from(stanza('../first', first));
  const { code, verdicts } = await judge(out, { ...ask, companions: signed(out) });
  expect(verdicts[0]!.notes[0]).toMatch(/1 not given/);
  expect(code).toBe(0);
});

const clear = (body: string): Buffer =>
  Buffer.from(
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${body}-----BEGIN PGP SIGNATURE-----\n\nxx\n-----END PGP SIGNATURE-----\n`,
  );

test('a document in clear is read without escapes and blanks, and only what is signed is covered', () => {
  const bytes = clear('one \t\n- -two\n\nlast\n');
  const { text, ranges } = cleartextOf(memoryBlob(bytes));
  expect(text).toBe('one\n-two\n\nlast');
  expect(ranges.map(({ start, end }) => bytes.toString('latin1', start, end)).join('|')).toBe('one|-two|\n||\n|last');
});

test.each([
  ['bytes before', Buffer.concat([Buffer.from('Origin: evil\n'), clear('a\n')])],
  ['bytes behind', Buffer.concat([clear('a\n'), Buffer.from('b\n')])],
  ['another head', Buffer.from(clear('a\n').toString().replace('Hash: SHA512', 'Comment: x'))],
  ['no signature', clear('a\n').subarray(0, 60)],
  ['a line of dashes', clear('-a\n')],
])('a document in clear with %s is none', (_what, bytes) => {
  expect(() => cleartextOf(memoryBlob(bytes))).toThrow();
});
