/** What a verdict on an update says: every byte has one role, and the word for the whole is never better than its parts. */

import { describe, expect, test } from 'vitest';
import {
  account,
  blankVerdict,
  countedRanges,
  type FoundSignature,
  isOpen,
  isWhole,
  overall,
  type UpdateVerdict,
} from '../../../src/core/model/verifier.ts';
import { fc, property } from '../../support/property.ts';

const signature = (outcome: FoundSignature['outcome'], more: Partial<FoundSignature> = {}): FoundSignature => ({
  algorithm: 'RSA',
  outcome,
  message: '',
  ...more,
});
const verdict = (more: Partial<UpdateVerdict>): UpdateVerdict => ({
  ...blankVerdict({ title: 'T' }, 'f'),
  signed: true,
  ...more,
});

test('a blank verdict is of its format and says nothing', () => {
  const blank = blankVerdict({ title: 'RAUC bundle' }, 'rauc');
  expect(blank).toMatchObject({
    format: 'rauc',
    title: 'RAUC bundle',
    signed: false,
    encrypted: false,
    updateByNature: true,
  });
  const { signatures, covered, uncovered, framing, integrity, broken, hardware, faults, notes } = blank;
  expect([signatures, covered, uncovered, framing, integrity, broken, hardware, faults, notes].flat()).toEqual([]);
});

describe('the bytes of an artefact', () => {
  const range = fc.tuple(fc.nat(40), fc.nat(40)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  property.prop([
    fc.integer({ min: 1, max: 30 }),
    fc.array(range, { maxLength: 4 }),
    fc.array(range, { maxLength: 4 }),
  ])('each is signed, unprotected payload or framing, and never two of them', (size, payload, read) => {
    const inside = payload.map((one) => ({ ...one, what: 'payload' }));
    const { covered, uncovered, framing } = account(size, inside, read);
    const has = (ranges: readonly { start: number; end: number }[], at: number): boolean =>
      ranges.some(({ start, end }) => start <= at && at < end);
    for (let at = 0; at < size; at += 1) {
      const signed = has(read, at);
      expect(has(covered, at)).toBe(signed);
      expect(has(uncovered, at)).toBe(!signed && has(inside, at));
      expect(has(framing, at)).toBe(!signed && !has(inside, at));
    }
    for (const one of [...covered, ...uncovered, ...framing]) {
      expect(one.start).toBeLessThan(one.end);
      expect(one.end, 'a header may state more than there is').toBeLessThanOrEqual(size);
    }
  });

  test('say what they are', () => {
    const payload = [{ start: 0, end: 8, what: 'kernel' }];
    expect(account(10, payload, [{ start: 0, end: 4 }])).toEqual({
      covered: [{ start: 0, end: 4, what: 'signed' }],
      uncovered: [{ start: 4, end: 8, what: 'kernel' }],
      framing: [{ start: 8, end: 10, what: 'framing' }],
    });
  });

  test('once a signature is verified those of strangers do not count', () => {
    const parts = [
      { signature: signature('verified'), read: [{ start: 0, end: 4 }] },
      { signature: signature('signer-unknown'), read: [{ start: 4, end: 8 }] },
    ];
    expect(countedRanges(parts)).toEqual([{ start: 0, end: 4 }]);
    expect(countedRanges(parts.slice(1))).toEqual([{ start: 4, end: 8 }]);
  });
});

describe('one word for all', () => {
  const cases: readonly [string, Partial<UpdateVerdict>, string][] = [
    ['no signature', { signed: false, signatures: [signature('verified')] }, 'unsigned'],
    [
      'a sample key beside a good one',
      { signatures: [signature('verified'), signature('verified', { sampleKey: 'x' })] },
      'sample-key',
    ],
    ['a broken one beside a good one', { signatures: [signature('broken'), signature('verified')] }, 'broken'],
    ['something else broken', { signatures: [signature('verified')], broken: ['checksum'] }, 'broken'],
    ['a good one beside a stranger', { signatures: [signature('wrong-key'), signature('verified')] }, 'verified'],
    ['a refused one beside a wrong one', { signatures: [signature('wrong-key'), signature('refused')] }, 'refused'],
    [
      'a wrong one beside an unknown one',
      { signatures: [signature('signer-unknown'), signature('wrong-key')] },
      'wrong-key',
    ],
    ['an unknown one', { signatures: [signature('signer-unknown')] }, 'signer-unknown'],
  ];
  test.each(cases)('%s', (_, more, word) => {
    expect(overall(verdict(more))).toBe(word);
  });

  test('whole is what leaves no byte uncovered, open what met a fault', () => {
    expect(isWhole(verdict({}))).toBe(true);
    expect(isWhole(verdict({ uncovered: [{ start: 0, end: 1, what: 'x' }] }))).toBe(false);
    expect(isOpen(verdict({}))).toBe(false);
    expect(isOpen(verdict({ faults: [{ kind: 'malformed', message: 'x' }] }))).toBe(true);
  });
});
