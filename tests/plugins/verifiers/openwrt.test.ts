/** OpenWrt sysupgrade images: usign alone and behind ucert chains, in good and bad forms. */
import { describe, expect, test } from 'vitest';
import { fwtoolChunks } from '../../../src/codecs/formats/fwtool.ts';
import { memoryBlob } from '../../../src/lib/blob.ts';
import { ucertFor, ucertSignature, usign, usignKey, withMetadata, withSignature } from '../../support/openwrt.ts';
import { filler } from '../../support/signers.ts';
import { flipped, judge } from '../../support/updates.ts';

const release = usignKey(undefined, Buffer.from('aaaaaaaaaaaaaaaa', 'hex'));
const builder = usignKey(undefined, Buffer.from('bbbbbbbbbbbbbbbb', 'hex'));
const third = usignKey(undefined, Buffer.from('cccccccccccccccc', 'hex'));
const stranger = usignKey(undefined, Buffer.from('dddddddddddddddd', 'hex'));
const image = withMetadata(filler(3000));

const FORMS = [
  ['usign', withSignature(image, Buffer.from(usign(release, image)))],
  ['ucert without certificates', withSignature(image, ucertSignature(release, image))],
  [
    'one certificate',
    withSignature(image, Buffer.concat([ucertFor(release, builder), ucertSignature(builder, image)])),
  ],
  [
    'two certificates',
    withSignature(
      image,
      Buffer.concat([ucertFor(release, third), ucertFor(third, builder), ucertSignature(builder, image)]),
    ),
  ],
] as const;

describe.each(FORMS)('%s', (_form, bytes) => {
  test('is verified wholly by the key, unknown without, wrong with a stranger’s', async () => {
    const { code, verdicts, word } = await judge(bytes, { keys: [release.trusted] });
    expect(word).toBe('verified');
    expect(verdicts[0]).toMatchObject({
      format: 'openwrt-sysupgrade',
      hardware: ['fixture,router'],
      version: '24.10.0 r28427',
      uncovered: [],
      updateByNature: true,
    });
    expect(verdicts[0]!.integrity.every(({ holds }) => holds)).toBe(true);
    expect(code).toBe(0);
    expect((await judge(bytes)).code).toBe(3);
    expect(await judge(bytes, { keys: [stranger.trusted] })).toMatchObject({ code: 1, word: 'wrong-key' });
  });

  test('is not verified with any byte of it changed', async () => {
    for (let at = 0; at < bytes.length; at += bytes.length - at < 1400 ? 3 : 61) {
      const { code, verdicts } = await judge(flipped(bytes, at, 1), { keys: [release.trusted] });
      const inFraming = at >= image.length;
      // Comments and padding in the signature chunk say nothing; the image does not change with them.
      if (!inFraming) expect(code, `byte ${at}`).not.toBe(0);
      else if (code === 0) expect(verdicts[0]!.covered).toEqual([{ start: 0, end: image.length, what: 'signed' }]);
    }
  });

  test('is not verified when cut off or longer', async () => {
    for (const end of [100, image.length - 1, image.length, bytes.length - 1])
      expect((await judge(bytes.subarray(0, end), { keys: [release.trusted] })).code, `${end}`).not.toBe(0);
    const longer = Buffer.concat([bytes, Buffer.alloc(4)]);
    expect((await judge(longer, { keys: [release.trusted] })).code).not.toBe(0);
  });
});

const chainOf = (...parts: readonly Buffer[]): Buffer => withSignature(image, Buffer.concat(parts));

test.each([
  ['expired', { until: '2027-01-01T00:00:00Z' }, /expired/],
  ['not valid yet', { from: '2028-01-01T00:00:00Z' }, /not valid yet/],
  ['for revocation', { type: 2 }, /hands no right on/],
])('a certificate that is %s is refused, wherever in the chain', async (_what, issue, why) => {
  for (const bytes of [
    chainOf(ucertFor(release, builder, issue), ucertSignature(builder, image)),
    chainOf(ucertFor(release, third, issue), ucertFor(third, builder), ucertSignature(builder, image)),
    chainOf(ucertFor(release, third), ucertFor(third, builder, issue), ucertSignature(builder, image)),
  ]) {
    const { code, word, verdicts } = await judge(bytes, { keys: [release.trusted] });
    expect(word).toBe('refused');
    expect(verdicts[0]!.signatures[0]!.message).toMatch(why);
    expect(code).toBe(1);
  }
});

test.each([
  [
    'a chain with a foreign link',
    chainOf(ucertFor(release, third), ucertFor(stranger, builder), ucertSignature(builder, image)),
  ],
  [
    'an image signed by another key than the chain ends with',
    chainOf(ucertFor(release, builder), ucertSignature(stranger, image)),
  ],
  ['a signature of another image', chainOf(ucertFor(release, builder), ucertSignature(builder, filler(64)))],
  ['a chain that signs no image', chainOf(ucertFor(release, builder))],
  ['a second signature of the image', chainOf(ucertSignature(release, image), ucertSignature(stranger, image))],
])('%s is broken', async (_what, bytes) => {
  expect(await judge(bytes, { keys: [release.trusted] })).toMatchObject({ code: 1, word: 'broken' });
});

test('a key in the middle of the chain is no anchor, as for ucert', async () => {
  const bytes = chainOf(ucertFor(release, builder), ucertSignature(builder, image));
  expect(await judge(bytes, { keys: [builder.trusted] })).toMatchObject({ code: 1, word: 'wrong-key' });
});

test('an image with metadata alone is unsigned', async () => {
  const { code, word, verdicts } = await judge(image, { keys: [release.trusted] });
  expect(word).toBe('unsigned');
  expect(verdicts[0]!.uncovered.map(({ what }) => what)).toEqual(['image', 'metadata']);
  expect(code).toBe(1);
});

test('metadata behind the signature is payload that nothing covers', async () => {
  const bytes = withMetadata(withSignature(filler(500), ucertSignature(release, filler(500))));
  const { code, verdicts } = await judge(bytes, { keys: [release.trusted] });
  expect(verdicts[0]!.uncovered.map(({ what }) => what)).toEqual(['metadata']);
  expect(code).toBe(1);
});

test('a uImage within is spoken for by the signature over all of it', async () => {
  const head = Buffer.alloc(64);
  head.writeUInt32BE(0x27051956, 0);
  head.writeUInt32BE(400, 12);
  const data = filler(400);
  const { crc32 } = await import('node:zlib');
  head.writeUInt32BE(crc32(data), 24);
  head.writeUInt32BE(crc32(head), 4);
  const inner = Buffer.concat([head, data]);
  expect((await judge(inner)).verdicts.map(({ format }) => format)).toEqual(['uimage']);
  const bytes = withSignature(inner, ucertSignature(release, inner));
  const { code, verdicts } = await judge(bytes, { keys: [release.trusted] });
  expect(verdicts.map(({ format }) => format)).toEqual(['openwrt-sysupgrade']);
  expect(code).toBe(0);
});

test('chunks with impossible sizes are none', () => {
  for (const size of [0, 15, 17, 24, 0xffffffff]) {
    const bytes = Buffer.from(image);
    bytes.writeUInt32BE(size, bytes.length - 4);
    const chunks = fwtoolChunks(memoryBlob(bytes));
    expect(chunks.every(({ start, from, to, end }) => start >= 0 && from <= to && to < end)).toBe(true);
    if (size !== 24) expect(chunks).toEqual([]);
  }
});
