/** Nordic packages, Matter files and Espressif images, made from their formats: good, bad, older, and what they cannot say. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { vbmeta } from '../../support/avb.ts';
import { ecPair, edPair, espImage, filler, mcubootImage, type Pair, rsaPair } from '../../support/signers.ts';
import { matterFile, type Nordic, nordicPackage } from '../../support/signers-radio.ts';
import { flipped, judge } from '../../support/updates.ts';

const ec = ecPair();
const stranger = ecPair();
const sha = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

describe('a Nordic package', () => {
  const keys = [ec.trusted];
  test('is verified by the key that signed it, with its version', async () => {
    const { code, word, verdicts } = await judge(nordicPackage(ec), { keys });
    expect(verdicts.map(({ format }) => format)).toEqual(['nordic-dfu']);
    expect(word).toBe('verified');
    expect(verdicts[0]!.rollback).toEqual({ protected: true, value: '7' });
    expect(code).toBe(0);
    expect((await judge(nordicPackage(ec))).code).toBe(3);
    expect((await judge(nordicPackage(stranger), { keys })).code).toBe(1);
    expect(await judge(nordicPackage(undefined), { keys })).toMatchObject({ code: 1, word: 'unsigned' });
  });

  test.each<readonly [string, Nordic]>([
    ['other firmware', { firmware: filler(1999) }],
    ['a hash of other firmware', { firmware: filler(1999), hash: sha(filler(1998)) }],
    ['a changed init packet', { spoil: (command) => Buffer.from(flipped(command, command.length - 20, 1)) }],
    ['an older version put in', { spoil: (command) => Buffer.from(flipped(command, 5, 6)) }],
  ])('with %s is not verified', async (_what, input) => {
    expect((await judge(nordicPackage(ec, input), { keys })).code).toBe(1);
  });

  test('with the debug flag protects no version, and is not verified when cut off', async () => {
    const { verdicts } = await judge(nordicPackage(ec, { debug: true }), { keys });
    expect(verdicts[0]!.rollback).toMatchObject({ protected: false });
    const bytes = nordicPackage(ec);
    for (const end of [100, bytes.length - 30, bytes.length - 1])
      expect((await judge(bytes.subarray(0, end), { keys })).code).not.toBe(0);
  });

  test('an older one is signed as well: its version is what tells', async () => {
    const [older, newer] = await Promise.all([3, 7].map((version) => judge(nordicPackage(ec, { version }), { keys })));
    expect([older!.code, newer!.code]).toEqual([0, 0]);
    expect([older, newer].map((one) => one!.verdicts[0]!.version)).toEqual(['3', '7']);
  });
});

describe('a Matter file', () => {
  const payload = filler(900);
  test('is unsigned, and its digest is integrity', async () => {
    const { code, word, verdicts } = await judge(matterFile(payload, sha(payload)));
    expect(word).toBe('unsigned');
    expect(verdicts[0]).toMatchObject({ format: 'matter-ota', version: '9.0' });
    expect(verdicts[0]!.integrity).toEqual([{ algorithm: 'SHA256', over: 'payload', holds: true }]);
    expect(code).toBe(1);
  });
  test.each([
    ['a changed payload', matterFile(flipped(payload, 10), sha(payload))],
    ['a changed digest', matterFile(payload, flipped(sha(payload), 1))],
  ])('%s does not hold', async (_what, bytes) => {
    expect((await judge(bytes)).verdicts[0]!.integrity).toMatchObject([{ holds: false }]);
  });
  test('cut off is told', async () => {
    const { verdicts } = await judge(matterFile(payload, sha(payload)).subarray(0, -1));
    expect(verdicts[0]!.faults).toMatchObject([{ kind: 'truncated' }]);
  });
});

describe('counters against rollback', () => {
  test('protect only where they are signed', async () => {
    const unsigned = await judge(vbmeta([], { index: 4n }));
    expect(unsigned.verdicts[0]!.rollback).toEqual({ protected: false, value: '4' });
    const main = rsaPair();
    const signed = await judge(vbmeta([], { index: 4n, pair: main }), { keys: [main.trusted] });
    expect(signed.verdicts[0]!.rollback).toEqual({ protected: true, value: '4' });
  });
  test('of MCUboot tell an older image from a newer one, both signed', async () => {
    const ed = edPair();
    const values = await Promise.all(
      [2, 9].map(async (counter) => (await judge(mcubootImage(ed, { counter }), { keys: [ed.trusted] })).verdicts[0]!),
    );
    expect(values.map(({ rollback }) => rollback)).toEqual([
      { protected: true, value: '2' },
      { protected: true, value: '9' },
    ]);
  });
  test('of Espressif are read from the application, and say nothing in an unsigned image', async () => {
    const described = (pair: Pair, counter: number): Buffer => espImage(pair, { counter, version: '1.4' });
    const good = await judge(described(ec, 5), { keys: [ec.trusted] });
    expect(good.verdicts[0]).toMatchObject({ version: '1.4', rollback: { protected: true, value: '5' } });
    expect(good.code).toBe(0);
    const bare = described(ec, 5).subarray(0, -68);
    expect((await judge(bare)).verdicts[0]).toMatchObject({
      format: 'esp',
      rollback: { protected: false, value: '5' },
    });
    expect((await judge(described(ec, 0), { keys: [ec.trusted] })).verdicts[0]!.rollback).toEqual({
      protected: false,
      value: '0',
    });
  });
});
