/** Mutated artefacts: never a bug, never verified unless every changed byte lies outside what is covered; bombs are bounded. */
import { describe, expect, test } from 'vitest';
import { parseCms } from '../../../src/codecs/formats/cms.ts';
import { derOf, TAG } from '../../../src/codecs/formats/der.ts';
import { settingsOf } from '../../../src/codecs/formats/libconfig.ts';
import { FaultError } from '../../../src/lib/fault.ts';
import { type Made, madeArtefacts } from '../../support/signers-all.ts';
import { artefact, judge, keyOf } from '../../support/updates.ts';

const MADE = await madeArtefacts();
const KEYS = [...keyOf('ca.pem'), ...keyOf('signer.pub'), ...keyOf('ec.pub')];
const SEEDS: readonly Made[] = [
  ...['plain.raucb', 'verity.raucb', 'cms.swu', 'rsa.swu', 'ec.mender', 'conf.itb', 'external.itb'].map((name) => ({
    name,
    bytes: artefact(name),
    keys: KEYS,
  })),
  ...MADE,
];

/** A small generator of its own, so that a failure can be run again. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const VALUES = [0, 1, 0x7f, 0x80, 0xff];
function mutated(bytes: Uint8Array, next: (below: number) => number): { bytes: Uint8Array; places: readonly number[] } {
  const copy = new Uint8Array(bytes);
  const places: number[] = [];
  for (let count = 1 + next(4); count > 0; count--) {
    // Headers and trailers are where parsers break.
    const near = next(3);
    const span = Math.min(512, copy.length);
    const at = near === 0 ? next(span) : near === 1 ? copy.length - 1 - next(span) : next(copy.length);
    const before = copy[at];
    copy[at] = next(2) === 0 ? VALUES[next(VALUES.length)]! : next(256);
    if (copy[at] !== before) places.push(at);
  }
  return { bytes: copy, places };
}

describe.each(SEEDS)('$name', ({ bytes, keys, file, companions, beside, suffix }) => {
  const ask = (mutation: Uint8Array) =>
    judge(beside ?? mutation, {
      keys,
      ...(file === undefined ? {} : { name: file }),
      companions: { ...companions, ...(suffix === undefined ? {} : { [suffix]: mutation }) },
    });

  test('mutated at will is never a bug, and never verified when a covered byte changed', async () => {
    const { covered } = (await ask(bytes)).verdicts[0]!;
    const next = random(bytes.length);
    for (let round = 0; round < 60; round++) {
      const changed = mutated(bytes, next);
      const { code, verdicts } = await ask(changed.bytes);
      expect(verdicts.flatMap(({ faults }) => faults).filter(({ kind }) => kind === 'bug')).toEqual([]);
      // A signature that lies apart covers another file than the one that changes.
      const hit =
        beside === undefined &&
        changed.places.some(
          (at) => changed.bytes[at] !== bytes[at] && covered.some(({ start, end }) => at >= start && at < end),
        );
      if (hit) expect(code, `round ${round}, bytes ${changed.places.join(' ')}`).not.toBe(0);
    }
  }, 60_000);
});

test('all of them but the format without signatures are verified as they are', async () => {
  for (const { name, bytes, keys, file, companions, beside, suffix } of MADE) {
    const { code } = await judge(beside ?? bytes, {
      keys,
      ...(file === undefined ? {} : { name: file }),
      companions: { ...companions, ...(suffix === undefined ? {} : { [suffix]: bytes }) },
    });
    expect(code, name).toBe(name === 'made-matter' ? 1 : 0);
  }
});

describe('bombs', () => {
  const oid = (hex: string): Buffer => derOf(TAG.oid, Buffer.from(hex, 'hex'));
  const cmsWith = (certificates: Buffer): Buffer => {
    const parts = [
      derOf(TAG.integer, Buffer.from([1])),
      derOf(TAG.set),
      derOf(TAG.sequence, oid('2a864886f70d010701')),
      certificates,
      derOf(TAG.set),
    ];
    return derOf(TAG.sequence, oid('2a864886f70d010702'), derOf(0xa0, derOf(TAG.sequence, ...parts)));
  };

  test('a CMS with a thousand certificates is over budget', () => {
    const certificates = derOf(0xa0, ...Array.from({ length: 1000 }, () => derOf(TAG.sequence, Buffer.alloc(8))));
    expect(() => parseCms(cmsWith(certificates))).toThrow(/1000 certificates/);
  });

  test('DER that nests ten thousand times is refused without a deep stack', () => {
    let nested: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 10_000 && nested.length < 60_000; depth++) nested = derOf(TAG.sequence, nested);
    expect(() => parseCms(nested)).toThrow(FaultError);
  });

  test.each([
    ['bytes behind the end', (good: Buffer) => Buffer.concat([good, Buffer.from([0])])],
    [
      'an indefinite length',
      (good: Buffer) => Buffer.concat([Buffer.from([0x30, 0x80]), good.subarray(4), Buffer.alloc(2)]),
    ],
  ])('a CMS with %s is malformed', (_what, spoil) => {
    expect(() => parseCms(spoil(cmsWith(derOf(0xa0))))).toThrow(FaultError);
  });

  test('settings that nest without end, or say a name twice, are refused', () => {
    expect(() => settingsOf(`a = ${'('.repeat(100)}`)).toThrow(FaultError);
    expect(() => settingsOf('a = 1; a = 2;')).toThrow(/twice/);
    expect(settingsOf('/* c */ s : { "x" = "1" "2"; l = [ 1, 2 ]; on = TRUE }; # end')).toEqual({
      s: { x: '12', l: [1, 2], on: true },
    });
  });
});
