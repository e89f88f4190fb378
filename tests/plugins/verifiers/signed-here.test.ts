/** Formats without a tool in Debian, signed by signers written from their specifications. */
import { createHash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  avbPartition,
  ecPair,
  edPair,
  espImage,
  geckoFile,
  mcubootImage,
  type Pair,
  rsaPair,
  zigbeeFile,
} from '../../support/signers.ts';
import { flipped, judge } from '../../support/updates.ts';

const rsa = rsaPair();
const rsa3 = rsaPair(3072);
const ec = ecPair();
const ed = edPair();

const MADE: readonly (readonly [string, Buffer, Pair, Pair])[] = [
  ['MCUboot, RSA-PSS', mcubootImage(rsa, { counter: 4 }), rsa, rsaPair()],
  ['MCUboot, ECDSA', mcubootImage(ec), ec, ecPair()],
  ['MCUboot, Ed25519', mcubootImage(ed), ed, edPair()],
  ['Gecko', geckoFile(ec), ec, ecPair()],
  ['Zigbee with a Gecko file', zigbeeFile(geckoFile(ec)), ec, ecPair()],
  ['Espressif v2', espImage(rsa3), rsa3, rsaPair()],
  ['Espressif v1', espImage(ec), ec, ecPair()],
  ['AVB partition', avbPartition(rsa, { index: 3n }), rsa, rsaPair()],
];

describe.each(MADE)('%s', (_name, bytes, pair, stranger) => {
  test('is verified wholly by its key, unknown without, and another by a stranger', async () => {
    const good = await judge(bytes, { keys: [pair.trusted] });
    expect(good.word).toBe('verified');
    expect(good.verdicts[0]!.uncovered).toEqual([]);
    expect(good.code).toBe(0);
    expect((await judge(bytes)).code).toBe(3);
    expect((await judge(bytes, { keys: [stranger.trusted] })).code).toBe(1);
  });

  test('is never verified after a byte in what is covered was changed', async () => {
    const keys = [pair.trusted];
    const { covered } = (await judge(bytes, { keys })).verdicts[0]!;
    for (const { start, end } of covered)
      for (let at = start; at < end; at += Math.max(1, Math.floor((end - start) / 80)))
        for (const mask of [1, 0xff])
          expect((await judge(flipped(bytes, at, mask), { keys })).code, `byte ${at}`).not.toBe(0);
  });

  test('a known sample key is worse than none', async () => {
    const sha256 = createHash('sha256').update(pair.spki).digest('hex');
    const samples = [{ name: 'a sample', sha256, spki: pair.spki.toString('base64') }];
    expect(await judge(bytes, { samples })).toMatchObject({ code: 1, word: 'sample-key' });
    expect(await judge(bytes, { samples, keys: [pair.trusted] })).toMatchObject({ code: 1, word: 'sample-key' });
  });
});

test('a Gecko file without a signature is unsigned, whatever its checksum says', async () => {
  const { code, word, verdicts } = await judge(geckoFile(undefined));
  expect(word).toBe('unsigned');
  expect(verdicts[0]!.integrity).toEqual([{ algorithm: 'CRC-32', over: 'file', holds: true }]);
  expect(code).toBe(1);
});

test('a security counter protects only within the protected tags', async () => {
  const keys = [rsa.trusted];
  expect((await judge(mcubootImage(rsa, { counter: 4 }), { keys })).verdicts[0]!.rollback).toEqual({
    protected: true,
    value: '4',
  });
  const loose = await judge(mcubootImage(rsa, { counter: 4, unprotected: true }), { keys });
  expect(loose.verdicts[0]!.rollback).toEqual({ protected: false, value: '4' });
  expect(loose.code).toBe(1);
});

test('AVB flags that switch verification off are told although they are signed', async () => {
  const { code, verdicts } = await judge(avbPartition(rsa, { flags: 2 }), { keys: [rsa.trusted] });
  expect(verdicts[0]!.broken).toEqual(['a flag switches verification off']);
  expect(code).toBe(1);
});

