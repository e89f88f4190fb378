/** Payloads of Android's A/B updates, signed by the tests: both signatures, hashes of operations, what lies behind. */
import { createHash, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ecPair, rsaPair } from '../../support/signers.ts';
import { payloadFile } from '../../support/signers-android.ts';
import { flipped, judge } from '../../support/updates.ts';

const rsa = rsaPair();
const ec = ecPair();

describe.each([
  ['RSA-2048', rsa],
  ['P-256', ec],
] as const)('%s', (_name, pair) => {
  const bytes = payloadFile(pair);
  const keys = [pair.trusted];

  test('is verified wholly by its key, unknown without, and foreign to another', async () => {
    const { code, verdicts, word } = await judge(bytes, { keys });
    expect({ code, word, uncovered: verdicts[0]!.uncovered }).toEqual({ code: 0, word: 'verified', uncovered: [] });
    expect(verdicts[0]!.rollback).toEqual({ protected: true, value: '1700000000' });
    expect((await judge(bytes)).code).toBe(3);
    expect((await judge(bytes, { keys: [(pair === rsa ? ec : rsa).trusted] })).code).toBe(1);
  });

  test('is never verified after a byte in what is covered was changed', async () => {
    const { covered } = (await judge(bytes, { keys })).verdicts[0]!;
    for (const { start, end } of covered)
      for (let at = start; at < end; at += 9)
        expect((await judge(flipped(bytes, at), { keys })).code, `byte ${at}`).not.toBe(0);
  });

  test('is not verified when it is cut off, or when something lies behind it', async () => {
    for (const share of [0.1, 0.5, 0.9])
      expect((await judge(bytes.subarray(0, bytes.length * share), { keys })).code).not.toBe(0);
    const { code, verdicts } = await judge(payloadFile(pair, { behind: 5 }), { keys });
    expect(verdicts[0]!.uncovered.map(({ what }) => what)).toEqual(['behind the signatures']);
    expect(code).toBe(1);
  });
});

test('what is signed is header and manifest, and these with the data: written out independently', () => {
  const bytes = payloadFile(rsa);
  const end = 24 + Number(bytes.readBigUInt64BE(12));
  const size = bytes.readUInt32BE(20);
  // Two fields of one message: two numbers of two bytes each before the octets.
  const own = (at: number): Buffer => bytes.subarray(at + 6, at + 6 + 256);
  expect(verify('sha256', bytes.subarray(0, end), rsa.secret, own(end))).toBe(true);
  const whole = Buffer.concat([bytes.subarray(0, end), bytes.subarray(end + size, bytes.length - size)]);
  expect(verify('sha256', whole, rsa.secret, own(bytes.length - size))).toBe(true);
  expect(createHash('sha256').update(whole).digest().length).toBe(32);
});

test('metadata alone that is signed covers the data that operations bind by their hashes, and no other', async () => {
  const keys = [rsa.trusted];
  expect((await judge(payloadFile(rsa, { payloadSigned: false }), { keys })).code).toBe(0);
  const loose = await judge(payloadFile(rsa, { payloadSigned: false, hashed: false }), { keys });
  expect(loose.verdicts[0]!.uncovered.map(({ what }) => what)).toEqual(['data of operations']);
  expect(loose.verdicts[0]!.notes).toContain('2 operations without a hash of their data');
  expect(loose.code).toBe(1);
});

test('a payload without signatures is unsigned, and hashes of its operations guard against accidents', async () => {
  const bytes = payloadFile(rsa, { payloadSigned: false, metadataSigned: false });
  const { code, verdicts, word } = await judge(bytes, { keys: [rsa.trusted] });
  expect({ code, word }).toEqual({ code: 1, word: 'unsigned' });
  expect(verdicts[0]!.integrity).toEqual([{ algorithm: 'SHA-256', over: 'system', holds: true }]);
});

test("a stranger's signature of the whole beside the maker's of the metadata covers nothing more", async () => {
  const [maker, stranger] = [payloadFile(rsa, { hashed: false }), payloadFile(rsaPair(), { hashed: false })];
  const size = maker.readUInt32BE(20);
  const mixed = Buffer.concat([maker.subarray(0, maker.length - size), stranger.subarray(stranger.length - size)]);
  const { code } = await judge(mixed, { keys: [rsa.trusted] });
  expect(code).toBe(1);
});
