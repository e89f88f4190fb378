/** Authenticode: several and nested signatures, time stamps and expired signers, and what no digest covers. */
import { createHash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ecPair, filler, rsaPair } from '../../support/signers.ts';
import {
  attribute,
  certificate,
  cms,
  der,
  digestAlgorithm,
  integer,
  octetString,
  oid,
  sequence,
  set,
} from '../../support/signers-cms.ts';
import { authenticodeCms, ENTRY, program, signedProgram, withSignatures } from '../../support/signers-pe.ts';
import { flipped, judge } from '../../support/updates.ts';

const authority = certificate('authority', rsaPair(), { authority: true });
const signer = certificate('signer', rsaPair(), { by: authority });
const expired = certificate('expired', rsaPair(), { by: authority, until: '2026-06-01' });
const clocks = certificate('clocks', rsaPair(), { authority: true });
const clock = certificate('clock', ecPair(), { by: clocks, purposes: ['1.3.6.1.5.5.7.3.8'] });
const stranger = certificate('stranger', rsaPair(), { authority: true });
const keys = [authority.trusted];
const NESTED = '1.3.6.1.4.1.311.2.4.1';
const TOKEN = '1.3.6.1.4.1.311.3.3.1';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';

test('a signed program is verified wholly; the checksum and the table’s entry are in no digest', async () => {
  const bytes = signedProgram(signer);
  const { code, verdicts } = await judge(bytes, { keys });
  expect(code).toBe(0);
  expect(verdicts[0]!.uncovered).toEqual([]);
  expect(verdicts[0]!.framing).toContainEqual({ start: 64 + 24 + 64, end: 64 + 24 + 68, what: 'framing' });
  expect(verdicts[0]!.framing).toContainEqual({ start: ENTRY, end: ENTRY + 8, what: 'framing' });
  expect((await judge(flipped(bytes, 64 + 24 + 64), { keys })).code).toBe(0);
  for (const at of [0, 70, 500, 700, 1535])
    expect((await judge(flipped(bytes, at), { keys })).code, `${at}`).not.toBe(0);
  expect((await judge(bytes, { keys: [stranger.trusted] })).code).toBe(1);
  expect(await judge(program(), { keys })).toMatchObject({ word: 'unsigned', code: 1 });
});

test('a signature of another program is broken', async () => {
  const bytes = withSignatures(program(), authenticodeCms(program(2048), signer));
  expect(await judge(bytes, { keys })).toMatchObject({ word: 'broken', code: 1 });
});

test('a nested signature is seen, and counts as one beside', async () => {
  const inner = authenticodeCms(program(), signer);
  const outer = authenticodeCms(program(), stranger, { unsigned: [attribute(NESTED, inner)] });
  const { code, verdicts } = await judge(withSignatures(program(), outer), { keys });
  expect(verdicts[0]!.signatures.map(({ outcome }) => outcome)).toEqual(['wrong-key', 'verified']);
  expect(code).toBe(0);
});

test('signatures that nest without end are not followed', async () => {
  let inner = authenticodeCms(program(), stranger);
  for (let depth = 0; depth < 12; depth++)
    inner = authenticodeCms(program(), stranger, { unsigned: [attribute(NESTED, inner)] });
  const { verdicts } = await judge(withSignatures(program(), inner), { keys });
  expect(verdicts[0]!.signatures.length).toBe(5);
});

/** A token over the signature that `forge` makes. */
function stamped(by: typeof clock, time: string, over?: Buffer): Buffer {
  const plain = authenticodeCms(program(), expired);
  let signature: Buffer = Buffer.alloc(0);
  authenticodeCms(program(), expired, {
    forge: (message) => {
      signature = sign('sha256', message, expired.pair.secret);
      return signature;
    },
  });
  expect(plain.includes(signature)).toBe(true);
  const imprint = createHash('sha256')
    .update(over ?? signature)
    .digest();
  const info = sequence(
    integer(1),
    oid('1.2.3.4'),
    sequence(digestAlgorithm('sha256'), octetString(imprint)),
    integer(9),
    der(0x18, Buffer.from(time)),
  );
  const token = cms(info, by, { type: TST_INFO, enclosed: octetString(info) });
  return withSignatures(program(), authenticodeCms(program(), expired, { unsigned: [attribute(TOKEN, token)] }));
}

describe('an expired signer', () => {
  const both = [authority.trusted, clocks.trusted];
  test('is refused without a time stamp', async () => {
    expect(await judge(signedProgram(expired), { keys: both })).toMatchObject({ word: 'refused', code: 1 });
  });
  test.each<readonly [string, Buffer, typeof keys, number]>([
    ['is taken when a given authority’s clock saw it in time', stamped(clock, '20260101000000Z'), both, 0],
    ['is refused when nobody vouches for the clock', stamped(clock, '20260101000000Z'), keys, 1],
    ['is refused when the stamp is late', stamped(clock, '20260701000000Z'), both, 1],
    ['is refused when the stamp is of the future', stamped(clock, '20290101000000Z'), both, 1],
    ['is refused when the stamp is of another signature', stamped(clock, '20260101000000Z', filler(256)), both, 1],
    ['is refused when the clock’s certificate is for something else', stamped(signer, '20260101000000Z'), both, 1],
  ])('%s', async (_what, bytes, trusted, code) => {
    const judged = await judge(bytes, { keys: trusted });
    expect(judged.code).toBe(code);
    expect(judged.verdicts[0]!.signatures[0]!.message).toMatch(/stamp/);
  });
  test('with a stamp that is no DER is refused, and the rest is told', async () => {
    const outer = authenticodeCms(program(), expired, { unsigned: [attribute(TOKEN, set())] });
    const { code, verdicts } = await judge(withSignatures(program(), outer), { keys: both });
    expect(code).toBe(1);
    expect(verdicts[0]!.signatures[0]!.message).toMatch(/cannot be read/);
  });
});
