/** Every decoder gives back what the real tool packed, says where the stream ends, and survives hostile bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FaultError } from '../../../src/lib/fault.ts';
import { damaged, decoded, seeded } from '../../support/streams.ts';

const FOLDER = 'fixtures/unpackers/compression';
const plain = readFileSync(`${FOLDER}/plain`);
const streams = readdirSync(FOLDER).filter((name) => name !== 'plain' && name.includes('.') && name !== 'make.sh');
/** Formats without an end of their own take all there is. */
const ENDLESS = /\.Z$/;

test('there is a stream of every kind', () => {
  expect(streams.length).toBeGreaterThanOrEqual(25);
});

describe.each(streams)('%s', (name) => {
  const packed = readFileSync(`${FOLDER}/${name}`);

  test('gives back what was packed, and where it ends', () => {
    const { bytes, consumed } = decoded(name, packed);
    expect(bytes.equals(plain)).toBe(true);
    expect(consumed).toBe(packed.length);
  });

  test.skipIf(ENDLESS.test(name))('leaves what follows alone', () => {
    const { bytes, consumed } = decoded(name, Buffer.concat([packed, Buffer.alloc(200, 0xff)]));
    expect(bytes.equals(plain)).toBe(true);
    expect(consumed).toBe(packed.length);
  });

  test.skipIf(ENDLESS.test(name))('says so when the end is missing', () => {
    for (const share of [0.1, 0.5, 0.99]) {
      const cut = packed.subarray(0, Math.floor(packed.length * share));
      // The second member of a file may be gone without a trace; its first part is then all there is.
      try {
        expect(decoded(name, cut).bytes.length).toBeLessThan(plain.length);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(FaultError);
      }
    }
    expect(() => decoded(name, packed.subarray(0, packed.length >> 2))).toThrow(FaultError);
  });

  test('keeps the bound on what comes out', () => {
    expect(() => decoded(name, packed, { output: 20_000 })).toThrow(/more than 20000 bytes/);
  });

  test('meets 300 damaged copies with data or a fault', () => {
    const random = seeded(packed.length);
    for (let i = 0; i < 300; i += 1) {
      try {
        expect(decoded(name, damaged(packed, random), { output: 1 << 22 }).bytes.length).toBeLessThanOrEqual(1 << 22);
      } catch (thrown) {
        if (!(thrown instanceof FaultError)) throw thrown;
      }
    }
  });
});

test('a bomb is stopped by its ratio', () => {
  // 64 MiB of zeros in some 50 bytes.
  const bomb = readFileSync('fixtures/unpackers/compression/bomb/zeros.bz2');
  expect(() => decoded('zeros.bz2', bomb)).toThrow(/bytes come out for each byte/);
});