describe('attacks', () => {
  const content = Buffer.from('what is signed');

  test('an RSA signature with e=3 that leaves bytes behind the digest is no signature', async () => {
    const weak = rsaPair(2048, 3);
    // A cube root of a block that starts right and ends in anything: what a lax reader of the padding takes.
    const digest = createHash('sha256').update(content).digest();
    const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest]);
    const head = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.from([0]), info]);
    const wanted = BigInt(`0x${Buffer.concat([head, Buffer.alloc(256 - head.length, 0xff)]).toString('hex')}`);
    let [low, high] = [0n, 1n << 700n];
    while (low < high) {
      const middle = (low + high + 1n) / 2n;
      if (middle ** 3n <= wanted) low = middle;
      else high = middle - 1n;
    }
    const cube = (low ** 3n).toString(16).padStart(512, '0');
    expect(cube.startsWith(head.toString('hex'))).toBe(true);
    const forged = Buffer.from(low.toString(16).padStart(512, '0'), 'hex');
    expect((await judge(content, { keys: [weak.trusted], companions: { '.sig': forged } })).code).toBe(1);
    const honest = sign('sha256', content, weak.secret);
    expect((await judge(content, { keys: [weak.trusted], companions: { '.sig': honest } })).code).toBe(0);
  });

  test.each(['md5', 'sha1'])('a signature over %s is refused', async (hash) => {
    const signature = sign(hash, content, rsa.secret);
    const { code, word } = await judge(content, { keys: [rsa.trusted], companions: { '.sig': signature } });
    if (hash === 'sha1') expect(word).toBe('refused');
    expect(code).toBe(1);
  });

  test('an RSA key of 1024 bits is refused', async () => {
    const short = rsaPair(1024);
    const signature = sign('sha256', content, short.secret);
    const { code, word } = await judge(content, { keys: [short.trusted], companions: { '.sig': signature } });
    expect(word).toBe('refused');
    expect(code).toBe(1);
  });

  test.each([
    ['zeros', Buffer.from('3006020100020100', 'hex')],
    ['r = 0', Buffer.from('3006020100020101', 'hex')],
    ['bytes behind the sequence', Buffer.concat([sign('sha256', content, ec.secret), Buffer.from([0])])],
  ])('ECDSA with %s is no signature', async (_what, signature) => {
    expect((await judge(content, { keys: [ec.trusted], companions: { '.sig': signature } })).code).toBe(1);
  });

  test('an Ed25519 key of small order verifies nothing', async () => {
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from([1]), Buffer.alloc(31)]);
    const signature = Buffer.concat([Buffer.from([1]), Buffer.alloc(31), Buffer.alloc(32)]);
    const trusted = { name: 'identity', kind: 'spki' as const, bytes: new Uint8Array(spki) };
    expect((await judge(content, { keys: [trusted], companions: { '.sig': signature } })).code).toBe(1);
  });

  test('a key of another kind never verifies', async () => {
    const signature = sign('sha256', content, rsa.secret);
    expect((await judge(content, { keys: [ec.trusted, ed.trusted], companions: { '.sig': signature } })).code).toBe(1);
  });
});

describe('a bare signature beside its file', () => {
  // Every first byte, those of OpenPGP packets among them: what a signature starts with says nothing of its kind.
  test('verifies whatever byte it starts with', async () => {
    const pair = rsaPair();
    const seen = new Set<number>();
    for (let round = 0; round < 4000 && !(seen.has(0x88) && seen.has(0x89) && seen.has(0xc2)); round++) {
      const message = Buffer.from(`round ${round}`);
      const signature = sign('sha256', message, pair.secret);
      const first = signature[0] ?? 0;
      if (![0x88, 0x89, 0xc2, 0x30].includes(first) || seen.has(first)) continue;
      seen.add(first);
      const { code } = await judge(message, { keys: [pair.trusted], companions: { '.sig': signature } });
      expect(code, first.toString(16)).toBe(0);
    }
    expect(seen.size).toBeGreaterThan(0);
  });
});
